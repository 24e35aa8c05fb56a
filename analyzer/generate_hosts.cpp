// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_hosts.h"

#include <algorithm>
#include <map>
#include <optional>

namespace nspect::analyzer {
namespace {

IpPrefix one(const IpAddress& address) {
    return {address, address.bits()};
}

/// The blocks that cover a range exactly.
std::vector<IpPrefix> blocks_of(const IpRange& range) {
    std::vector<IpPrefix> blocks;
    std::optional<IpAddress> at = range.first;
    while (at && *at <= range.last) {
        IpPrefix block = one(*at);
        while (block.length() > 0) {
            const IpPrefix wider(*at, block.length() - 1);
            if (wider.address() != *at || range.last < wider.range().last) break;
            block = wider;
        }
        blocks.push_back(block);
        at = successor(block.range().last);
    }
    return blocks;
}

/// Addresses an endpoint has, as far as nobody got them after it.
std::vector<IpAddress> current_addresses(const Inventory& inventory, std::size_t endpoint) {
    std::vector<IpAddress> current;
    for (const auto& address : inventory.addresses_of(endpoint)) {
        const auto leases = inventory.leases_of(address);
        if (!leases.empty() && leases.back().endpoint == endpoint) current.push_back(address);
    }
    return current;
}

bool is_isolated(const PolicyEngine& engine, std::size_t endpoint) {
    return engine.isolated(endpoint, Direction::ingress) ||
           engine.isolated(endpoint, Direction::egress);
}

class HostWriter {
public:
    explicit HostWriter(const PolicyEngine& engine)
        : engine_(engine), inventory_(engine.world().inventory) {}

    HostRules write() {
        for (std::size_t i = 0; i < inventory_.endpoints().size(); ++i) {
            if (inventory_.endpoints()[i].host_network) continue;
            for (const auto& address : current_addresses(inventory_, i)) {
                places_.push_back({i, address, is_isolated(engine_, i)});
            }
        }
        for (const auto& from : places_) {
            if (from.isolated) {
                const auto id = to_string(inventory_.workload_of(inventory_.endpoints()[from.who]));
                rules_.covered.emplace_back(from.address, id);
                add_outside(from);
            }
            for (const auto& to : places_) add_pair(from, to);
        }
        std::sort(rules_.covered.begin(), rules_.covered.end());
        auto& passes = rules_.passes;
        std::sort(passes.begin(), passes.end());
        passes.erase(std::unique(passes.begin(), passes.end()), passes.end());
        return std::move(rules_);
    }

private:
    struct Place {
        std::size_t who = 0;
        IpAddress address;
        bool isolated = false;
    };

    void add_pair(const Place& from, const Place& to) {
        if (from.who == to.who || from.address.family() != to.address.family()) return;
        if (!from.isolated && !to.isolated) return;
        if (from.address.is_link_local() != to.address.is_link_local()) return;
        const auto family = from.address.family();
        add(one(from.address), one(to.address),
            engine_.allowed(Who::of_endpoint(from.who, family), Who::of_endpoint(to.who, family)));
    }

    void add(const IpPrefix& from, const IpPrefix& to, const TrafficSet& traffic) {
        for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
            for (const auto& range : traffic.ports(protocol).intervals()) {
                rules_.passes.push_back({from, to, protocol, range});
            }
        }
    }

    /// Blocks that rules tell apart, and what is allowed with each.
    void add_outside(const Place& place) {
        const auto who = Who::of_endpoint(place.who, place.address.family());
        for (const auto direction : {Direction::ingress, Direction::egress}) {
            for (const auto& set : engine_.address_classes(direction)) {
                for (const auto& range : set.intervals()) {
                    if (range.first.family() != place.address.family()) continue;
                    const auto other = Who::of_address(range.first);
                    const bool out = direction == Direction::egress;
                    const auto traffic =
                        out ? engine_.allowed(who, other) : engine_.allowed(other, who);
                    if (traffic.empty()) continue;
                    for (const auto& block : blocks_of(range)) {
                        const auto own = one(place.address);
                        add(out ? own : block, out ? block : own, traffic);
                    }
                }
            }
        }
    }

    const PolicyEngine& engine_;
    const Inventory& inventory_;
    std::vector<Place> places_;
    HostRules rules_;
};

std::string service_name(const Inventory& inventory, const Endpoint& endpoint) {
    const auto* service = endpoint.labels.find("com.docker.compose.service");
    return service != nullptr ? *service : inventory.workload_of(endpoint).name;
}

using Pairs = std::set<std::pair<std::string, std::string>>;

/// Few sets in which all pairs are of `pairs`, so that each pair is in one.
std::vector<std::set<std::string>> cover_by_cliques(const std::vector<std::string>& services,
                                                    const Pairs& pairs) {
    const auto may = [&](const std::string& a, const std::string& b) {
        return pairs.contains({std::min(a, b), std::max(a, b)});
    };
    std::vector<std::set<std::string>> cliques;
    Pairs open = pairs;
    while (!open.empty()) {
        std::set<std::string> clique{open.begin()->first, open.begin()->second};
        for (const auto& service : services) {
            if (clique.contains(service)) continue;
            const bool fits = std::all_of(clique.begin(), clique.end(),
                                          [&](const auto& member) { return may(member, service); });
            if (fits) clique.insert(service);
        }
        for (const auto& a : clique) {
            for (const auto& b : clique) open.erase({a, b});
        }
        cliques.push_back(std::move(clique));
    }
    return cliques;
}

/// Compose has no say in what other runtimes run.
bool may_be_composed(const Endpoint& endpoint) {
    return endpoint.runtime.empty() || endpoint.runtime == "docker" || endpoint.runtime == "podman";
}

/// Whether it may talk to anyone who is not of its project, and so can share none of its networks.
bool meets_others(const PolicyEngine& engine, std::size_t endpoint, const std::string& project) {
    const auto& inventory = engine.world().inventory;
    const auto own = Who::of_endpoint(endpoint);
    for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
        if (inventory.workload_of(inventory.endpoints()[i]).namespace_name == project) continue;
        const auto other = Who::of_endpoint(i);
        if (!engine.allowed(own, other).empty() || !engine.allowed(other, own).empty()) return true;
    }
    return false;
}

