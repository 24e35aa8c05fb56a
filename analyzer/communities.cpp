// SPDX-License-Identifier: Apache-2.0
#include "analyzer/communities.h"

#include <algorithm>
#include <map>
#include <utility>

namespace nspect::analyzer {
namespace {

constexpr int most_passes = 32;  // over all nodes of one level; a few settle it
constexpr int most_levels = 16;
constexpr double least_gain = 1e-9;  // less is rounding, and would go round in circles

/// An undirected graph whose nodes stand for one node or for many.
struct Level {
    struct Link {
        std::size_t to;
        double weight;
    };
    std::vector<std::vector<Link>> links;
    std::vector<double> degree;  ///< with what lies inside counted twice
    double total = 0;            ///< of all degrees
};

Level level_of(std::size_t nodes,
               const std::map<std::pair<std::size_t, std::size_t>, double>& all) {
    Level level{std::vector<std::vector<Level::Link>>(nodes), std::vector<double>(nodes), 0};
    for (const auto& [ends, weight] : all) {
        const auto [a, b] = ends;
        if (a != b) {
            level.links[a].push_back({b, weight});
            level.links[b].push_back({a, weight});
        }
        level.degree[a] += weight;
        level.degree[b] += weight;
        level.total += 2 * weight;
    }
    return level;
}

/// Moves each node to the neighbouring community where modularity gains most, until nothing moves.
class Mover {
public:
    explicit Mover(const Level& level) : level_(level), degree_(level.degree) {
        for (std::size_t i = 0; i < level.links.size(); ++i) community_.push_back(i);
    }
    std::vector<std::size_t> settle() {
        bool moved = true;
        for (int pass = 0; moved && pass < most_passes; ++pass) {
            moved = false;
            for (std::size_t i = 0; i < community_.size(); ++i) moved = move(i) || moved;
        }
        return community_;
    }

private:
    bool move(std::size_t node) {
        const std::size_t old = community_[node];
        std::map<std::size_t, double> to{{old, 0}};
        for (const auto& link : level_.links[node]) to[community_[link.to]] += link.weight;
        degree_[old] -= level_.degree[node];
        const auto gain = [&](std::size_t community, double weight) {
            return weight - level_.degree[node] * degree_[community] / level_.total;
        };
        std::size_t best = old;
        double most = gain(old, to[old]);
        for (const auto& [community, weight] : to) {
            if (gain(community, weight) <= most + least_gain) continue;
            best = community;
            most = gain(community, weight);
        }
        degree_[best] += level_.degree[node];
        community_[node] = best;
        return best != old;
    }

    const Level& level_;
    std::vector<double> degree_;  ///< by community
    std::vector<std::size_t> community_;
};

/// Numbered without gaps, by who comes first; returns how many there are.
std::size_t renumber(std::vector<std::size_t>& communities) {
    std::map<std::size_t, std::size_t> numbers;
    for (std::size_t& each : communities)
        each = numbers.try_emplace(each, numbers.size()).first->second;
    return numbers.size();
}

}  // namespace

std::vector<std::size_t> communities(const Graph& graph) {
    std::map<std::pair<std::size_t, std::size_t>, double> links;
    for (const GraphEdge& edge : graph.edges) {
        if (edge.from != edge.to) links[std::minmax(edge.from, edge.to)] = 1;
    }
    std::vector<std::size_t> result(graph.nodes.size());
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = i;
    std::size_t count = result.size();
    for (int pass = 0; pass < most_levels && !links.empty(); ++pass) {
        const Level level = level_of(count, links);
        auto settled = Mover(level).settle();
        const std::size_t fewer = renumber(settled);
        if (fewer == count) break;
        count = fewer;
        for (std::size_t& each : result) each = settled[each];
        std::map<std::pair<std::size_t, std::size_t>, double> joined;
        for (const auto& [ends, weight] : links) {
            joined[std::minmax(settled[ends.first], settled[ends.second])] += weight;
        }
        links = std::move(joined);
    }
    renumber(result);
    return result;
}

}  // namespace nspect::analyzer
