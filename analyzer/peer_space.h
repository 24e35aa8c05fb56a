// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/address_cuts.h"
#include "analyzer/endpoint_classes.h"

namespace nspect::analyzer {

/// A set of peers, kept by whichever is shorter: its members or those missing.
struct PeerSet {
    bool inverted = false;
    IdSet ids;
};

/// Everyone a rule of one direction may name, as numbers:
///
///   0 ... classes | second faces | classes of addresses outside
///
/// A dual-stack class whose IPv4 and IPv6 addresses are in different blocks has two faces: the
/// first is judged by its IPv4 addresses, the second by its IPv6 ones.
class PeerSpace {
public:
    PeerSpace(Direction direction, const Rulebook& rules, const EndpointClasses& classes);

    std::uint32_t size() const noexcept { return addresses_from_ + address_count(); }
    std::uint32_t classes() const noexcept { return static_cast<std::uint32_t>(second_.size()); }
    bool has_second_faces() const noexcept { return !second_class_.empty(); }

    /// The number of a class as a peer over one family.
    std::uint32_t face(std::uint32_t class_id, IpFamily family) const {
        return family == IpFamily::v4 || second_[class_id] == 0 ? class_id : second_[class_id];
    }
    /// The class a number stands for. REQUIRES: !is_outside(peer).
    std::uint32_t class_at(std::uint32_t peer) const {
        return peer < classes() ? peer : second_class_[peer - classes()];
    }
    bool has_second_face(std::uint32_t class_id) const { return second_[class_id] != 0; }
    bool is_outside(std::uint32_t peer) const noexcept { return peer >= addresses_from_; }
    std::uint32_t outside(std::uint32_t address_class) const {
        return addresses_from_ + address_class;
    }
    std::uint32_t outside(const IpAddress& address) const {
        return outside(cuts_.class_of(address));
    }
    const std::vector<IpSet>& address_classes() const noexcept { return cuts_.classes(); }

    /// Everyone that one of the peers stands for.
    PeerSet resolve(const std::vector<PeerRef>& peers) const;

private:
    std::uint32_t address_count() const {
        return static_cast<std::uint32_t>(cuts_.classes().size());
    }
    void find_second_faces();
    void add_pods(std::uint32_t term, IdSet& ids) const;
    void add_pods_within(std::uint32_t term, std::uint32_t addresses, IdSet& ids) const;
    void add_addresses(std::uint32_t term, IdSet& ids) const;

    const Rulebook& rules_;
    const EndpointClasses& classes_;
    AddressCuts cuts_;
    std::vector<std::uint32_t> second_;        // by class; 0: none
    std::vector<std::uint32_t> second_class_;  // by second face
    std::uint32_t addresses_from_ = 0;
};

}  // namespace nspect::analyzer
