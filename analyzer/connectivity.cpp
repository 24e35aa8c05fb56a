// SPDX-License-Identifier: Apache-2.0
#include "analyzer/connectivity.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "analyzer/class_pairs.h"
#include "analyzer/entrances.h"
#include "analyzer/units.h"

namespace nspect::analyzer {
namespace {

/// Units whose endpoints are of the same classes have the same rows: computed once per such kind.
class Builder {
public:
    Builder(const PolicyEngine& engine, Level level, Scope scope)
        : engine_(engine),
          scope_(scope),
          pairs_(engine.compiled()),
          units_(units_of(engine, level)),
          ipv6_(mentions_ipv6(engine.world())) {
        std::map<std::vector<std::uint32_t>, std::size_t> index;
        for (const Unit& unit : units_) {
            const auto [entry, fresh] = index.try_emplace(unit.classes, kinds_.size());
            if (fresh) kinds_.push_back(unit.classes);
            kind_of_.push_back(entry->second);
        }
    }

    Connectivity build() {
        for (const Unit& unit : units_) result_.peers.push_back(unit.name);
        add_pairs();
        add_outside(Direction::ingress);
        add_outside(Direction::egress);
        add_entrances();
        std::sort(result_.rows.begin(), result_.rows.end(), [](const auto& a, const auto& b) {
            return std::tie(a.src, a.dst) < std::tie(b.src, b.dst);
        });
        return std::move(result_);
    }

private:
    void add_pairs();
    TrafficId in_scope(TrafficId traffic);
    TrafficId between(std::size_t from_kind, std::size_t to_kind);
    void add_outside(Direction direction);
    std::map<TrafficId, IpSet> outside(Direction direction, std::size_t kind);
    void add_entrances();

    const PolicyEngine& engine_;
    Scope scope_;
    std::map<TrafficId, TrafficId> scoped_;
    ClassPairs pairs_;
    std::vector<Unit> units_;
    std::vector<std::size_t> kind_of_;
    std::vector<std::vector<std::uint32_t>> kinds_;
    bool ipv6_;
    Connectivity result_;
};

TrafficSet connections_of(const TrafficSet& traffic) {
    const PortSet whole{all_ports};
    if (traffic.tcp == whole && traffic.udp == whole && traffic.sctp == whole) {
        return TrafficSet::all();
    }
    return {traffic.tcp, traffic.udp, traffic.sctp, {}, {}, false};
}

TrafficId Builder::in_scope(TrafficId traffic) {
    if (scope_ == Scope::all_traffic) return traffic;
    const auto [entry, fresh] = scoped_.try_emplace(traffic, traffic);
    if (fresh) entry->second = pairs_.pool().intern(connections_of(pairs_.pool()[traffic]));
    return entry->second;
}

TrafficId Builder::between(std::size_t from_kind, std::size_t to_kind) {
    TrafficId traffic = TrafficPool::none;
    for (const std::uint32_t from : kinds_[from_kind]) {
        for (const std::uint32_t to : kinds_[to_kind]) {
            traffic = pairs_.pool().unite(traffic, pairs_.traffic(from, to));
        }
    }
    return in_scope(traffic);
}

void Builder::add_pairs() {
    std::vector<TrafficId> row(kinds_.size());
    std::vector<std::vector<std::size_t>> members(kinds_.size());
    for (std::size_t i = 0; i < units_.size(); ++i) members[kind_of_[i]].push_back(i);
    for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
        for (std::size_t to = 0; to < kinds_.size(); ++to) row[to] = between(kind, to);
        for (const std::size_t from : members[kind]) {
            for (std::size_t to = 0; to < units_.size(); ++to) {
                const TrafficId traffic = row[kind_of_[to]];
                if (from == to || traffic == TrafficPool::none) continue;
                result_.rows.push_back(
                    {units_[from].name, units_[to].name, pairs_.pool()[traffic]});
            }
        }
    }
}

std::map<TrafficId, IpSet> Builder::outside(Direction direction, std::size_t kind) {
    std::map<TrafficId, IpSet> ranges;
    const auto& address_classes = engine_.address_classes(direction);
    for (std::uint32_t i = 0; i < address_classes.size(); ++i) {
        TrafficId traffic = TrafficPool::none;
        for (const std::uint32_t id : kinds_[kind]) {
            traffic = pairs_.pool().unite(traffic, pairs_.outside(direction, id, i));
        }
        traffic = in_scope(traffic);
        if (traffic == TrafficPool::none) continue;
        for (const IpRange& range : address_classes[i].intervals()) {
            if (ipv6_ || range.first.is_v4()) ranges[traffic].insert(range);
        }
    }
    return ranges;
}

void Builder::add_outside(Direction direction) {
    std::vector<std::map<TrafficId, IpSet>> by_kind;
    for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
        by_kind.push_back(outside(direction, kind));
    }
    for (std::size_t i = 0; i < units_.size(); ++i) {
        for (const auto& [traffic, ranges] : by_kind[kind_of_[i]]) {
            for (const IpRange& range : ranges.intervals()) {
                ConnectivityRow row{to_string(range), units_[i].name, pairs_.pool()[traffic]};
                if (direction == Direction::egress) std::swap(row.src, row.dst);
                result_.rows.push_back(std::move(row));
            }
        }
    }
}

void Builder::add_entrances() {
    std::map<std::size_t, TrafficSet> by_endpoint;
    for (const WayIn& way : ways_in(engine_.world().inventory)) {
        by_endpoint[way.endpoint] = by_endpoint[way.endpoint] | way.ports;
    }
    const Facts controller = ingress_controller_facts();
    for (const Unit& unit : units_) {
        TrafficSet admitted;
        for (const std::size_t endpoint : unit.endpoints) {
            const auto ports = by_endpoint.find(endpoint);
            if (ports == by_endpoint.end()) continue;
            const auto policies = engine_.policies_of(endpoint, Direction::ingress);
            const Facts target = facts_of(engine_.world().inventory, endpoint);
            admitted = admitted | (ports->second & permitted(engine_.world(), Direction::ingress,
                                                             policies, target, controller));
        }
        if (admitted.empty()) continue;
        result_.rows.push_back({std::string(ingress_controller), unit.name, admitted});
    }
}

}  // namespace

Connectivity connectivity(const PolicyEngine& engine, Level level, Scope scope) {
    return Builder(engine, level, scope).build();
}

}  // namespace nspect::analyzer
