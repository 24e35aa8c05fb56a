// SPDX-License-Identifier: Apache-2.0
#include "analyzer/observed.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "analyzer/numbering.h"
#include "analyzer/observer.h"
#include "analyzer/packet_fate.h"
#include "model/hash_seed.h"
#include "model/order.h"

namespace nspect::analyzer {
namespace {

constexpr std::size_t most_services = 16;      // names dialled that an edge lists
constexpr std::string_view by_sni = " (SNI)";  // a name that is the client's word alone

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

std::vector<std::uint32_t> inverse(const std::vector<std::uint32_t>& order) {
    std::vector<std::uint32_t> place(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) place[order[i]] = i;
    return place;
}

void sort(Observed& observed) {
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

constexpr auto none = static_cast<std::uint32_t>(-1);

/// What is counted of an edge: apart from it, since it is much smaller and moved while their number
/// grows.
struct Counts {
    std::uint64_t conversations = 0;
    std::array<std::uint64_t, outcome_count> outcomes{};
    Counters sent;
    Counters received;
    Timestamp first{};
    Timestamp last{};
    std::uint64_t tls = 0;
    std::uint64_t mutual_tls = 0;
    std::uint64_t unknown_tls = 0;
    std::uint32_t app = none;       ///< number of its name
    std::uint32_t services = none;  ///< index of the list of names dialled
    std::uint32_t losses = none;    ///< index of how many were lost where
    std::uint64_t retransmitting = 0;
    std::uint64_t retransmits = 0;
};

/// By the vantages between which packets vanished: how many conversations.
using Losses = std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t>;

}  // namespace

class Observer::Impl {
public:
    Impl(const PolicyEngine& engine, const Places* places, OutsideBy outside_by)
        : engine_(engine),
          places_(places),
          outside_by_(outside_by),
          inventory_(engine.world().inventory),
          ends_(inventory_),
          workload_node_(inventory_.workloads().size(), none) {
        workload_of_.reserve(inventory_.endpoints().size());
        for (const auto& endpoint : inventory_.endpoints()) {
            workload_of_.push_back(static_cast<std::uint32_t>(endpoint.workload));
        }
    }

    Place take(const Conversation& conversation) {
        Place place{ends_.talk(conversation), 0};
        const Talk& talk = place.talk;
        const EdgeKey key{node(talk.client, Direction::ingress, {}),
                          node(talk.server, Direction::egress, name_of_server(conversation)),
                          talk.shown()};
        const auto [edge, added] = edges_.number(key);
        if (added) counts_.emplace_back();
        count(counts_[edge], conversation);
        place.edge = edge;
        return place;
    }

    Graph graph() {
        graph_.edges.resize(edges_.size());
        for (std::size_t i = 0; i < edges_.size(); ++i) fill(graph_.edges[i], i);
        return std::move(graph_);
    }

private:
    struct Outside {
        Numbering<IpAddress> addresses;
        std::vector<std::uint32_t> nodes;  ///< by number of these
    };

    std::string name_of_server(const Conversation& conversation) const {
        if (conversation.broadcast) return "broadcast";
        const std::string& asked = conversation.server.name;
        if (outside_by_ == OutsideBy::asked) return asked;
        if (outside_by_ != OutsideBy::name) return {};
        const bool told = asked.empty() && conversation.tls && !conversation.tls->sni.empty();
        return told ? conversation.tls->sni + std::string(by_sni) : asked;
    }

    std::uint32_t node(const End& end, Direction direction, const std::string& name) {
        switch (end.kind) {
            case End::Kind::endpoint:
                return workload_node(workload_of_[end.index]);
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
            nodes.push_back(named(outside_name(engine_, direction, end.address, outside_by_),
                                  GraphNode::Kind::external));
        }
        return nodes[address];
    }

    std::uint32_t workload_node(std::size_t workload) {
        auto& number = workload_node_[workload];
        if (number != none) return number;
        number = next_node();
        const auto& id = inventory_.workloads()[workload].id;
        GraphNode node{to_string(id), id.name, id.namespace_name, GraphNode::Kind::workload,
                       workload};
        for (const auto endpoint : inventory_.endpoints_of(workload)) {
            node.isolated_ingress |= engine_.isolated(endpoint, Direction::ingress);
            node.isolated_egress |= engine_.isolated(endpoint, Direction::egress);
        }
        graph_.nodes.push_back(std::move(node));
        return number;
    }

    /// A Service whose pods are not known, or are of several workloads.
    std::uint32_t service_node(const Service& service) {
        const auto number =
            named("service/" + service.namespace_name + "/" + service.name, GraphNode::Kind::group);
        graph_.nodes[number].label = service.name;
        graph_.nodes[number].group = service.namespace_name;
        return number;
    }

    std::uint32_t named(const std::string& id, GraphNode::Kind kind) {
        const auto [entry, added] = named_.try_emplace(id, next_node());
        if (added) {
            const bool of_node = kind == GraphNode::Kind::node;
            graph_.nodes.push_back(
                {id, of_node ? id.substr(id.find('/') + 1) : id, "", kind, std::nullopt});
        }
        return entry->second;
    }

    std::uint32_t next_node() const { return static_cast<std::uint32_t>(graph_.nodes.size()); }

    void fill(GraphEdge& edge, std::size_t number) {
        const EdgeKey& key = edges_.keys()[number];
        const Counts& counts = counts_[number];
        edge.from = key.from;
        edge.to = key.to;
        edge.point = key.point;
        edge.conversations = counts.conversations;
        edge.outcomes = counts.outcomes;
        edge.sent = counts.sent;
        edge.received = counts.received;
        edge.first = counts.first;
        edge.last = counts.last;
        edge.tls = counts.tls;
        edge.mutual_tls = counts.mutual_tls;
        edge.unknown_tls = counts.unknown_tls;
        if (counts.app != none) edge.app = apps_.keys()[counts.app];
        if (counts.services != none) edge.services = std::move(services_[counts.services]);
        edge.retransmitting = counts.retransmitting;
        edge.retransmits = counts.retransmits;
        if (counts.losses != none) fill_losses(edge, losses_[counts.losses]);
    }

