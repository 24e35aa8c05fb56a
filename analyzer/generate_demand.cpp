// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_demand.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "analyzer/audit_verdicts.h"

namespace nspect::analyzer {
namespace {

struct ListenerHash {
    std::size_t operator()(const std::pair<Socket, Protocol>& key) const noexcept {
        return std::hash<IpAddress>{}(key.first.ip) * 31U + key.first.port.number * 7U +
               static_cast<std::size_t>(key.second);
    }
};
using Listeners = std::unordered_set<std::pair<Socket, Protocol>, ListenerHash>;

bool is_weak(const Conversation& conversation) {
    return conversation.direction == DirectionEvidence::port_numbers;
}

/// Sockets that surely listen: somebody was seen to begin a conversation with them.
Listeners listeners(const std::vector<Conversation>& conversations) {
    Listeners found;
    for (const auto& conversation : conversations) {
        if (conversation.direction != DirectionEvidence::handshake) continue;
        found.emplace(conversation.server.socket, conversation.protocol);
    }
    return found;
}

class Collector {
public:
    Collector(const PolicyEngine& in_force, const Observed& observed,
              const std::vector<Conversation>& conversations,
              const std::set<std::string>& namespaces)
        : inventory_(in_force.world().inventory),
          observed_(observed),
          conversations_(conversations),
          namespaces_(namespaces),
          verdicts_(in_force),
          listeners_(listeners(conversations)) {}

    Demands collect() {
        for (std::size_t i = 0; i < conversations_.size(); ++i) take(i);
        for (const auto& [key, count] : left_out_) {
            const auto& edge = observed_.graph.edges[key.first];
            demands_.left_out.push_back({edge_name(observed_.graph, edge), key.second, count});
        }
        std::sort(demands_.left_out.begin(), demands_.left_out.end(),
                  [](const LeftOut& a, const LeftOut& b) {
                      return std::tie(a.subject, a.reason) < std::tie(b.subject, b.reason);
                  });
        return std::move(demands_);
    }

private:
    void take(std::size_t index) {
        const auto& conversation = conversations_[index];
        const auto& talk = observed_.talks[index];
        if (talk.within_one()) return;
        const bool from = is_subject(talk.client);
        const bool to = is_subject(talk.server);
        if (!from && !to) return;
        if (const auto reason = why_not(conversation, talk); !reason.empty()) {
            ++left_out_[{observed_.edge_of[index], std::string(reason)}];
            return;
        }
        demands_.permitted.push_back(index);
        if (from) demand(talk.client, Direction::egress, talk.server, talk, conversation);
        if (to && ends_from_own_node(talk)) {
            demands_.probed.insert(workload_of(talk.server));
        } else if (to) {
            demand(talk.server, Direction::ingress, talk.client, talk, conversation);
        }
    }

    /// A pod in a namespace that is asked for.
    bool is_subject(const End& end) const {
        if (end.kind != End::Kind::endpoint) return false;
        const auto& endpoint = inventory_.endpoints()[end.index];
        return namespaces_.contains(inventory_.workload_of(endpoint).namespace_name);
    }

    bool ends_from_own_node(const Talk& talk) {
        return verdicts_.all()[verdicts_.of(talk)].own_node;
    }

    std::string_view why_not(const Conversation& conversation, const Talk& talk) {
        const auto number = verdicts_.of(talk);
        if (!verdicts_.all()[number].allowed()) {
            return reached_server(conversation)
                       ? "denied by the policies in force, though it passed"
                       : "denied by the policies in force";
        }
        if (!has_ports(conversation.protocol)) {
            return "NetworkPolicy names TCP, UDP and SCTP only: this depends on the plugin";
        }
        const auto& server = conversation.server.socket;
        if (server.ip.is_multicast() || server.ip.is_unspecified()) {
            return "multicast and broadcast are not what NetworkPolicy is about";
        }
        if (const auto failure = failure_of(conversation); !failure.empty()) return failure;
        return why_not_by_direction(conversation);
    }

    static std::string_view failure_of(const Conversation& conversation) {
        switch (conversation.outcome) {
            case Outcome::refused:
                return "refused";
            case Outcome::rejected:
                return "rejected on the way";
            case Outcome::unanswered:
                return "unanswered";
            case Outcome::one_way:
                return conversation.lost_between ? "lost on the way" : "";
            case Outcome::established:
            case Outcome::mid_stream:
                break;
        }
        return "";
    }

    std::string_view why_not_by_direction(const Conversation& conversation) const {
        const auto& client = conversation.client.socket;
        const auto& server = conversation.server.socket;
        if (server.port.number == 0) return "without a port";
        if (!is_weak(conversation)) return "";
        const auto listens = [&](const Socket& socket) {
            return listeners_.contains({socket, conversation.protocol});
        };
        if (listens(client) && !listens(server)) return "its start was not seen: these are replies";
        const bool both_ephemeral = client.port.number >= first_ephemeral_port &&
                                    server.port.number >= first_ephemeral_port;
        if (both_ephemeral && !listens(server)) {
            return "its start was not seen, and neither port tells who is the server";
        }
        return "";
    }

    void demand(const End& subject, Direction direction, const End& peer, const Talk& talk,
                const Conversation& conversation) {
        if (peer.kind != End::Kind::endpoint) {
            demand({workload_of(subject),
                    direction,
                    {DemandPeer::Kind::address, 0, peer.address},
                    talk.point},
                   peer, talk, conversation);
            return;
        }
        demand({workload_of(subject),
                direction,
                {DemandPeer::Kind::workload, workload_of(peer), {}},
                talk.point},
               peer, talk, conversation);
        // Plugins differ in whether labels or the node's address name a host-network pod.
        if (!is_host_network(peer)) return;
        demand({workload_of(subject),
                direction,
                {DemandPeer::Kind::address, 0, peer.address},
                talk.point},
               peer, talk, conversation);
    }

    void demand(const Demand& key, const End& peer, const Talk& talk,
                const Conversation& conversation) {
        auto& grounds = demands_.wanted[key];
        const bool first = grounds.conversations++ == 0;
        grounds.first = first ? conversation.first : std::min(grounds.first, conversation.first);
        grounds.last = first ? conversation.last : std::max(grounds.last, conversation.last);
        grounds.weak_direction = (first || grounds.weak_direction) && is_weak(conversation);
        grounds.from_node |= peer.kind == End::Kind::node || is_host_network(peer);
        grounds.service_address |= peer.kind == End::Kind::service;
        grounds.behind_service |= key.direction == Direction::egress && talk.behind_service;
        demands_.seen.insert(key.workload);
    }

    bool is_host_network(const End& end) const {
        return end.kind == End::Kind::endpoint && inventory_.endpoints()[end.index].host_network;
    }

    std::size_t workload_of(const End& end) const {
        return inventory_.endpoints()[end.index].workload;
    }

    const Inventory& inventory_;
    const Observed& observed_;
    const std::vector<Conversation>& conversations_;
    const std::set<std::string>& namespaces_;
    Verdicts verdicts_;
    Listeners listeners_;
    Demands demands_;
    std::map<std::pair<std::size_t, std::string>, std::uint64_t> left_out_;
};

}  // namespace

Demands demands_of(const PolicyEngine& in_force, const Observed& observed,
                   const std::vector<Conversation>& conversations,
                   const std::set<std::string>& namespaces) {
    return Collector(in_force, observed, conversations, namespaces).collect();
}

}  // namespace nspect::analyzer
