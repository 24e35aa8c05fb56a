// SPDX-License-Identifier: Apache-2.0
#include "analyzer/tls_links.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

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

std::string TlsLink::count(Protection protection) const {
    const auto& all = of(protection);
    if (all.empty()) return "none";
    const auto [first, last] = std::minmax_element(
        all.begin(), all.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
    return std::to_string(all.size()) +
           (all.size() == 1 ? " conversation, " : " conversations, first ") +
           to_seconds((*first)->first) +
           (all.size() == 1 ? std::string() : ", last " + to_seconds((*last)->first));
}

std::string party_name(const Party& party, const Inventory& inventory) {
    if (party.endpoint)
        return to_string(inventory.workload_of(inventory.endpoints()[*party.endpoint]));
    if (party.node) return "node/" + inventory.nodes()[*party.node].name;
    return to_string(party.socket.ip);
}

namespace {

/// Numbers for the names of parties, each made once: pods of one workload have one.
class PartyNames {
public:
    explicit PartyNames(const Inventory& inventory)
        : inventory_(inventory),
          of_workload_(inventory.workloads().size(), none),
          of_node_(inventory.nodes().size(), none) {}

    std::uint32_t number(const Party& party) {
        auto& known = party.endpoint
                          ? of_workload_[inventory_.endpoints()[*party.endpoint].workload]
                      : party.node ? of_node_[*party.node]
                                   : of_address_.try_emplace(party.socket.ip, none).first->second;
        if (known == none) {
            const auto next = static_cast<std::uint32_t>(names_.size());
            const auto [entry, added] = numbers_.try_emplace(party_name(party, inventory_), next);
            if (added) names_.push_back(&entry->first);
            known = entry->second;
        }
        return known;
    }
    const std::string& name(std::uint32_t number) const { return *names_[number]; }
    /// By number: its place among all of them, sorted.
    std::vector<std::uint32_t> ranks() const {
        const auto order = sorted_order(
            names_, [](const std::string* a, const std::string* b) { return *a < *b; });
        std::vector<std::uint32_t> ranks(order.size());
        for (std::uint32_t i = 0; i < order.size(); ++i) ranks[order[i]] = i;
        return ranks;
    }

private:
    static constexpr auto none = static_cast<std::uint32_t>(-1);

    const Inventory& inventory_;
    std::vector<std::uint32_t> of_workload_;
    std::vector<std::uint32_t> of_node_;
    std::unordered_map<IpAddress, std::uint32_t> of_address_;
    std::unordered_map<std::string, std::uint32_t> numbers_;  // its keys stay where they are
    std::vector<const std::string*> names_;
};

class Links {
public:
    explicit Links(const Inventory& inventory) : inventory_(inventory), names_(inventory) {}

    TlsLink& of(const Conversation& each) {
        const LinkKey key{names_.number(each.client), names_.number(each.server),
                          each.server.socket.port};
        const auto next = static_cast<std::uint32_t>(links_.size());
        const auto [entry, added] = known_.try_emplace(key, next);
        if (added) add(key, each);
        return links_[entry->second];
    }

    std::vector<TlsLink> take() {
        const auto rank = names_.ranks();
        const auto place = [&](const LinkKey& key) {
            return std::tuple(rank[key.client], rank[key.server], key.port);
        };
        put_in_order(links_, sorted_order(keys_, [&](const LinkKey& a, const LinkKey& b) {
                         return place(a) < place(b);
                     }));
        return std::move(links_);
    }

private:
    void add(const LinkKey& key, const Conversation& first) {
        TlsLink link;
        link.client = names_.name(key.client);
        link.server = names_.name(key.server);
        link.port = key.port;
        link.client_endpoint = endpoint_of(first.client, inventory_);
        link.server_endpoint = endpoint_of(first.server, inventory_);
        link.client_address = first.client.socket.ip;
        keys_.push_back(key);
        links_.push_back(std::move(link));
    }

    const Inventory& inventory_;
    PartyNames names_;
    std::vector<TlsLink> links_;
    std::vector<LinkKey> keys_;  ///< of these
    std::unordered_map<LinkKey, std::uint32_t, LinkHash> known_;
};

}  // namespace

std::vector<TlsLink> tls_links(const Inventory& inventory,
                               const std::vector<Conversation>& conversations) {
    Links links(inventory);
    for (const Conversation& each : conversations) {
        if (each.protocol != Protocol::tcp && !each.tls) continue;
        if (is_by_design(each)) continue;
        TlsLink& link = links.of(each);
        link.by_protection.at(static_cast<std::size_t>(protection_of(each))).push_back(&each);
        link.has_tls = link.has_tls || each.tls;
        if (link.mesh.mesh.empty()) link.mesh = mesh_of(each);
    }
    return links.take();
}

}  // namespace nspect::analyzer