    void fill_losses(GraphEdge& edge, const Losses& losses) const {
        std::uint64_t most = 0;
        for (const auto& [between, count] : losses) {
            edge.lost += count;
            if (count <= most || places_ == nullptr) continue;
            most = count;
            edge.lost_between = {places_->words(between.first), places_->words(between.second)};
        }
    }

    void count(Counts& edge, const Conversation& conversation) {
        const bool first = edge.conversations++ == 0;
        ++edge.outcomes.at(static_cast<std::size_t>(conversation.outcome));
        edge.sent += conversation.sent;
        edge.received += conversation.received;
        edge.first = first ? conversation.first : std::min(edge.first, conversation.first);
        edge.last = first ? conversation.last : std::max(edge.last, conversation.last);
        if (edge.app == none && !conversation.app.empty()) {
            edge.app = apps_.number(conversation.app).first;
        }
        if (conversation.tls) {
            ++edge.tls;
            edge.mutual_tls += conversation.tls->client_cert == ClientCert::presented ? 1 : 0;
            edge.unknown_tls += conversation.tls->client_cert == ClientCert::unknown ? 1 : 0;
        }
        if (conversation.service) note_service(edge, *conversation.service);
        edge.retransmitting += conversation.retransmits > 0 ? 1 : 0;
        edge.retransmits += conversation.retransmits;
        if (const auto between = place_of_loss(conversation)) note_loss(edge, *between);
    }

    /// Where packets vanished, all of them or some that were then sent again.
    std::optional<std::pair<std::uint32_t, std::uint32_t>> place_of_loss(
        const Conversation& conversation) const {
        if (conversation.lost_between || conversation.retransmits == 0 || places_ == nullptr) {
            return conversation.lost_between;
        }
        const PacketFate fate = packet_fate(conversation, *places_);
        const bool lost = fate.fate == Fate::partly_lost || fate.fate == Fate::answer_lost;
        return lost ? fate.between : std::nullopt;
    }

    void note_loss(Counts& edge, const std::pair<std::uint32_t, std::uint32_t>& between) {
        if (edge.losses == none) {
            edge.losses = static_cast<std::uint32_t>(losses_.size());
            losses_.emplace_back();
        }
        ++losses_[edge.losses][between];
    }

    void note_service(Counts& edge, std::size_t index) {
        if (edge.services == none) {
            edge.services = static_cast<std::uint32_t>(services_.size());
            services_.emplace_back();
        }
        const auto& service = inventory_.services()[index];
        auto& names = services_[edge.services];
        if (names.size() >= most_services) return;
        auto name = service.namespace_name + "/" + service.name;
        const auto at = std::lower_bound(names.begin(), names.end(), name);
        if (at == names.end() || *at != name) names.insert(at, std::move(name));
    }

    const PolicyEngine& engine_;
    const Places* places_;
    OutsideBy outside_by_;
    const Inventory& inventory_;
    Ends ends_;
    Graph graph_;                             ///< without edges until its end
    std::vector<std::uint32_t> workload_of_;  ///< by endpoint
    std::vector<std::uint32_t> workload_node_;
    std::unordered_map<std::string, std::uint32_t, SeededTextHash> named_;
    std::array<Outside, 2> outside_;  ///< by Direction
    Numbering<EdgeKey, EdgeKeyHash> edges_;
    std::vector<Counts> counts_;  ///< by edge
    Numbering<std::string> apps_;
    std::vector<std::vector<std::string>> services_;
    std::vector<Losses> losses_;
};

namespace {

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

std::string outside_name(const PolicyEngine& engine, Direction direction, const IpAddress& address,
                         OutsideBy outside) {
    if (is_metadata_service(address)) return "metadata-service";
    if (address.is_multicast()) return "multicast";
    if (address.is_link_local()) return "link-local";
    if (address.is_loopback()) return "loopback";
    if (address.is_unspecified()) return "unspecified";
    if (outside == OutsideBy::internet && !is_private(address)) return "internet";
    const auto range = class_range(engine, direction, address);
    if (outside != OutsideBy::block && !is_private(address)) {
        return is_wide(range) ? "internet" : range_name(range);
    }
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

Observed observe(const PolicyEngine& engine, const std::vector<Conversation>& conversations,
                 const HowFar& how_far) {
    Observed observed = observe_unsorted(engine, conversations, how_far);
    sort(observed);
    return observed;
}

Observed observe_unsorted(const PolicyEngine& engine,
                          const std::vector<Conversation>& conversations, const HowFar& how_far) {
    Observed observed;
    observed.edge_of.reserve(conversations.size());
    observed.talks.reserve(conversations.size());
    Observer observer(engine);
    for (const auto& conversation : conversations) {
        const auto place = observer.take(conversation);
        observed.talks.push_back(place.talk);
        observed.edge_of.push_back(place.edge);
        tell(how_far, observed.talks.size(), conversations.size());
    }
    observed.graph = observer.graph();
    return observed;
}

Observer::Observer(const PolicyEngine& engine, const Places* places, OutsideBy outside)
    : impl_(std::make_unique<Impl>(engine, places, outside)) {}

Observer::~Observer() = default;

Observer::Place Observer::take(const Conversation& conversation) {
    return impl_->take(conversation);
}

Graph Observer::graph() {
    return impl_->graph();
}

}  // namespace nspect::analyzer
