// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_breadth.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <unordered_map>
#include <utility>

#include "analyzer/class_pairs.h"
#include "analyzer/reachability.h"

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

/// Numbers the point sets that traffic comes to.
class SetNumbers {
public:
    SetNumbers(const std::set<TrafficPoint>& universe, std::vector<std::vector<TrafficPoint>>& sets)
        : universe_(universe), sets_(sets) {}

    std::uint32_t of(TrafficId traffic, const TrafficPool& pool) {
        const auto [entry, added] =
            known_.try_emplace(traffic, static_cast<std::uint32_t>(sets_.size()));
        if (!added) return entry->second;
        auto& points = sets_.emplace_back();
        std::copy_if(universe_.begin(), universe_.end(), std::back_inserter(points),
                     [&](const TrafficPoint& point) { return pool[traffic].contains(point); });
        return entry->second;
    }

private:
    const std::set<TrafficPoint>& universe_;
    std::vector<std::vector<TrafficPoint>>& sets_;
    std::unordered_map<TrafficId, std::uint32_t> known_;
};

}  // namespace

BreadthCounter::BreadthCounter(const PolicyEngine& engine, const std::set<TrafficPoint>& universe)
    : engine_(engine) {
    group_workloads();
    const bool one_class_each = std::all_of(groups_.begin(), groups_.end(),
                                            [](const auto& group) { return group.size() == 1; });
    if (one_class_each) {
        fill_sparse(universe);
    } else {
        fill_dense(universe);
    }
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

/// Destinations that are treated alike share a column, so that a row has as much as differs.
void BreadthCounter::fill_sparse(const std::set<TrafficPoint>& universe) {
    Reachability reachability(engine_);
    SetNumbers numbers(universe, sets_);
    std::unordered_map<std::uint32_t, std::uint32_t> group_of_class;
    for (std::size_t group = 0; group < groups_.size(); ++group) {
        group_of_class[groups_[group].front()] = static_cast<std::uint32_t>(group);
        column_of_.push_back(reachability.group_of(groups_[group].front()));
    }
    Reachability::Row found;
    for (const auto& classes : groups_) {
        reachability.row(classes.front(), found);
        auto& row = rows_.emplace_back();
        for (const auto traffic : found.usual) {
            row.usual.push_back(numbers.of(traffic, reachability.pool()));
        }
        for (const auto& [destination, traffic] : found.listed) {
            const auto group = group_of_class.find(destination);
            if (group == group_of_class.end()) continue;
            row.listed.emplace_back(group->second, numbers.of(traffic, reachability.pool()));
        }
        std::sort(row.listed.begin(), row.listed.end());
    }
}

void BreadthCounter::fill_dense(const std::set<TrafficPoint>& universe) {
    ClassPairs pairs(engine_.compiled());
    SetNumbers numbers(universe, sets_);
    const auto nothing = numbers.of(TrafficPool::none, pairs.pool());
    column_of_.assign(groups_.size(), 0);
    for (const auto& from_classes : groups_) {
        auto& row = rows_.emplace_back();
        row.usual = {nothing};
        for (std::size_t to = 0; to < groups_.size(); ++to) {
            TrafficId traffic = TrafficPool::none;
            for (const auto from_class : from_classes) {
                for (const auto to_class : groups_[to]) {
                    traffic = pairs.pool().unite(traffic, pairs.traffic(from_class, to_class));
                }
            }
            const auto number = numbers.of(traffic, pairs.pool());
            if (number != nothing) row.listed.emplace_back(to, number);
        }
    }
}

std::uint32_t BreadthCounter::set_number(std::size_t from, std::size_t to) const {
    const auto& row = rows_[from];
    const auto group = static_cast<std::uint32_t>(to);
    const auto found = std::lower_bound(row.listed.begin(), row.listed.end(),
                                        std::pair<std::uint32_t, std::uint32_t>{group, 0});
    if (found != row.listed.end() && found->first == group) return found->second;
    return row.usual[column_of_[to]];
}

/// Points to other workloads than the one that sends.
std::uint64_t BreadthCounter::allowed_from(std::size_t from,
                                           const std::vector<std::uint64_t>& weights) const {
    const auto& row = rows_[from];
    std::uint64_t count = 0;
    for (std::size_t column = 0; column < row.usual.size() && column < weights.size(); ++column) {
        count += weights[column] * sets_[row.usual[column]].size();
    }
    for (const auto& [to, set] : row.listed) {
        count -= sizes_[to] * sets_[row.usual[column_of_[to]]].size();
        count += sizes_[to] * sets_[set].size();
    }
    return count - sets_[set_number(from, from)].size();
}

std::uint64_t BreadthCounter::allowed() const {
    std::vector<std::uint64_t> weights;
    for (std::size_t group = 0; group < groups_.size(); ++group) {
        if (weights.size() <= column_of_[group]) weights.resize(column_of_[group] + 1);
        weights[column_of_[group]] += sizes_[group];
    }
    std::uint64_t count = 0;
    for (std::size_t from = 0; from < groups_.size(); ++from) {
        count += sizes_[from] * allowed_from(from, weights);
    }
    return count;
}

/// Workloads that a group may send anything to, in the order given.
std::vector<std::size_t> BreadthCounter::receivers(
    std::size_t from, const std::vector<std::size_t>& by_name,
    const std::vector<std::vector<std::size_t>>& places_of_group) const {
    const auto& row = rows_[from];
    const bool only_listed = std::all_of(row.usual.begin(), row.usual.end(),
                                         [&](auto set) { return sets_[set].empty(); });
    if (!only_listed) return by_name;
    std::vector<std::size_t> places;
    for (const auto& each : row.listed) {
        const auto& members = places_of_group[each.first];
        places.insert(places.end(), members.begin(), members.end());
    }
    std::sort(places.begin(), places.end());
    std::vector<std::size_t> found;
    for (const auto place : places) found.push_back(by_name[place]);
    return found;
}

void BreadthCounter::each_beyond(const std::set<WorkloadPoint>& used,
                                 const std::function<bool(const WorkloadPoint&)>& visit) const {
    const auto& workloads = engine_.world().inventory.workloads();
    std::vector<std::pair<std::string, std::size_t>> named;
    for (std::size_t i = 0; i < workloads.size(); ++i) {
        if (group_of_[i] != no_group) named.emplace_back(to_string(workloads[i].id), i);
    }
    std::sort(named.begin(), named.end());
    std::vector<std::size_t> by_name;
    for (const auto& each : named) by_name.push_back(each.second);
    std::vector<std::vector<std::size_t>> places(groups_.size());
    for (std::size_t i = 0; i < by_name.size(); ++i) places[group_of_[by_name[i]]].push_back(i);
    for (const auto from : by_name) {
        for (const auto to : receivers(group_of_[from], by_name, places)) {
            if (from == to) continue;
            for (const auto& point : sets_[set_number(group_of_[from], group_of_[to])]) {
                const WorkloadPoint way{from, to, point};
                if (!used.contains(way) && !visit(way)) return;
            }
        }
    }
}

std::vector<std::string> BreadthCounter::beyond(const std::set<WorkloadPoint>& used,
                                                std::size_t most) const {
    const auto& workloads = engine_.world().inventory.workloads();
    std::vector<std::string> lines;
    each_beyond(used, [&](const WorkloadPoint& way) {
        if (lines.size() == most) return false;
        const auto& [from, to, point] = way;
        lines.push_back(to_string(workloads[from].id) + " -> " + to_string(workloads[to].id) + ' ' +
                        to_string(point));
        return true;
    });
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
