// SPDX-License-Identifier: Apache-2.0
#include "viz/collapse.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "viz/community_names.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

constexpr std::size_t lone_nodes = 12;  // outside all groups, shown one by one
constexpr double nearly_all = 0.8;      // of the nodes in groups

/// The group that holds nearly everything, where there is one.
std::optional<std::string> ruling_group(const Graph& graph) {
    std::map<std::string, std::size_t> sizes;
    std::size_t all = 0;
    for (const GraphNode& node : graph.nodes) {
        if (node.group.empty()) continue;
        ++sizes[node.group];
        ++all;
    }
    for (const auto& [group, size] : sizes) {
        if (static_cast<double>(size) >= nearly_all * static_cast<double>(all)) return group;
    }
    return {};
}

/// By node: what it is gathered under; empty for one that stands for itself.
class Keys {
public:
    explicit Keys(const Graph& graph) : graph_(graph), ruling_(ruling_group(graph)) {
        alone_ = static_cast<std::size_t>(
            std::count_if(graph.nodes.begin(), graph.nodes.end(),
                          [](const GraphNode& node) { return node.group.empty(); }));
        if (ruling_ || alone_ == graph.nodes.size()) name_communities();
    }
    std::string of(std::size_t node) const {
        const std::string& group = graph_.nodes[node].group;
        if (!communities_.empty() && group == ruling_.value_or("")) {
            return communities_[node];
        }
        if (!group.empty()) return group;
        return alone_ > lone_nodes ? "outside" : "";
    }

private:
    void name_communities() {
        std::vector<bool> ruled;
        for (const GraphNode& node : graph_.nodes) {
            ruled.push_back(node.group == ruling_.value_or(""));
        }
        communities_ = community_names(graph_, ruled);
        if (!ruling_) return;
        for (auto& each : communities_) each.insert(0, *ruling_ + ": ");
    }

    const Graph& graph_;
    std::optional<std::string> ruling_;
    std::size_t alone_ = 0;
    std::vector<std::string> communities_;  ///< by node
};

struct Gathered {
    std::size_t nodes = 0;
    std::size_t inside = 0;  ///< edges
};

/// "shop[120 workloads, 300 edges inside]": the part in brackets is small print.
void add_small_print(const std::vector<Gathered>& gathered, Graph& graph) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        if (graph.nodes[i].kind != GraphNode::Kind::group || gathered[i].nodes == 0) continue;
        graph.nodes[i].id += "[" + std::to_string(gathered[i].nodes) + " inside";
        if (gathered[i].inside > 0) graph.nodes[i].id += ", " + counted(gathered[i].inside, "edge");
        graph.nodes[i].id += "]";
    }
}

}  // namespace

Overview overview(const Graph& graph) {
    Overview result;
    const Keys keys(graph);
    std::map<std::pair<bool, std::string>, std::size_t> index;  // gathered, name
    std::vector<Gathered> gathered;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const std::string key = keys.of(i);
        const bool gathers = !key.empty();
        const auto [at, added] = index.try_emplace({gathers, gathers ? key : graph.nodes[i].id},
                                                   result.graph.nodes.size());
        if (added) {
            GraphNode made = graph.nodes[i];
            if (gathers) made = {key, key, "", GraphNode::Kind::group, {}};
            result.graph.nodes.push_back(std::move(made));
            gathered.emplace_back();
        }
        if (gathers) ++gathered[at->second].nodes;
        result.node_of.push_back(at->second);
    }
    for (std::size_t i = 0; i < graph.edges.size(); ++i) {
        GraphEdge edge = graph.edges[i];
        edge.from = result.node_of[edge.from];
        edge.to = result.node_of[edge.to];
        if (edge.from == edge.to) {
            ++gathered[edge.from].inside;
            continue;
        }
        result.graph.edges.push_back(std::move(edge));
        result.edges.push_back(i);
    }
    add_small_print(gathered, result.graph);
    return result;
}

std::optional<Overview> useful_overview(const Graph& graph) {
    Overview made = overview(graph);
    if (made.graph.nodes.size() < 2 || made.graph.nodes.size() * 2 > graph.nodes.size()) return {};
    return made;
}

std::optional<View> collapsed(const View& view, bool whenever) {
    if (!view.wires.empty()) return {};
    auto made = whenever ? overview(view.graph) : useful_overview(view.graph);
    if (!made || made->graph.nodes.size() >= view.graph.nodes.size()) return {};
    View result;
    result.title = view.title + ": " + std::to_string(view.graph.nodes.size()) + " nodes as " +
                   std::to_string(made->graph.nodes.size());
    result.graph = std::move(made->graph);
    result.wide_by_bytes = view.wide_by_bytes;
    result.warnings = view.warnings;
    return result;
}

}  // namespace nspect::viz
