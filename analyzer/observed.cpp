// SPDX-License-Identifier: Apache-2.0
#include "analyzer/observed.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "analyzer/numbering.h"
#include "model/order.h"

namespace nspect::analyzer {
namespace {

constexpr std::size_t most_services = 16;  // names dialled that an edge lists

struct EdgeKey {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    TrafficPoint point;
    bool operator==(const EdgeKey&) const = default;
};

struct EdgeKeyHash {
    std::size_t operator()(const EdgeKey& key) const noexcept {
        std::size_t hash = std::size_t{key.from} * 0x9e3779b97f4a7c15ULL + key.to;
        hash = (hash ^ (hash >> 29U)) * 0xbf58476d1ce4e5b9ULL;
        return hash + key.point.port.number * 8U + static_cast<std::size_t>(key.point.protocol);
    }
};

class Observer {
public:
    explicit Observer(const PolicyEngine& engine)
        : engine_(engine),
          inventory_(engine.world().inventory),
          ends_(inventory_),
          workload_node_(inventory_.workloads().size(), no_node) {}

    Observed observe(const std::vector<Conversation>& conversations) {
        result_.edge_of.reserve(conversations.size());
        result_.talks.reserve(conversations.size());
        for (const auto& conversation : conversations) {
            result_.talks.push_back(ends_.talk(conversation));
            const auto& talk = result_.talks.back();
            const EdgeKey key{node(talk.client, Direction::ingress, {}),
                              node(talk.server, Direction::egress, conversation.server.name),
                              talk.shown()};
            result_.edge_of.push_back(edges_.number(key).first);
        }
        make_edges();
        for (std::size_t i = 0; i < conversations.size(); ++i) {
            count(result_.graph.edges[result_.edge_of[i]], conversations[i]);
        }
        return std::move(result_);
    }

    static void sort(Observed& observed) {
        auto& [nodes, edges] = observed.graph;
        const auto node_order =
            sorted_order(nodes, [](const GraphNode& a, const GraphNode& b) { return a.id < b.id; });
        const auto node_place = inverse(node_order);
        put_in_order(nodes, node_order);
        // Apart from the edges, which are many times as large.
        std::vector<EdgeKey> keys(edges.size());
        for (std::size_t i = 0; i < edges.size(); ++i) {
            auto& edge = edges[i];
            edge.from = node_place[edge.from];
            edge.to = node_place[edge.to];
            keys[i] = {static_cast<std::uint32_t>(edge.from), static_cast<std::uint32_t>(edge.to),
                       edge.point};
        }
        const auto edge_order = sorted_order(keys, [](const EdgeKey& a, const EdgeKey& b) {
            return std::tie(a.from, a.to, a.point) < std::tie(b.from, b.to, b.point);
        });
        const auto edge_place = inverse(edge_order);
        put_in_order(edges, edge_order);
        for (auto& edge : observed.edge_of) edge = edge_place[edge];
    }

private:
    static constexpr auto no_node = static_cast<std::uint32_t>(-1);
    struct Outside {
        Numbering<IpAddress> addresses;
        std::vector<std::uint32_t> nodes;  ///< by number of these
    };

    std::uint32_t node(const End& end, Direction direction, const std::string& name) {
        switch (end.kind) {
            case End::Kind::endpoint:
                return workload_node(inventory_.endpoints()[end.index].workload);
            case End::Kind::node:
                return named("node/" + inventory_.nodes()[end.index].name, GraphNode::Kind::node);
            case End::Kind::service:
                return service_node(inventory_.services()[end.index]);
            case End::Kind::address:
                break;
        }
        if (!name.empty()) return named(name, GraphNode::Kind::external);
        auto& [addresses, nodes] = outside_.at(static_cast<std::size_t>(direction));
        const auto [address, added] = addresses.number(end.address);
        if (added) {
            nodes.push_back(
                named(outside_name(engine_, direction, end.address), GraphNode::Kind::external));
        }
        return nodes[address];
    }

    std::uint32_t workload_node(std::size_t workload) {
        auto& number = workload_node_[workload];
        if (number != no_node) return number;
        number = next_node();
        const auto& id = inventory_.workloads()[workload].id;
        GraphNode node{to_string(id), id.name, id.namespace_name, GraphNode::Kind::workload,
                       workload};
        for (const auto endpoint : inventory_.endpoints_of(workload)) {
            node.isolated_ingress |= engine_.isolated(endpoint, Direction::ingress);
            node.isolated_egress |= engine_.isolated(endpoint, Direction::egress);
        }
        result_.graph.nodes.push_back(std::move(node));
        return number;
    }

    /// A Service whose pods are not known, or are of several workloads.
    std::uint32_t service_node(const Service& service) {
        const auto number =
            named("service/" + service.namespace_name + "/" + service.name, GraphNode::Kind::group);
        result_.graph.nodes[number].label = service.name;
        result_.graph.nodes[number].group = service.namespace_name;
        return number;
    }

