// SPDX-License-Identifier: Apache-2.0
#include "capture/vantage_book.h"

#include <algorithm>

namespace nspect::capture {
namespace {

/// Turns of give_up_waiting().
constexpr unsigned patience = 2;

const InterfaceInfo* interface_of(const TargetInfo& target, std::uint32_t index) {
    for (const auto& interface : target.interfaces) {
        if (interface.index == index) return &interface;
    }
    return nullptr;
}

std::set<IpAddress> addresses_of(const TargetInfo& target) {
    std::set<IpAddress> all;
    for (const auto& interface : target.interfaces) {
        for (const auto& address : interface.addresses) {
            if (!address.is_loopback()) all.insert(address);
        }
    }
    return all;
}

}  // namespace

void VantageBook::begin(const std::vector<TargetInfo>& targets, Timestamp now) {
    for (const auto& target : targets) {
        remember(target, now);
        if (waits_for_peer(target)) waited_[target.netns] = patience;
    }
    decide_open_sites();
}

void VantageBook::apply(const TargetEvent& event, Timestamp now) {
    using Kind = TargetEvent::Kind;
    const SiteKey key{event.target.netns, event.interface.index};
    settle_before(event);
    if (event.kind == Kind::target_gone) {
        forget(event.target, now);
    } else {
        remember(event.target, now);
    }
    if (const auto site = sites_.find(key); site != sites_.end()) {
        if (event.kind == Kind::interface_gone) site->second.retired = true;
        if (event.kind == Kind::interface_appeared && site->second.retired) sites_.erase(site);
    }
    decide_open_sites();
}

/// Packets still in a ring may be the first of an interface that is about to be unknown: what is
/// known of it now is what they belong to.
void VantageBook::settle_before(const TargetEvent& event) {
    const auto settle = [this](const SiteKey& key) {
        if (sites_.contains(key)) return;
        Site site;
        site.vantage.netns = key.first;
        decide(key, site);
        if (site.vantage.target) sites_.emplace(key, std::move(site));
    };
    if (event.kind == TargetEvent::Kind::interface_appeared) return;
    settle({event.target.netns, event.interface.index});
    const auto host = targets_.find(options_.host_netns);
    if (host == targets_.end()) return;
    for (const InterfaceInfo& each : host->second.interfaces) {
        if (each.peer_netns == event.target.netns) settle({options_.host_netns, each.index});
    }
}

void VantageBook::remember(const TargetInfo& target, Timestamp now) {
    const auto known = targets_.find(target.netns);
    TargetInfo current = target;
    current.from = known == targets_.end() ? now : known->second.from;
    current.to = forever;
    if (known != targets_.end() && known->second == current) return;
    targets_[target.netns] = current;
    changed_targets_[current.id] = current;
    update_addresses(current, now);
}

void VantageBook::forget(const TargetInfo& target, Timestamp now) {
    const auto known = targets_.find(target.netns);
    if (known == targets_.end()) return;
    TargetInfo last = known->second;
    last.to = now;
    TargetInfo without_addresses = last;
    without_addresses.interfaces.clear();
    update_addresses(without_addresses, now);
    changed_targets_[last.id] = last;
    targets_.erase(known);
    passed_by_.erase(target.netns);
    only_inside_.erase(target.netns);
    waited_.erase(target.netns);
    for (auto& [key, site] : sites_) {
        if (key.first == target.netns) site.retired = true;
    }
}

void VantageBook::update_addresses(const TargetInfo& target, Timestamp now) {
    const std::set<IpAddress> current = addresses_of(target);
    std::vector<IpAddress> left;
    for (const auto& [key, from] : leases_) {
        if (key.first == target.id && current.count(key.second) == 0) left.push_back(key.second);
    }
    for (const auto& address : left) {
        lease_changed(target.id, address, now);
        leases_.erase({target.id, address});
    }
    for (const auto& address : current) {
        const bool added = leases_.emplace(std::pair{target.id, address}, now).second;
        if (added) lease_changed(target.id, address, forever);
    }
}

void VantageBook::lease_changed(std::uint32_t target, const IpAddress& address, Timestamp to) {
    changed_addresses_.push_back({address, target, leases_.at({target, address}), to});
}

std::optional<std::uint32_t> VantageBook::find(std::uint64_t netns, std::uint32_t index,
                                               const std::string& source) {
    const SiteKey key{netns, index};
    auto found = sites_.find(key);
    if (found == sites_.end()) {
        Site site;
        site.vantage.netns = netns;
        site.vantage.source = source;
        decide(key, site);
        found = sites_.emplace(key, std::move(site)).first;
    }
    Site& site = found->second;
    if (!site.wanted) return std::nullopt;
    if (site.vantage.id == 0) {
        site.vantage.source = source;
        site.vantage.id = ++last_vantage_;
        changed_vantages_[site.vantage.id] = site.vantage;
    }
    return site.vantage.id;
}

const Vantage* VantageBook::vantage(std::uint32_t id) const {
    for (const auto& [key, site] : sites_) {
        if (site.vantage.id == id) return &site.vantage;
    }
    return nullptr;
}

const TargetInfo* VantageBook::target(std::uint32_t id) const {
    for (const auto& [netns, target] : targets_) {
        if (target.id == id) return &target;
    }
    return nullptr;
}

void VantageBook::decide(const SiteKey& key, Site& site) const {
    if (key.first == options_.host_netns) return decide_host(key.second, site);
    site.vantage.side = VantageSide::inside;
    const auto target = targets_.find(key.first);
    if (target == targets_.end()) return;
    site.vantage.target = target->second.id;
    site.wanted = wants(target->second);
    const InterfaceInfo* interface = interface_of(target->second, key.second);
    if (interface != nullptr) site.vantage.interface_name = interface->name;
}

void VantageBook::decide_host(std::uint32_t index, Site& site) const {
    site.vantage.side = VantageSide::host;
    site.wanted = true;
    const auto host = targets_.find(options_.host_netns);
    const InterfaceInfo* interface =
        host == targets_.end() ? nullptr : interface_of(host->second, index);
    if (interface == nullptr) return;
    site.vantage.interface_name = interface->name;
    const bool leads_away = interface->peer_netns != options_.host_netns;
    const bool is_pair = interface->kind == "veth" || interface->kind == "netkit";
    if (!is_pair || !leads_away) {
        site.wanted = options_.host_interfaces && wants(host->second);
        return;
    }
    site.vantage.side = VantageSide::host_end;
    const auto target = targets_.find(interface->peer_netns);
    if (target == targets_.end()) return;
    site.vantage.target = target->second.id;
    site.wanted = wants(target->second) && host_end_wanted(*interface);
}

/// A netkit's program may pass packets on before the host's end sees them.
bool VantageBook::host_end_wanted(const InterfaceInfo& end) const {
    if (options_.side != CaptureSide::host_end) return options_.side == CaptureSide::both;
    return end.kind == "veth" && !only_inside_.contains(end.peer_netns);
}

void VantageBook::decide_open_sites() {
    ++version_;
    for (auto& [key, site] : sites_) {
        const bool settled = site.wanted && site.vantage.target.has_value();
        if (site.retired || (settled && !site.vantage.interface_name.empty())) continue;
        const Vantage before = site.vantage;
        decide(key, site);
        if (site.vantage.id != 0 && site.vantage != before) {
            changed_vantages_[site.vantage.id] = site.vantage;
        }
    }
}

bool VantageBook::waits_for_peer(const TargetInfo& target) {
    return std::any_of(
        target.interfaces.begin(), target.interfaces.end(), [](const InterfaceInfo& interface) {
            return interface.kind == "veth" && interface.up && interface.peer_netns == 0;
        });
}

bool VantageBook::give_up_waiting() {
    bool one_more = false;
    for (const auto& [netns, target] : targets_) {
        if (target.is_host || !waits_for_peer(target)) {
            waited_.erase(netns);
        } else if (unsigned& turns = waited_[netns]; turns < patience) {
            one_more = ++turns == patience || one_more;
        }
    }
    return one_more;
}

bool VantageBook::reachable_from_host(const TargetInfo& target) const {
    const auto waited = waited_.find(target.netns);
    const bool gave_up = waited != waited_.end() && waited->second == patience;
    return std::all_of(
        target.interfaces.begin(), target.interfaces.end(), [&](const InterfaceInfo& interface) {
            if (interface.kind == "loopback" || interface.name == "lo" || !interface.up)
                return true;
            // A veth whose peer is not known yet will be; opening inside meanwhile would count
            // twice.
            const bool waits = interface.peer_netns == 0 && !gave_up;
            return interface.kind == "veth" &&
                   (waits || interface.peer_netns == options_.host_netns);
        });
}

std::vector<std::uint64_t> VantageBook::inside_wanted() const {
    std::vector<std::uint64_t> wanted;
    for (const auto& [netns, target] : targets_) {
        if (target.is_host || netns == options_.host_netns || !wants(target)) continue;
        const bool everywhere = options_.side != CaptureSide::host_end;
        if (everywhere || passed_by_.contains(netns) || !reachable_from_host(target))
            wanted.push_back(netns);
    }
    return wanted;
}

std::optional<std::string> VantageBook::passed_by(std::uint32_t vantage) {
    if (options_.side != CaptureSide::host_end) return std::nullopt;
    for (const auto& [key, site] : sites_) {
        if (site.vantage.id != vantage || site.vantage.side != VantageSide::host_end) continue;
        const auto* behind = site.vantage.target ? target(*site.vantage.target) : nullptr;
        if (behind == nullptr || !passed_by_.insert(behind->netns).second) return std::nullopt;
        return site.vantage.interface_name;
    }
    return std::nullopt;
}

void VantageBook::covered_inside(std::uint64_t netns) {
    if (!passed_by_.contains(netns) || !only_inside_.insert(netns).second) return;
    for (auto& [key, site] : sites_) {
        if (key.first != options_.host_netns || site.vantage.side != VantageSide::host_end)
            continue;
        const auto* behind = site.vantage.target ? target(*site.vantage.target) : nullptr;
        if (behind != nullptr && behind->netns == netns) site.wanted = false;
    }
    ++version_;
}

void VantageBook::take_changes(Batch& batch) {
    for (auto& [id, target] : changed_targets_) batch.targets.push_back(std::move(target));
    for (auto& [id, vantage] : changed_vantages_) batch.vantages.push_back(std::move(vantage));
    batch.addresses.insert(batch.addresses.end(), changed_addresses_.begin(),
                           changed_addresses_.end());
    changed_targets_.clear();
    changed_vantages_.clear();
    changed_addresses_.clear();
}

}  // namespace nspect::capture
