// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "capture/targets/watcher.h"
#include "model/batch.h"

namespace nspect::capture {

/// Which end of a container's veth is listened to. A container without a host end that sees all
/// (macvlan, ipvlan, netkit, a veth into another container) is listened to inside in every case.
enum class CaptureSide : std::uint8_t { host_end, inside, both };

/// Knows which target stands behind an interface, and keeps what a recording says of targets,
/// vantages and addresses over time. An interface is (namespace, index, generation): when its index
/// is given to another one, that is another vantage.
class VantageBook {
public:
    struct Options {
        std::uint64_t host_netns = 0;
        CaptureSide side = CaptureSide::host_end;
        bool host_interfaces = false;                  ///< bridges, uplinks and the host's lo too
        std::function<bool(const TargetInfo&)> wants;  ///< empty: every target
    };
    explicit VantageBook(Options options) : options_(std::move(options)) {}

    /// Takes what was there from the beginning, or what changed.
    void begin(const std::vector<TargetInfo>& targets, Timestamp now);
    void apply(const TargetEvent& event, Timestamp now);

    /// The vantage of packets at this interface, or nothing when they are not wanted. An interface
    /// nobody has heard of yet is a vantage all the same; its target is filled in when it becomes
    /// known.
    std::optional<std::uint32_t> find(std::uint64_t netns, std::uint32_t index,
                                      const std::string& source);
    /// Changes whenever an answer of find() may be another one.
    std::uint64_t version() const noexcept { return version_; }

    /// By their ids; nothing when there is none (any more).
    const Vantage* vantage(std::uint32_t id) const;
    const TargetInfo* target(std::uint32_t id) const;

    /// Namespaces that a source inside is wanted for now.
    std::vector<std::uint64_t> inside_wanted() const;
    /// Called each second or so. The other end of a veth that is not known at the start, or by the
    /// second time, is in a namespace that cannot be seen (rootless Podman's bridge is in its
    /// user's): its container wants a source inside. Whether one more does.
    bool give_up_waiting();
    /// Packets reach the container behind this vantage, a host's end, past it, as where an eBPF
    /// program redirects them to the peer: it wants a source inside too. The name of the host's
    /// end; nothing where inside is listened to anyway.
    std::optional<std::string> passed_by(std::uint32_t vantage);
    /// There is a source inside. Half of the packets at a host's end say nothing more then.
    void covered_inside(std::uint64_t netns);

    /// Moves what changed since the last call into `batch`.
    void take_changes(Batch& batch);

private:
    struct Site {
        Vantage vantage;
        bool wanted = true;
        bool retired = false;  ///< gone; packets still in the ring belong to it
    };
    using SiteKey = std::pair<std::uint64_t, std::uint32_t>;

    void settle_before(const TargetEvent& event);
    void remember(const TargetInfo& target, Timestamp now);
    void forget(const TargetInfo& target, Timestamp now);
    void update_addresses(const TargetInfo& target, Timestamp now);
    void lease_changed(std::uint32_t target, const IpAddress& address, Timestamp to);
    void decide(const SiteKey& key, Site& site) const;
    void decide_host(std::uint32_t index, Site& site) const;
    void decide_open_sites();
    bool wants(const TargetInfo& target) const { return !options_.wants || options_.wants(target); }
    bool reachable_from_host(const TargetInfo& target) const;
    static bool waits_for_peer(const TargetInfo& target);
    bool host_end_wanted(const InterfaceInfo& end) const;

    Options options_;
    std::map<std::uint64_t, TargetInfo> targets_;  ///< by netns
    std::map<SiteKey, Site> sites_;
    std::map<std::pair<std::uint32_t, IpAddress>, Timestamp>
        leases_;                                ///< open ones, with their start
    std::set<std::uint64_t> passed_by_;         ///< namespaces whose host end misses packets
    std::set<std::uint64_t> only_inside_;       ///< of these, those with a source inside
    std::map<std::uint64_t, unsigned> waited_;  ///< namespaces with a veth to nobody knows where
    std::uint32_t last_vantage_ = 0;
    std::uint64_t version_ = 0;

    std::map<std::uint32_t, TargetInfo> changed_targets_;
    std::map<std::uint32_t, Vantage> changed_vantages_;
    std::vector<AddressSeen> changed_addresses_;
};

}  // namespace nspect::capture