    std::uint32_t named(const std::string& id, GraphNode::Kind kind) {
        const auto [entry, added] = named_.try_emplace(id, next_node());
        if (added) {
            const bool of_node = kind == GraphNode::Kind::node;
            result_.graph.nodes.push_back(
                {id, of_node ? id.substr(id.find('/') + 1) : id, "", kind, std::nullopt});
        }
        return entry->second;
    }

    std::uint32_t next_node() const {
        return static_cast<std::uint32_t>(result_.graph.nodes.size());
    }

    /// All at once: while their number grows, moving them would cost more than counting.
    void make_edges() {
        auto& edges = result_.graph.edges;
        edges.resize(edges_.size());
        for (std::size_t i = 0; i < edges.size(); ++i) {
            const auto& key = edges_.keys()[i];
            edges[i].from = key.from;
            edges[i].to = key.to;
            edges[i].point = key.point;
        }
    }

    void count(GraphEdge& edge, const Conversation& conversation) const {
        const bool first = edge.conversations++ == 0;
        ++edge.outcomes[static_cast<std::size_t>(conversation.outcome)];
        edge.sent += conversation.sent;
        edge.received += conversation.received;
        edge.first = first ? conversation.first : std::min(edge.first, conversation.first);
        edge.last = first ? conversation.last : std::max(edge.last, conversation.last);
        if (edge.app.empty()) edge.app = conversation.app;
        if (conversation.tls) {
            ++edge.tls;
            edge.mutual_tls += conversation.tls->client_cert == ClientCert::presented ? 1 : 0;
            edge.unknown_tls += conversation.tls->client_cert == ClientCert::unknown ? 1 : 0;
        }
        if (conversation.service) note_service(edge, *conversation.service);
    }

    void note_service(GraphEdge& edge, std::size_t index) const {
        const auto& service = inventory_.services()[index];
        auto& names = edge.services;
        if (names.size() >= most_services) return;
        auto name = service.namespace_name + "/" + service.name;
        const auto at = std::lower_bound(names.begin(), names.end(), name);
        if (at == names.end() || *at != name) names.insert(at, std::move(name));
    }

    static std::vector<std::uint32_t> inverse(const std::vector<std::uint32_t>& order) {
        std::vector<std::uint32_t> place(order.size());
        for (std::uint32_t i = 0; i < order.size(); ++i) place[order[i]] = i;
        return place;
    }

    const PolicyEngine& engine_;
    const Inventory& inventory_;
    Ends ends_;
    Observed result_;
    std::vector<std::uint32_t> workload_node_;
    std::unordered_map<std::string, std::uint32_t> named_;
    std::array<Outside, 2> outside_;  ///< by Direction
    Numbering<EdgeKey, EdgeKeyHash> edges_;
};

/// The interval of the address class around `address`.
IpRange class_range(const PolicyEngine& engine, Direction direction, const IpAddress& address) {
    const auto& classes = engine.address_classes(direction);
    const auto number = engine.address_class_of(direction, address);
    if (number < classes.size()) {
        for (const auto& range : classes[number].intervals()) {
            if (range.contains(address)) return range;
        }
    }
    return {address, address};
}

/// Larger than a /8, or a /32 of IPv6: no block that somebody set apart.
bool is_wide(const IpRange& range) {
    if (range.first.is_v4()) return range.last.low() - range.first.low() >= 0xffffffU;
    return range.last.high() - range.first.high() >= 0xffffffffU;
}

}  // namespace

std::string range_name(const IpRange& range) {
    for (unsigned length = 0; length <= range.first.bits(); ++length) {
        const IpPrefix block(range.first, length);
        if (block.range() == range) return to_string(block);
    }
    return to_string(range);
}

std::string outside_name(const PolicyEngine& engine, Direction direction,
                         const IpAddress& address) {
    if (is_metadata_service(address)) return "metadata-service";
    if (address.is_multicast()) return "multicast";
    if (address.is_link_local()) return "link-local";
    if (address.is_loopback()) return "loopback";
    if (address.is_unspecified()) return "unspecified";
    const auto range = class_range(engine, direction, address);
    if (!is_private(address)) return is_wide(range) ? "internet" : range_name(range);
    const IpPrefix block(address, address.is_v4() ? 24 : 64);
    const auto around = block.range();
    const bool set_apart = around.first < range.first || range.last < around.last;
    if (!set_apart) return to_string(block);
    return range_name({std::max(around.first, range.first), std::min(around.last, range.last)});
}

std::string edge_name(const Graph& graph, const GraphEdge& edge) {
    return graph.nodes[edge.from].id + " -> " + graph.nodes[edge.to].id + " " +
           to_string(edge.point);
}

Observed observe(const PolicyEngine& engine, const std::vector<Conversation>& conversations) {
    Observed observed = observe_unsorted(engine, conversations);
    Observer::sort(observed);
    return observed;
}

Observed observe_unsorted(const PolicyEngine& engine,
                          const std::vector<Conversation>& conversations) {
    return Observer(engine).observe(conversations);
}

}  // namespace nspect::analyzer
