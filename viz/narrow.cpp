// SPDX-License-Identifier: Apache-2.0
#include "viz/narrow.h"

#include "viz/community_names.h"
#include "viz/drawn.h"

namespace nspect::viz {

namespace {

bool is_hidden(const Graph& graph, const GraphEdge& edge, const Narrow& narrow) {
    if (narrow.hidden_states.count(edge.state) > 0) return true;
    for (const std::size_t end : {edge.from, edge.to}) {
        if (narrow.hidden_groups.count(graph.nodes[end].group) > 0) return true;
    }
    if (edge.declared_traffic) {
        return !edge.declared_traffic->empty() &&
               narrow.hidden_traffic.contains(*edge.declared_traffic);
    }
    return narrow.hidden_traffic.contains(edge.point);
}

/// By node: whether it is at most so many hops from the first ones, over the edges that are shown.
std::vector<bool> near(const Graph& graph, const Narrow& narrow, const std::vector<bool>& shown) {
    std::vector<bool> reached(graph.nodes.size(), false);
    for (const std::size_t node : narrow.around) reached[node] = true;
    for (std::size_t hop = 0; hop < narrow.hops; ++hop) {
        std::vector<bool> next = reached;
        for (std::size_t i = 0; i < graph.edges.size(); ++i) {
            const GraphEdge& edge = graph.edges[i];
            if (!shown[i] || reached[edge.from] == reached[edge.to]) continue;
            next[edge.from] = next[edge.to] = true;
        }
        if (next == reached) break;
        reached = std::move(next);
    }
    return reached;
}

/// By node: whether it is shown for its own sake: it lost no edge, or has one left.
std::vector<bool> with_edges(const Graph& graph, const Narrow& narrow,
                             const std::vector<bool>& shown) {
    std::vector<bool> kept(graph.nodes.size(), true);
    for (const GraphEdge& edge : graph.edges) kept[edge.from] = kept[edge.to] = false;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        if (narrow.hidden_groups.count(graph.nodes[i].group) > 0) kept[i] = false;
    }
    for (std::size_t i = 0; i < graph.edges.size(); ++i) {
        if (shown[i]) kept[graph.edges[i].from] = kept[graph.edges[i].to] = true;
    }
    return kept;
}

/// `edge_of`, by edge: its index in what is left, or no_edge.
Graph only(const Graph& graph, const std::vector<bool>& nodes, const std::vector<bool>& edges,
           std::vector<std::size_t>& edge_of) {
    Graph result;
    edge_of.assign(graph.edges.size(), analyzer::no_edge);
    std::vector<std::size_t> index(graph.nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        index[i] = result.nodes.size();
        if (nodes[i]) result.nodes.push_back(graph.nodes[i]);
    }
    for (std::size_t i = 0; i < edges.size(); ++i) {
        GraphEdge edge = graph.edges[i];
        if (!edges[i] || !nodes[edge.from] || !nodes[edge.to]) continue;
        edge.from = index[edge.from];
        edge.to = index[edge.to];
        edge_of[i] = result.edges.size();
        result.edges.push_back(std::move(edge));
    }
    return result;
}

/// The host or the label's value of one endpoint; empty without.
std::string place_of(const Endpoint& endpoint, std::string_view by) {
    if (by == "host") return endpoint.node;
    const std::string* value = endpoint.labels.find(by.substr(by.find(':') + 1));
    return value == nullptr ? std::string() : *value;
}

std::string place_of(const Inventory& inventory, std::size_t workload, std::string_view by) {
    std::set<std::string> places;
    for (const std::size_t each : inventory.endpoints_of(workload)) {
        places.insert(place_of(inventory.endpoints()[each], by));
    }
    if (places.empty()) return {};
    return places.size() == 1 ? *places.begin() : "several";
}

void group_by_community(Graph& graph) {
    std::vector<bool> inside;
    for (const GraphNode& node : graph.nodes) {
        inside.push_back(node.kind != GraphNode::Kind::external);
    }
    const auto names = community_names(graph, inside);
    for (std::size_t i = 0; i < names.size(); ++i) graph.nodes[i].group = names[i];
}

Graph narrowed(const Graph& graph, const Narrow& narrow, std::vector<std::size_t>& edge_of) {
    std::vector<bool> shown;
    for (const GraphEdge& edge : graph.edges) shown.push_back(!is_hidden(graph, edge, narrow));
    const auto nodes =
        narrow.around.empty() ? with_edges(graph, narrow, shown) : near(graph, narrow, shown);
    return only(graph, nodes, shown, edge_of);
}

}  // namespace

Graph narrowed(const Graph& graph, const Narrow& narrow) {
    std::vector<std::size_t> edge_of;
    return narrowed(graph, narrow, edge_of);
}

void narrow(const Narrow& narrow, analyzer::Audit& audit) {
    std::vector<std::size_t> place;
    audit.graph = narrowed(audit.graph, narrow, place);
    for (auto& edge : audit.edge_of) edge = place[edge];
    std::erase_if(audit.findings, [&](const Finding& each) {
        return each.edge && place[*each.edge] == analyzer::no_edge;
    });
    for (Finding& each : audit.findings) {
        if (each.edge) each.edge = place[*each.edge];
    }
    audit.edges_by_state.clear();
    for (const GraphEdge& edge : audit.graph.edges) ++audit.edges_by_state[edge.state];
}

std::vector<std::size_t> nodes_named(const Graph& graph, std::string_view text) {
    std::vector<std::size_t> list;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const GraphNode& node = graph.nodes[i];
        const bool member = text.ends_with('/') && text.substr(0, text.size() - 1) == node.group;
        if (member || text == node.id || text == without_kind(node.id) || text == node.label)
            list.push_back(i);
    }
    return list;
}

bool regroup(Graph& graph, const Inventory& inventory, std::string_view by) {
    if (by == "community") {
        group_by_community(graph);
        return true;
    }
    if (by != "host" && (!by.starts_with("label:") || by == "label:")) return false;
    for (GraphNode& node : graph.nodes) {
        if (node.workload) node.group = place_of(inventory, *node.workload, by);
    }
    return true;
}

}  // namespace nspect::viz
