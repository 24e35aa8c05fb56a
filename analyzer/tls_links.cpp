// SPDX-License-Identifier: Apache-2.0
#include "analyzer/tls_links.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "analyzer/numbering.h"
#include "model/hash_seed.h"
#include "model/order.h"

namespace nspect::analyzer {
namespace {

// More than headers alone: 32 bytes each with timestamps, eight more for the SYN.
bool carried_payload(const Counters& counters) {
    return counters.bytes > 33 * counters.packets + 8;
}

// A kubelet asks from the node's address, or from the one that Istio ambient gives its probes.
bool is_probe(const Conversation& conversation) {
    return conversation.client.node ||
           conversation.client.socket.ip == IpAddress::v4(0xa9fe077f);  // 169.254.7.127
}

bool is_by_design(const Conversation& conversation) {
    const Party& client = conversation.client;
    const Party& server = conversation.server;
    const bool inside = client.endpoint && client.endpoint == server.endpoint;
    return inside || client.socket.ip.is_loopback() || is_probe(conversation) ||
           is_mesh_service_port(server.socket.port);
}

/// A link, by the numbers of its ends' names.
struct LinkKey {
    std::uint32_t client = 0;
    std::uint32_t server = 0;
    Port port;

    bool operator==(const LinkKey&) const = default;
};

struct LinkHash {
    std::size_t operator()(const LinkKey& key) const noexcept {
        std::uint64_t hash = std::uint64_t{key.client} << 32U | key.server;
        hash = (hash ^ (hash >> 31U) ^ key.port.number) * 0x9e3779b97f4a7c15ULL;
        return hash ^ (hash >> 32U);
    }
};

const Endpoint* endpoint_of(const Party& party, const Inventory& inventory) {
    return party.endpoint ? &inventory.endpoints()[*party.endpoint] : nullptr;
}

}  // namespace

Protection protection_of(const Conversation& conversation) {
    if (!conversation.tls) {
        // Nothing is said of what began before the capture, or of what was never answered.
        // An answer that was timed is one, however short: ":1" of Redis.
        const bool answered =
            conversation.think_time > Duration{0} ||
            (carried_payload(conversation.sent) && carried_payload(conversation.received));
        const bool spoken = conversation.outcome == Outcome::established && answered;
        return spoken ? Protection::plaintext : Protection::unknown;
    }
    const TlsSeen& tls = *conversation.tls;
    switch (tls.client_cert) {
        case ClientCert::presented:
            return Protection::mutual;
        case ClientCert::declined:
            return Protection::declined;
        case ClientCert::not_requested:
            return tls.post_handshake_auth ? Protection::mutual : Protection::one_way;
        case ClientCert::unknown:
            break;
    }
    if (tls.external_psk) return Protection::mutual;
    return tls.none_presented ? Protection::one_way : Protection::unknown;
}

std::size_t TlsLink::size(Protection protection) const {
    std::size_t sum = 0;
    for (const TlsCall& each : of(protection)) sum += each.count;
    return sum;
}

std::string TlsLink::count(Protection protection) const {
    const Calls calls = of(protection);
    if (calls.empty()) return "none";
    Timestamp first = calls.front().first;
    Timestamp last = calls.front().last;
    for (const TlsCall& each : calls) {
        first = std::min(first, each.first);
        last = std::max(last, each.last);
    }
    const std::size_t number = size(protection);
    return std::to_string(number) + (number == 1 ? " conversation, " : " conversations, first ") +
           to_seconds(first) + (number == 1 ? std::string() : ", last " + to_seconds(last));
}

Finding finding_about(const TlsLink& link, const char* code, Severity severity,
                      std::string message) {
    Finding made;
    made.code = code;
    made.severity = severity;
    made.subject = link.subject();
    made.message = std::move(message);
    if (link.mesh != nullptr) {
        made.evidence.push_back(link.mesh->mesh + " traffic: " + link.mesh->evidence);
    }
    return made;
}

std::string party_name(const Party& party, const Inventory& inventory) {
    if (party.endpoint)
        return to_string(inventory.workload_of(inventory.endpoints()[*party.endpoint]));
    if (party.node) return "node/" + inventory.nodes()[*party.node].name;
    return to_string(party.socket.ip);
}

namespace {

constexpr auto none = static_cast<std::uint32_t>(-1);

/// Numbers for the names of parties, each made once: pods of one workload have one.
class PartyNames {
public:
    explicit PartyNames(const Inventory& inventory)
        : inventory_(inventory),
          of_workload_(inventory.workloads().size(), none),
          of_node_(inventory.nodes().size(), none) {
        workload_of_.reserve(inventory.endpoints().size());
        for (const auto& endpoint : inventory.endpoints()) {
            workload_of_.push_back(static_cast<std::uint32_t>(endpoint.workload));
        }
    }

    std::uint32_t number(const Party& party) {
        auto& known = place(party);
        if (known == none) {
            const auto next = static_cast<std::uint32_t>(names_.size());
            const auto [entry, added] = numbers_.try_emplace(party_name(party, inventory_), next);
            if (added) names_.push_back(entry->first);
            known = entry->second;
        }
        return known;
    }

