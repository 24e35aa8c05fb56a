// SPDX-License-Identifier: Apache-2.0
#include "analyzer/tls_links.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

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

/// What party_name() depends on, cheaper than the name.
struct PartyKey {
    enum class Kind : std::uint8_t { endpoint, node, address } kind = Kind::address;
    std::size_t index = 0;
    IpAddress ip;

    explicit PartyKey(const Party& party) {
        if (party.endpoint) {
            kind = Kind::endpoint;
            index = *party.endpoint;
        } else if (party.node) {
            kind = Kind::node;
            index = *party.node;
        } else {
            ip = party.socket.ip;
        }
    }
    bool operator==(const PartyKey&) const = default;
};

struct LinkKey {
    PartyKey client;
    PartyKey server;
    Port port;

    bool operator==(const LinkKey&) const = default;
};

struct LinkHash {
    std::size_t operator()(const LinkKey& key) const noexcept {
        std::size_t hash = key.port.number;
        for (const PartyKey* party : {&key.client, &key.server}) {
            for (const std::size_t part : {party->index, std::hash<IpAddress>{}(party->ip)}) {
                hash = (hash ^ (hash >> 29U)) * 0x9e3779b97f4a7c15ULL + part;
            }
        }
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
    const auto at = by_protection.find(protection);
    return at == by_protection.end() ? 0 : at->second.size();
}

std::string TlsLink::count(Protection protection) const {
    const auto at = by_protection.find(protection);
    if (at == by_protection.end()) return "none";
    const auto& all = at->second;
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

/// By name, so that pods of one workload share a link; found again without making the names.
class Links {
public:
    explicit Links(const Inventory& inventory) : inventory_(inventory) {}

    TlsLink& of(const Conversation& each) {
        const Port port = each.server.socket.port;
        TlsLink*& link = known_[{PartyKey(each.client), PartyKey(each.server), port}];
        if (link == nullptr) link = &named(each);
        return *link;
    }

    std::vector<TlsLink> take() {
        std::vector<TlsLink> sorted;
        sorted.reserve(links_.size());
        for (auto& [key, link] : links_) sorted.push_back(std::move(link));
        return sorted;
    }

private:
    TlsLink& named(const Conversation& each) {
        const std::string client = party_name(each.client, inventory_);
        const std::string server = party_name(each.server, inventory_);
        TlsLink& link = links_[{client, server, each.server.socket.port}];
        if (!link.client.empty()) return link;
        link.client = client;
        link.server = server;
        link.port = each.server.socket.port;
        link.client_endpoint = endpoint_of(each.client, inventory_);
        link.server_endpoint = endpoint_of(each.server, inventory_);
        link.client_address = each.client.socket.ip;
        return link;
    }

    const Inventory& inventory_;
    std::map<std::tuple<std::string, std::string, Port>, TlsLink> links_;
    std::unordered_map<LinkKey, TlsLink*, LinkHash> known_;
};

}  // namespace

std::vector<TlsLink> tls_links(const Inventory& inventory,
                               const std::vector<Conversation>& conversations) {
    Links links(inventory);
    for (const Conversation& each : conversations) {
        if (each.protocol != Protocol::tcp && !each.tls) continue;
        if (is_by_design(each)) continue;
        TlsLink& link = links.of(each);
        link.by_protection[protection_of(each)].push_back(&each);
        if (link.mesh.mesh.empty()) link.mesh = mesh_of(each);
    }
    return links.take();
}

}  // namespace nspect::analyzer
