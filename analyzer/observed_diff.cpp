// SPDX-License-Identifier: Apache-2.0
#include "analyzer/observed_diff.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace nspect::analyzer {

namespace {

constexpr double drift = 10;          // times the rate before, or a part of it
constexpr std::uint64_t enough = 10;  // conversations for a rate to mean something
constexpr Duration long_enough = std::chrono::minutes(1);  // recordings, likewise

using Key = std::tuple<std::string, std::string, TrafficPoint>;

std::map<Key, const GraphEdge*> seen_edges(const Audit& audit) {
    std::map<Key, const GraphEdge*> edges;
    const auto& nodes = audit.graph.nodes;
    for (const GraphEdge& each : audit.graph.edges) {
        if (each.conversations > 0)
            edges[{nodes[each.from].id, nodes[each.to].id, each.point}] = &each;
    }
    return edges;
}

std::uint64_t arrived(const GraphEdge& edge) {
    return edge.count(Outcome::established) + edge.count(Outcome::one_way) +
           edge.count(Outcome::mid_stream);
}

std::string_view protection_words(const GraphEdge& edge) {
    const std::uint64_t all = std::max(arrived(edge), edge.tls);
    if (edge.tls == 0) return "in clear";
    if (edge.tls < all) return "partly in clear";
    if (edge.mutual_tls == edge.tls) return "mutual TLS";
    return edge.unknown_tls > 0 ? "TLS, perhaps mutual" : "TLS";
}

double rate(const GraphEdge& edge, Duration window) {
    const double seconds = std::chrono::duration<double>(window).count();
    return static_cast<double>(edge.sent.bytes + edge.received.bytes) / seconds;
}

/// "34 times the bytes per second", or nothing where that says nothing.
std::string drift_words(const GraphEdge& before, const GraphEdge& after, const ObservedDiff& diff) {
    if (std::max(before.conversations, after.conversations) < enough) return {};
    if (std::min(diff.before, diff.after) < long_enough) return {};
    const double was = rate(before, diff.before);
    const double is = rate(after, diff.after);
    if (was <= 0 || is <= 0) return {};
    const auto times = [](double factor) { return std::to_string(std::llround(factor)); };
    if (is >= was * drift) return times(is / was) + " times the bytes per second";
    if (was >= is * drift) return "1/" + times(was / is) + " of the bytes per second";
    return {};
}

std::vector<std::string> changes(const GraphEdge& before, const GraphEdge& after,
                                 const ObservedDiff& diff) {
    std::vector<std::string> what;
    const auto note = [&](std::string_view is, std::string_view was) {
        if (is != was) what.push_back(std::string(is) + ", was " + std::string(was));
    };
    note(to_string(after.state), to_string(before.state));
    const bool was = arrived(before) > 0;
    const bool is = arrived(after) > 0;
    if (is && !was) what.emplace_back("arrives, and did not");
    if (was && !is) what.emplace_back("does not arrive, and did");
    if (is && was && after.point.protocol == Protocol::tcp)
        note(protection_words(after), protection_words(before));
    const std::string drifted = drift_words(before, after, diff);
    if (!drifted.empty()) what.push_back(drifted);
    return what;
}

std::set<std::string> talking(const Audit& audit) {
    std::set<std::string> names;
    for (const GraphEdge& each : audit.graph.edges) {
        if (each.conversations == 0) continue;
        for (const std::size_t end : {each.from, each.to}) {
            const GraphNode& node = audit.graph.nodes[end];
            if (node.kind == GraphNode::Kind::workload) names.insert(node.id);
        }
    }
    return names;
}

std::vector<std::string> only_in(const std::set<std::string>& some,
                                 const std::set<std::string>& others) {
    std::vector<std::string> list;
    std::set_difference(some.begin(), some.end(), others.begin(), others.end(),
                        std::back_inserter(list));
    return list;
}

std::vector<GraphNode> nodes_of(const Audit& before, const Audit& after) {
    std::map<std::string, GraphNode> nodes;
    for (const Audit* each : {&after, &before}) {
        for (const GraphNode& node : each->graph.nodes) nodes.emplace(node.id, node);
    }
    std::vector<GraphNode> list;
    for (auto& [id, node] : nodes) {
        node.workload.reset();  // of one inventory only
        list.push_back(std::move(node));
    }
    return list;
}

ObservedChange change_of(const Key& key, ObservedChange::Type type) {
    ObservedChange change;
    change.type = type;
    std::tie(change.src, change.dst, change.point) = key;
    return change;
}

}  // namespace

std::string_view to_string(ObservedChange::Type type) {
    switch (type) {
        case ObservedChange::Type::added:
            return "added";
        case ObservedChange::Type::removed:
            return "removed";
        case ObservedChange::Type::changed:
            break;
    }
    return "changed";
}

ObservedDiff diff(const Audit& before, const Audit& after) {
    ObservedDiff result;
    result.before = before.last - before.first;
    result.after = after.last - after.first;
    result.lossy = before.lossy || after.lossy;
    result.nodes = nodes_of(before, after);
    result.added = only_in(talking(after), talking(before));
    result.removed = only_in(talking(before), talking(after));
    const auto old_edges = seen_edges(before);
    const auto new_edges = seen_edges(after);
    for (const auto& [key, edge] : new_edges) {
        const auto at = old_edges.find(key);
        ObservedChange change =
            change_of(key, at == old_edges.end() ? ObservedChange::Type::added
                                                 : ObservedChange::Type::changed);
        change.after = *edge;
        if (at != old_edges.end()) {
            change.before = *at->second;
            change.what = changes(*at->second, *edge, result);
            if (change.what.empty()) {
                ++result.same;
                continue;
            }
        }
        result.rows.push_back(std::move(change));
    }
    for (const auto& [key, edge] : old_edges) {
        if (new_edges.contains(key)) continue;
        result.rows.push_back(change_of(key, ObservedChange::Type::removed));
        result.rows.back().before = *edge;
    }
    std::sort(result.rows.begin(), result.rows.end(),
              [](const ObservedChange& a, const ObservedChange& b) {
                  return std::tie(a.src, a.dst, a.point) < std::tie(b.src, b.dst, b.point);
              });
    return result;
}

}  // namespace nspect::analyzer