    /// By number.
    std::deque<std::string> take() { return std::move(names_); }

private:
    std::uint32_t& place(const Party& party) {
        if (party.endpoint) return of_workload_[workload_of_[*party.endpoint]];
        if (party.node) return of_node_[*party.node];
        const auto [address, added] = addresses_.number(party.socket.ip);
        if (added) of_address_.push_back(none);
        return of_address_[address];
    }

    const Inventory& inventory_;
    std::vector<std::uint32_t> workload_of_;  ///< by endpoint, whose other data is large
    std::vector<std::uint32_t> of_workload_;
    std::vector<std::uint32_t> of_node_;
    Numbering<IpAddress> addresses_;
    std::vector<std::uint32_t> of_address_;  ///< by number of these
    std::unordered_map<std::string, std::uint32_t, SeededTextHash> numbers_;
    std::deque<std::string> names_;
};

/// By number: its place among all of them, sorted.
std::vector<std::uint32_t> ranks_of(const std::deque<std::string>& names) {
    std::vector<std::string_view> views(names.begin(), names.end());
    const auto order = sorted_order(views);
    std::vector<std::uint32_t> ranks(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) ranks[order[i]] = i;
    return ranks;
}

/// What calls are told apart by.
struct CallKey {
    std::uint32_t link = 0;
    Protection protection = Protection::unknown;
    bool established = false;
    bool outside = false;
    std::uint32_t app = none;  ///< by number of a word
    std::uint32_t server_name = none;
    Socket dialled;
    const TlsSeen* tls = nullptr;  ///< handshakes that showed the same share it

    bool operator==(const CallKey&) const = default;
};

struct CallHash {
    std::size_t operator()(const CallKey& key) const noexcept {
        std::uint64_t hash = std::uint64_t{key.link} << 8U |
                             static_cast<std::uint64_t>(key.protection) << 2U |
                             std::uint64_t{key.established} << 1U | std::uint64_t{key.outside};
        const auto mix = [&](std::uint64_t more) {
            hash = ((hash ^ (hash >> 29U)) + more) * 0x9e3779b97f4a7c15ULL;
        };
        mix(std::uint64_t{key.app} << 32U | key.server_name);
        mix(std::hash<const void*>{}(key.tls));
        if (key.dialled.port.number != 0) {
            mix(std::hash<IpAddress>{}(key.dialled.ip) + key.dialled.port.number);
        }
        return hash;
    }
};

bool is_outside(const Conversation& conversation) {
    const Party& server = conversation.server;
    return !server.endpoint && !server.node && !conversation.service;
}

bool is_less_than_mutual(Protection protection) {
    return protection == Protection::plaintext || protection == Protection::one_way ||
           protection == Protection::declined;
}

/// Whether anything on a pod says what passes its proxy by.
bool says_of_proxy(const Endpoint* client) {
    return client != nullptr && !(client->mesh.empty() && client->proxy_injection.empty());
}

}  // namespace

class TlsLinkMaker::Impl {
public:
    explicit Impl(const Inventory& inventory) : inventory_(inventory), names_(inventory) {}

    void take(const Conversation& each) {
        const LinkKey key{names_.number(each.client), names_.number(each.server),
                          each.server.socket.port};
        const auto [number, added] = keys_.number(key);
        if (added) links_.push_back(new_link(each));
        auto& link = links_[number];
        link.has_tls = link.has_tls || each.tls;
        count(call(each, number, link), each);
        if (link.mesh != none) return;
        MeshMark mark = mesh_of(each);
        if (mark.mesh.empty()) return;
        link.mesh = static_cast<std::uint32_t>(meshes_.size());
        meshes_.push_back(std::move(mark));
    }

    TlsLinks links() {
        TlsLinks made;
        made.names = names_.take();
        made.words = std::move(words_);
        made.meshes = std::move(meshes_);
        const auto order = order_of(made.names);
        const auto ends = place_calls(order, made);
        made.links.reserve(order.size());
        for (std::uint32_t i = 0; i < order.size(); ++i) {
            made.links.push_back(link(made, order[i]));
            add_calls(made, std::span(ends).subspan(i * protection_count, protection_count));
        }
        return made;
    }

private:
    struct Link {
        const Endpoint* client = nullptr;  ///< as the first of its conversations says
        const Endpoint* server = nullptr;
        IpAddress client_address;
        IpAddress server_address;
        std::uint32_t mesh = none;
        std::uint32_t first_call = none;
        bool has_tls = false;
    };

    struct Call {
        CallKey key;
        Shared<TlsSeen> tls;
        std::uint64_t count = 0;
        Timestamp first{};
        Timestamp last{};
    };

    Link new_link(const Conversation& first) const {
        return {endpoint_of(first.client, inventory_), endpoint_of(first.server, inventory_),
                first.client.socket.ip, first.server.socket.ip};
    }

