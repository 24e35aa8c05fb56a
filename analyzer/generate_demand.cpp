// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_demand.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "analyzer/audit_verdicts.h"
#include "analyzer/generate_exclude.h"
#include "analyzer/generate_limits.h"
#include "model/hash_seed.h"

namespace nspect::analyzer {
namespace {

struct ListenerHash {
    std::size_t operator()(const std::pair<Socket, Protocol>& key) const noexcept {
        const auto protocol = static_cast<std::size_t>(key.second);
        return seeded_hash(std::hash<IpAddress>{}(key.first.ip),
                           protocol << 16U | key.first.port.number);
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

struct DemandHash {
    std::size_t operator()(const Demand& key) const noexcept {
        std::size_t hash = std::hash<IpAddress>{}(key.peer.address);
        for (const auto part : {key.workload, key.peer.workload, std::size_t{key.point.port.number},
                                std::hash<std::string>{}(key.peer.domain)}) {
            hash = (hash ^ (hash >> 29U)) * 0x9e3779b97f4a7c15ULL + part;
        }
        return hash ^ (hash >> 32U);
    }
};

/// Finds the grounds of a demand again without walking the sorted map; conversations are many,
/// demands few.
class Wanted {
public:
    explicit Wanted(Demands& demands) : demands_(demands) {}

    Grounds& operator[](const Demand& key) {
        auto& [demand, grounds] = latest_[static_cast<std::size_t>(key.direction)];
        if (grounds == nullptr || demand != key) {
            demand = key;
            grounds = &find(key);
        }
        return *grounds;
    }

private:
    Grounds& find(const Demand& key) {
        auto& grounds = known_[key];
        if (grounds == nullptr) {
            grounds = &demands_.wanted[key];
            demands_.seen.insert(key.workload);
        }
        return *grounds;
    }

    Demands& demands_;
    std::unordered_map<Demand, Grounds*, DemandHash> known_;
    std::array<std::pair<Demand, Grounds*>, 2> latest_{};  // by direction
};

/// Writes down what one conversation asks of one side's policies.
class Asker {
public:
    Asker(const Inventory& inventory, const Talk& talk, const Conversation& conversation,
          std::optional<Dialect> names, Wanted& wanted)
        : inventory_(inventory),
          talk_(talk),
          conversation_(conversation),
          names_(names),
          wanted_(wanted) {}

    void ask(Direction direction) {
        const bool out = direction == Direction::egress;
        const End& subject = out ? talk_.client : talk_.server;
        const End& peer = out ? talk_.server : talk_.client;
        const auto workload = inventory_.endpoints()[subject.index].workload;
        each_peer(peer, out, [&](DemandPeer name) {
            note({workload, direction, std::move(name), talk_.point}, peer);
        });
    }

private:
    template <class Use>
    void each_peer(const End& peer, bool out, Use use) const {
        if (peer.kind == End::Kind::endpoint) {
            const auto& endpoint = inventory_.endpoints()[peer.index];
            use({DemandPeer::Kind::workload, endpoint.workload, {}});
            // Plugins differ in whether labels or the node's address name a host-network pod.
            if (!endpoint.host_network) return;
        } else if (out && asks_by_name(peer) && can_name(*names_, conversation_.server.name)) {
            return use({DemandPeer::Kind::domain, 0, {}, conversation_.server.name});
        }
        use({DemandPeer::Kind::address, 0, peer.address});
    }

    bool asks_by_name(const End& peer) const {
        return names_ && peer.kind == End::Kind::address && !conversation_.server.name.empty() &&
               !peer.address.is_link_local();
    }

    void note(const Demand& key, const End& peer) {
        auto& grounds = wanted_[key];
        const auto& made = conversation_;
        const bool first = grounds.conversations++ == 0;
        const bool weak = is_weak(made);
        grounds.first = first ? made.first : std::min(grounds.first, made.first);
        grounds.last = first ? made.last : std::max(grounds.last, made.last);
        grounds.weak_direction = (first || grounds.weak_direction) && weak;
        grounds.from_node |= peer.kind == End::Kind::node || is_host_network(peer);
        grounds.service_address |= peer.kind == End::Kind::service;
        grounds.behind_service |= key.direction == Direction::egress && talk_.behind_service;
        if (key.direction == Direction::egress && key.peer.kind == DemandPeer::Kind::address &&
            asks_by_name(peer)) {
            keep_name(grounds.refused_name, made.server.name);
        }
    }

    bool is_host_network(const End& end) const {
        return end.kind == End::Kind::endpoint && inventory_.endpoints()[end.index].host_network;
    }

    const Inventory& inventory_;
    const Talk& talk_;
    const Conversation& conversation_;
    std::optional<Dialect> names_;
    Wanted& wanted_;
};

class Collector {
public:
    Collector(const PolicyEngine& in_force, const PolicyEngine* kept, const Observed& observed,
              const std::vector<Conversation>& conversations,
              const std::set<std::string>& namespaces, const GenerateOptions& options)
        : inventory_(in_force.world().inventory),
          observed_(observed),
          conversations_(conversations),
          covered_(covered_workloads(inventory_, namespaces)),
          options_(options),
          exclusions_(inventory_, observed, conversations, options.exclude, options.findings),
          kept_(kept),
          verdicts_(in_force),
          listeners_(listeners(conversations)) {
        if (options.fqdn) names_ = options.dialect;
        if (kept != nullptr) kept_verdicts_.emplace(*kept);
    }

    Demands collect(const HowFar& how_far) {
        std::vector<std::size_t> candidates;
        std::vector<std::uint64_t> counts(observed_.graph.edges.size());
        for (std::size_t i = 0; i < conversations_.size(); ++i) {
            if (!concerns_us(observed_.talks[i])) continue;
            if (auto reason = why_not(i); !reason.empty()) {
                leave_out(i, std::move(reason));
                continue;
            }
            candidates.push_back(i);
            ++counts[observed_.edge_of[i]];
        }
        const auto order = by_edge(candidates, counts);
        for (std::size_t at = 0; at < order.size(); ++at) {
            tell(how_far, at, order.size());
            if (at + looked_ahead < order.size()) look_ahead(order[at + looked_ahead]);
            const auto index = order[at];
            const auto edge = observed_.edge_of[index];
            if (counts[edge] < options_.min_count) {
                leave_out(index,
                          "seen fewer than " + std::to_string(options_.min_count) + " times");
            } else {
                take(index);
            }
        }
        list_left_out();
        return std::move(demands_);
    }

private:
    /// By edge, conversations lie anywhere in memory: those that are next are asked for in time.
    static constexpr std::size_t looked_ahead = 8;
    void look_ahead(std::size_t index) const {
        const auto& conversation = conversations_[index];
        __builtin_prefetch(&observed_.talks[index]);
        __builtin_prefetch(&observed_.talks[index].point);
        __builtin_prefetch(&conversation.first);
        __builtin_prefetch(&conversation.direction);
    }

    /// What belongs to one edge is looked up in the same places: one after the other is faster.
    std::vector<std::size_t> by_edge(const std::vector<std::size_t>& candidates,
                                     const std::vector<std::uint64_t>& counts) const {
        std::vector<std::size_t> next(counts.size());
        std::exclusive_scan(counts.begin(), counts.end(), next.begin(), std::size_t{0});
        std::vector<std::size_t> order(candidates.size());
        for (const auto index : candidates) order[next[observed_.edge_of[index]]++] = index;
        return order;
    }

    void leave_out(std::size_t index, std::string reason) {
        ++left_out_[{observed_.edge_of[index], std::move(reason)}];
        const auto& talk = observed_.talks[index];
        for (const auto* end : {&talk.client, &talk.server}) {
            if (!is_subject(*end)) continue;
            ++demands_.left_out_of[inventory_.endpoints()[end->index].workload];
        }
    }

    void list_left_out() {
        for (const auto& [key, count] : left_out_) {
            const auto& edge = observed_.graph.edges[key.first];
            demands_.left_out.push_back({edge_name(observed_.graph, edge), key.second, count});
        }
        std::sort(demands_.left_out.begin(), demands_.left_out.end(),
                  [](const LeftOut& a, const LeftOut& b) {
                      return std::tie(a.subject, a.reason) < std::tie(b.subject, b.reason);
                  });
    }

    bool concerns_us(const Talk& talk) const {
        return !talk.within_one() && (is_subject(talk.client) || is_subject(talk.server));
    }

    void take(std::size_t index) {
        const auto& talk = observed_.talks[index];
        demands_.permitted.push_back(index);
        Asker asker(inventory_, talk, conversations_[index], names_, wanted_);
        if (is_subject(talk.client) && !is_kept(talk, Direction::egress)) {
            asker.ask(Direction::egress);
        }
        if (!is_subject(talk.server)) return;
        if (verdicts_.never_stopped(talk)) {
            demands_.probed.insert(inventory_.endpoints()[talk.server.index].workload);
        } else if (!is_kept(talk, Direction::ingress)) {
            asker.ask(Direction::ingress);
        }
    }

    /// Whether a rule of a kept policy already allows it, so that none is needed.
    bool is_kept(const Talk& talk, Direction direction) {
        if (!kept_verdicts_) return false;
        const auto& verdict = kept_verdicts_->all()[kept_verdicts_->of(talk)].verdict;
        const auto& side = direction == Direction::egress ? verdict.egress : verdict.ingress;
        if (!side.allowed || side.uncertain()) return false;
        const auto& subject = direction == Direction::egress ? talk.client : talk.server;
        for (const auto& reason : side.reasons) {
            if (reason.effect != Reason::Effect::allow || !reason.policy) continue;
            const auto workload = inventory_.endpoints()[subject.index].workload;
            demands_.seen.insert(workload);
            demands_.kept[workload].insert(policy_title(kept_->world().policies[*reason.policy]));
            return true;
        }
        return false;
    }

    /// A pod in a namespace that is asked for.
    bool is_subject(const End& end) const {
        return end.kind == End::Kind::endpoint &&
               covered_[inventory_.endpoints()[end.index].workload];
    }

    static std::vector<bool> covered_workloads(const Inventory& inventory,
                                               const std::set<std::string>& namespaces) {
        std::vector<bool> covered;
        for (const auto& workload : inventory.workloads()) {
            covered.push_back(namespaces.contains(workload.id.namespace_name));
        }
        return covered;
    }

    std::string why_not(std::size_t index) {
        const auto& conversation = conversations_[index];
        const auto& talk = observed_.talks[index];
        if (const auto* exclusion = exclusions_.of(index)) {
            return "excluded by " + exclusion->text;
        }
        if (!verdicts_.passes(talk)) {
            return reached_server(conversation)
                       ? "denied by the policies in force, though it passed"
                       : "denied by the policies in force";
        }
        if (!has_ports(conversation.protocol)) {
            return "NetworkPolicy names TCP, UDP and SCTP only: this depends on the plugin";
        }
        const auto& server = conversation.server.socket;
        if (!cast_of(conversation).empty() || server.ip.is_unspecified()) {
            return "multicast and broadcast are not what NetworkPolicy is about";
        }
        if (const auto failure = failure_of(conversation); !failure.empty()) {
            return std::string(failure);
        }
        return std::string(why_not_by_direction(conversation));
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

    const Inventory& inventory_;
    const Observed& observed_;
    const std::vector<Conversation>& conversations_;
    std::vector<bool> covered_;
    const GenerateOptions& options_;
    std::optional<Dialect> names_;
    Exclusions exclusions_;
    const PolicyEngine* kept_;
    Verdicts verdicts_;
    std::optional<Verdicts> kept_verdicts_;
    Listeners listeners_;
    Demands demands_;
    Wanted wanted_{demands_};
    std::map<std::pair<std::size_t, std::string>, std::uint64_t> left_out_;
};

}  // namespace

Demands demands_of(const PolicyEngine& in_force, const PolicyEngine* kept, const Observed& observed,
                   const std::vector<Conversation>& conversations,
                   const std::set<std::string>& namespaces, const GenerateOptions& options,
                   const HowFar& how_far) {
    return Collector(in_force, kept, observed, conversations, namespaces, options).collect(how_far);
}

void add_demands(const Inventory& inventory, const Talk& talk, const Conversation& conversation,
                 const std::set<Direction>& directions, Demands& demands) {
    Wanted wanted(demands);
    Asker asker(inventory, talk, conversation, std::nullopt, wanted);
    for (const auto direction : directions) asker.ask(direction);
}

}  // namespace nspect::analyzer