bool names_addresses(const PolicyEngine& engine, std::size_t endpoint) {
    for (const auto direction : {Direction::ingress, Direction::egress}) {
        if (!engine.isolated(endpoint, direction)) return true;
        for (const auto index : engine.policies_of(endpoint, direction)) {
            for (const auto& rule : engine.world().policies[index].rules(direction)) {
                const bool any = std::any_of(
                    rule.peers.begin(), rule.peers.end(),
                    [](const Peer& peer) { return !std::holds_alternative<PodPeer>(peer); });
                if (any) return true;
            }
        }
    }
    return false;
}

}  // namespace

namespace {

/// By address: the interface of whom it was last.
std::map<IpAddress, std::string> veth_by_address(const Recording& context) {
    std::map<std::uint32_t, std::string> by_target;
    std::map<std::string, std::set<std::uint32_t>> targets;
    for (const auto& vantage : context.vantages) {
        if (vantage.side != VantageSide::host_end || !vantage.target) continue;
        by_target[*vantage.target] = vantage.interface_name;
        targets[vantage.interface_name].insert(*vantage.target);
    }
    std::map<IpAddress, std::pair<Timestamp, std::uint32_t>> latest;
    for (const auto& seen : context.addresses) {
        const auto [entry, added] = latest.try_emplace(seen.address, seen.from, seen.target);
        if (!added && entry->second.first < seen.from) entry->second = {seen.from, seen.target};
    }
    std::map<IpAddress, std::string> veths;
    for (const auto& [address, who] : latest) {
        const auto found = by_target.find(who.second);
        if (found == by_target.end() || targets[found->second].size() > 1) continue;
        veths[address] = found->second;
    }
    return veths;
}

const std::string* veth_of(const std::map<IpAddress, std::string>& veths, const IpPrefix& block) {
    if (block.length() != block.address().bits()) return nullptr;
    const auto found = veths.find(block.address());
    return found == veths.end() ? nullptr : &found->second;
}

}  // namespace

void add_veths(const Recording& context, HostRules& rules) {
    const auto veths = veth_by_address(context);
    for (const auto& [address, _] : rules.covered) {
        const auto found = veths.find(address);
        if (found != veths.end()) rules.veths.emplace_back(found->second, address);
    }
    std::set<VethPass> passes;
    for (const auto& pass : rules.passes) {
        const auto* from = veth_of(veths, pass.from);
        const auto* to = veth_of(veths, pass.to);
        if (from == nullptr || to == nullptr) continue;
        passes.insert({*from, *to, pass.protocol, pass.ports});
    }
    std::sort(rules.veths.begin(), rules.veths.end());
    rules.veth_passes.assign(passes.begin(), passes.end());
}

HostRules host_rules(const PolicyEngine& engine) {
    return HostWriter(engine).write();
}

std::vector<NetworkSplit> split_networks(const PolicyEngine& engine) {
    const auto& inventory = engine.world().inventory;
    std::map<std::string, std::vector<std::size_t>> projects;
    for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
        const auto& endpoint = inventory.endpoints()[i];
        if (endpoint.host_network || !may_be_composed(endpoint) || !is_isolated(engine, i)) {
            continue;
        }
        projects[inventory.workload_of(endpoint).namespace_name].push_back(i);
    }
    std::vector<NetworkSplit> splits;
    for (const auto& [project, members] : projects) {
        NetworkSplit split;
        split.project = project;
        std::set<std::string> services;
        Pairs pairs;
        for (const auto a : members) {
            const auto from = service_name(inventory, inventory.endpoints()[a]);
            services.insert(from);
            if (names_addresses(engine, a) || meets_others(engine, a, project)) {
                split.outside.insert(from);
            }
            for (const auto b : members) {
                const auto to = service_name(inventory, inventory.endpoints()[b]);
                if (from == to) continue;
                if (engine.allowed(Who::of_endpoint(a), Who::of_endpoint(b)).empty()) continue;
                pairs.emplace(std::min(from, to), std::max(from, to));
            }
        }
        split.services.assign(services.begin(), services.end());
        split.networks = cover_by_cliques(split.services, pairs);
        splits.push_back(std::move(split));
    }
    return splits;
}

}  // namespace nspect::analyzer