    Call& call(const Conversation& each, std::uint32_t number, Link& link) {
        CallKey key{number,
                    protection_of(each),
                    each.outcome == Outcome::established,
                    is_outside(each),
                    none,
                    none,
                    {},
                    std::as_const(each.tls).get()};
        if (key.protection == Protection::plaintext) key.app = word(each.app);
        if (key.outside) key.server_name = word(each.server.name);
        if (is_less_than_mutual(key.protection) && says_of_proxy(link.client)) {
            key.dialled = each.dialled ? *each.dialled : each.server.socket;
        }
        return call(key, link, each);
    }

    /// Of most links there is one kind of call.
    Call& call(const CallKey& key, Link& link, const Conversation& each) {
        const auto next = static_cast<std::uint32_t>(calls_.size());
        std::uint32_t* place = &link.first_call;
        if (*place != none && !(calls_[*place].key == key)) {
            place = &other_calls_.try_emplace(key, none).first->second;
        }
        if (*place == none) {
            *place = next;
            calls_.push_back({key, each.tls, 0, each.first, each.first});
        }
        return calls_[*place];
    }

    static void count(Call& call, const Conversation& each) {
        ++call.count;
        call.first = std::min(call.first, each.first);
        call.last = std::max(call.last, each.first);
    }

    std::uint32_t word(const std::string& text) {
        if (text.empty()) return none;
        const auto next = static_cast<std::uint32_t>(words_.size());
        const auto [entry, added] = word_numbers_.try_emplace(text, next);
        if (added) words_.push_back(text);
        return entry->second;
    }

    std::vector<std::uint32_t> order_of(const std::deque<std::string>& names) const {
        const auto rank = ranks_of(names);
        std::vector<std::tuple<std::uint32_t, std::uint32_t, Port>> places;
        places.reserve(keys_.size());
        for (const LinkKey& key : keys_.keys()) {
            places.emplace_back(rank[key.client], rank[key.server], key.port);
        }
        return sorted_order(places);
    }

    /// Fills `calls` by link in `order`, then by protection; says where each of these ends.
    std::vector<std::uint32_t> place_calls(const std::vector<std::uint32_t>& order,
                                           TlsLinks& made) {
        std::vector<std::uint32_t> place(order.size());
        for (std::uint32_t i = 0; i < order.size(); ++i) place[order[i]] = i;
        const auto slot = [&](const CallKey& key) {
            return place[key.link] * protection_count + static_cast<std::size_t>(key.protection);
        };
        std::vector<std::uint32_t> next(order.size() * protection_count + 1, 0);
        for (const Call& call : calls_) ++next[slot(call.key) + 1];
        std::partial_sum(next.begin(), next.end(), next.begin());
        made.calls.resize(calls_.size());
        for (Call& call : calls_) made.calls[next[slot(call.key)]++] = made_call(made, call);
        next.pop_back();  // each start has moved to its end
        calls_ = {};
        other_calls_ = {};
        return next;
    }

    static TlsCall made_call(const TlsLinks& made, Call& call) {
        const CallKey& key = call.key;
        const auto text = [&](std::uint32_t word) {
            return word == none ? std::string_view() : std::string_view(made.words[word]);
        };
        return {
            key.protection, key.established,     key.outside, text(key.app), text(key.server_name),
            key.dialled,    std::move(call.tls), call.count,  call.first,    call.last};
    }

    TlsLink link(const TlsLinks& made, std::uint32_t number) const {
        const LinkKey& key = keys_.keys()[number];
        const Link& own = links_[number];
        TlsLink link;
        link.client = made.names[key.client];
        link.server = made.names[key.server];
        link.port = key.port;
        link.has_tls = own.has_tls;
        link.client_endpoint = own.client;
        link.server_endpoint = own.server;
        link.client_address = own.client_address;
        link.server_address = own.server_address;
        if (own.mesh != none) link.mesh = &made.meshes[own.mesh];
        return link;
    }

    void add_calls(TlsLinks& made, std::span<const std::uint32_t> ends) {
        TlsLink& link = made.links.back();
        const std::uint32_t begin = next_call_;
        for (std::size_t i = 0; i < protection_count; ++i) link.ends.at(i) = ends[i] - begin;
        next_call_ = ends.back();
        link.all = std::span(made.calls).subspan(begin, next_call_ - begin);
    }

    const Inventory& inventory_;
    PartyNames names_;
    Numbering<LinkKey, LinkHash> keys_;
    std::vector<Link> links_;  ///< by number
    std::deque<MeshMark> meshes_;
    std::unordered_map<std::string, std::uint32_t> word_numbers_;
    std::deque<std::string> words_;
    std::vector<Call> calls_;
    std::unordered_map<CallKey, std::uint32_t, CallHash> other_calls_;  ///< beside a link's first
    std::uint32_t next_call_ = 0;
};

TlsLinkMaker::TlsLinkMaker(const Inventory& inventory) : impl_(std::make_unique<Impl>(inventory)) {}

TlsLinkMaker::~TlsLinkMaker() = default;

void TlsLinkMaker::take(const Conversation& conversation) {
    if (conversation.protocol != Protocol::tcp && !conversation.tls) return;
    if (!is_by_design(conversation)) impl_->take(conversation);
}

TlsLinks TlsLinkMaker::links() {
    return impl_->links();
}

}  // namespace nspect::analyzer
