// SPDX-License-Identifier: Apache-2.0
#include "analyzer/tls_links.h"

#include <algorithm>
#include <tuple>

namespace nspect::analyzer {
namespace {

// More than headers alone: 32 bytes each with timestamps, eight more for the SYN.
bool carried_payload(const Counters& counters) {
    return counters.bytes > 33 * counters.packets + 8;
}

bool is_loopback(const IpAddress& address) {
    const std::string text = to_string(address);
    return text.starts_with("127.") || text == "::1";
}

// A kubelet asks from the node's address, or from the one that Istio ambient gives its probes.
bool is_probe(const Conversation& conversation) {
    return conversation.client.node || to_string(conversation.client.socket.ip) == "169.254.7.127";
}

bool is_by_design(const Conversation& conversation) {
    const Party& client = conversation.client;
    const Party& server = conversation.server;
    const bool inside = client.endpoint && client.endpoint == server.endpoint;
    return inside || is_loopback(client.socket.ip) || is_probe(conversation) ||
           is_mesh_service_port(server.socket.port);
}

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

std::vector<TlsLink> tls_links(const Inventory& inventory,
                               const std::vector<Conversation>& conversations) {
    std::map<std::tuple<std::string, std::string, Port>, TlsLink> links;
    for (const Conversation& each : conversations) {
        if (each.protocol != Protocol::tcp && !each.tls) continue;
        if (is_by_design(each)) continue;
        const std::string client = party_name(each.client, inventory);
        const std::string server = party_name(each.server, inventory);
        TlsLink& link = links[{client, server, each.server.socket.port}];
        if (link.client.empty()) {
            link.client = client;
            link.server = server;
            link.port = each.server.socket.port;
            link.client_endpoint = endpoint_of(each.client, inventory);
            link.server_endpoint = endpoint_of(each.server, inventory);
            link.client_address = each.client.socket.ip;
        }
        link.by_protection[protection_of(each)].push_back(&each);
        if (link.mesh.mesh.empty()) link.mesh = mesh_of(each);
    }
    std::vector<TlsLink> sorted;
    for (auto& [key, link] : links) sorted.push_back(std::move(link));
    return sorted;
}

}  // namespace nspect::analyzer
