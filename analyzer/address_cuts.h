// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/label_index.h"
#include "model/ip.h"

namespace nspect::analyzer {

/// The address space cut where any of some sets has a border, and sorted into classes: addresses
/// that are in exactly the same of the sets. One sweep over the borders; no set is held against
/// another.
class AddressCuts {
public:
    explicit AddressCuts(const std::vector<const IpSet*>& sets);

    std::uint32_t class_of(const IpAddress& address) const;
    /// The addresses of each class; together both families, whole.
    const std::vector<IpSet>& classes() const noexcept { return classes_; }
    /// The classes inside `set`. REQUIRES: `set` equals one of those given at birth.
    IdSet classes_in(const IpSet& set) const;

private:
    IdSet pieces_in(const IpSet& set) const;
    std::uint32_t piece_of(const IpAddress& address) const;
    IpAddress last_of(std::size_t piece) const;

    std::vector<IpAddress> firsts_;  // of the pieces between borders
    std::vector<std::uint32_t> piece_class_;
    std::vector<IpSet> classes_;
};

}  // namespace nspect::analyzer
