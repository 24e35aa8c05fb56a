// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_breadth.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <unordered_map>
#include <utility>

#include "analyzer/class_pairs.h"

namespace nspect::analyzer {
namespace {

constexpr std::size_t no_group = static_cast<std::size_t>(-1);
constexpr std::array<Protocol, 3> port_protocols{Protocol::tcp, Protocol::udp, Protocol::sctp};

void add_points(std::set<TrafficPoint>& universe, const TrafficSet& traffic) {
    for (const auto protocol : port_protocols) {
        for (const auto& range : traffic.ports(protocol).intervals()) {
            if (range == all_ports) continue;
            universe.insert({protocol, range.first});
            universe.insert({protocol, range.last});
        }
    }
}

}  // namespace

BreadthCounter::BreadthCounter(const PolicyEngine& engine, const std::set<TrafficPoint>& universe)
    : engine_(engine) {
    group_workloads();
    fill_rows(universe);
}

void BreadthCounter::group_workloads() {
    const auto& inventory = engine_.world().inventory;
    std::map<std::vector<std::uint32_t>, std::size_t> by_classes;
    for (std::size_t workload = 0; workload < inventory.workloads().size(); ++workload) {
        std::set<std::uint32_t> classes;
        for (const auto endpoint : inventory.endpoints_of(workload)) {
            classes.insert(static_cast<std::uint32_t>(engine_.class_of(endpoint)));
        }
        group_of_.push_back(no_group);
        if (classes.empty()) continue;
        const auto [entry, added] =
            by_classes.try_emplace({classes.begin(), classes.end()}, groups_.size());
        if (added) {
            groups_.push_back(entry->first);
            sizes_.push_back(0);
        }
        ++sizes_[entry->second];
        group_of_.back() = entry->second;
    }
}

void BreadthCounter::fill_rows(const std::set<TrafficPoint>& universe) {
    ClassPairs pairs(engine_.compiled());
    std::unordered_map<TrafficId, std::uint32_t> numbers;
    for (const auto& from_classes : groups_) {
        auto& row = rows_.emplace_back();
        row.reserve(groups_.size());
        for (const auto& to_classes : groups_) {
            TrafficId traffic = TrafficPool::none;
            for (const auto from : from_classes) {
                for (const auto to : to_classes) {
                    traffic = pairs.pool().unite(traffic, pairs.traffic(from, to));
                }
            }
            const auto [entry, added] =
                numbers.try_emplace(traffic, static_cast<std::uint32_t>(sets_.size()));
            row.push_back(entry->second);
            if (!added) continue;
            auto& points = sets_.emplace_back();
            std::copy_if(
                universe.begin(), universe.end(), std::back_inserter(points),
                [&](const TrafficPoint& point) { return pairs.pool()[traffic].contains(point); });
        }
    }
}

std::uint64_t BreadthCounter::allowed() const {
    std::uint64_t count = 0;
    for (std::size_t from = 0; from < groups_.size(); ++from) {
        for (std::size_t to = 0; to < groups_.size(); ++to) {
            const auto others = from == to ? sizes_[to] - 1 : sizes_[to];
            count += sizes_[from] * others * sets_[rows_[from][to]].size();
        }
    }
    return count;
}

std::vector<std::string> BreadthCounter::beyond(const std::set<WorkloadPoint>& used,
                                                std::size_t most) const {
    const auto& workloads = engine_.world().inventory.workloads();
    std::vector<std::pair<std::string, std::size_t>> named;
    for (std::size_t i = 0; i < workloads.size(); ++i) {
        if (group_of_[i] != no_group) named.emplace_back(to_string(workloads[i].id), i);
    }
    std::sort(named.begin(), named.end());
    std::vector<std::string> lines;
    for (const auto& [from_name, from] : named) {
        for (const auto& [to_name, to] : named) {
            if (from == to) continue;
            for (const auto& point : sets_[rows_[group_of_[from]][group_of_[to]]]) {
                if (used.contains({from, to, point})) continue;
                if (lines.size() == most) return lines;
                lines.push_back(from_name + " -> " + to_name + ' ' + to_string(point));
            }
        }
    }
    return lines;
}

std::set<TrafficPoint> point_universe(const std::vector<const World*>& worlds,
                                      const std::set<TrafficPoint>& seen) {
    std::set<TrafficPoint> universe = seen;
    for (const auto* world : worlds) {
        for (const auto& endpoint : world->inventory.endpoints()) {
            for (const auto& port : endpoint.ports) universe.insert({port.protocol, port.port});
        }
        for (const auto& policy : world->policies) {
            for (const auto direction : {Direction::ingress, Direction::egress}) {
                for (const auto& rule : policy.rules(direction)) {
                    for (const auto& match : rule.ports) add_points(universe, match.traffic);
                }
            }
        }
    }
    return universe;
}

}  // namespace nspect::analyzer
