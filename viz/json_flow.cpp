// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "analyzer/mesh_marks.h"
#include "analyzer/observed_ends.h"
#include "analyzer/packet_fate.h"
#include "viz/json.h"
#include "viz/json_value.h"

namespace nspect::viz {

namespace {

void set_text(Json& into, const char* key, const std::string& text) {
    if (!text.empty()) into[key] = text;
}

Json party_json(const Party& party, const Inventory& inventory, const analyzer::Places& places,
                bool ports) {
    Json json = Json::object();
    if (party.endpoint) {
        const Endpoint& endpoint = inventory.endpoints()[*party.endpoint];
        json["workload"] = to_string(inventory.workload_of(endpoint));
        set_text(json, "endpoint", endpoint.name);
        set_text(json, "runtime", endpoint.runtime);
        // A pod has several containers; which of them it was is known where its socket was seen.
        const auto* owner = party.owner ? places.target(*party.owner) : nullptr;
        set_text(json, "container", owner != nullptr ? owner->container : endpoint.container);
        if (endpoint.host_network) set_text(json, "node", endpoint.node);
        if (endpoint.netns != 0) json["netns"] = endpoint.netns;
    } else if (party.node) {
        json["node"] = inventory.nodes()[*party.node].name;
    }
    json["ip"] = to_string(party.socket.ip);
    if (ports) json["port"] = party.socket.port.number;
    return json;
}

void add_dialled(Json& server, const Conversation& conversation, const Inventory& inventory) {
    if (conversation.service) {
        const Service& service = inventory.services()[*conversation.service];
        server["service"] = service.namespace_name + "/" + service.name;
    }
    if (conversation.dialled) {
        server["service_ip"] = to_string(conversation.dialled->ip);
        server["service_port"] = conversation.dialled->port.number;
    }
    set_text(server, "name", conversation.server.name);
    set_text(server, "cast", std::string(analyzer::cast_of(conversation)));
}

Json certificate_json(const CertificateSeen& seen) {
    return {{"fingerprint", seen.fingerprint},
            {"subject", seen.subject},
            {"issuer", seen.issuer},
            {"names", seen.names},
            {"not_before", to_seconds(seen.not_before)},
            {"not_after", to_seconds(seen.not_after)},
            {"key", seen.key},
            {"key_bits", seen.key_bits},
            {"signature", seen.signature},
            {"self_signed", seen.self_signed},
            {"authority", seen.authority}};
}

Json chain_json(const std::vector<CertificateSeen>& chain) {
    Json json = Json::array();
    for (const CertificateSeen& each : chain) json.push_back(certificate_json(each));
    return json;
}

// What most handshakes do not have.
void add_rare(Json& json, const TlsSeen& tls) {
    if (tls.transport != TlsTransport::stream) json["transport"] = to_string(tls.transport);
    set_text(json, "quic", quic_version_name(tls.quic_version));
    if (tls.early_data != EarlyData::none) json["early_data"] = to_string(tls.early_data);
    if (tls.acceptance != Acceptance::unknown) json["acceptance"] = to_string(tls.acceptance);
    for (const auto& [key, flag] :
         {std::pair{"external_psk", tls.external_psk},
          std::pair{"raw_public_key", tls.raw_public_key},
          std::pair{"post_handshake_auth", tls.post_handshake_auth}, std::pair{"asked", tls.asked},
          std::pair{"none_presented", tls.none_presented}}) {
        if (flag) json[key] = true;
    }
    if (!tls.alpn_offered.empty()) json["alpn_offered"] = tls.alpn_offered;
    if (!tls.client_records.empty()) json["client_records"] = tls.client_records;
    if (!tls.server_chain.empty()) json["server_chain"] = chain_json(tls.server_chain);
    if (!tls.client_chain.empty()) json["client_chain"] = chain_json(tls.client_chain);
}

Json tls_json(const TlsSeen& tls) {
    Json json = Json::object();
    set_text(json, "version", tls_version_name(tls.version));
    set_text(json, "cipher", tls_cipher_name(tls.cipher));
    set_text(json, "sni", tls.sni);
    set_text(json, "alpn", tls.alpn);
    set_text(json, "ja4", tls.ja4);
    json["client_cert"] = to_string(tls.client_cert);
    if (tls.evidence != TlsEvidence::none) json["evidence"] = to_string(tls.evidence);
    if (tls.confidence != Confidence::none) json["confidence"] = to_string(tls.confidence);
    json["resumed"] = tls.resumed;
    if (tls.hello_retry) json["hello_retry"] = true;
    if (tls.encrypted_hello) json["encrypted_hello"] = true;
    set_text(json, "client_alert", tls_alert_name(tls.client_alert));
    set_text(json, "server_alert", tls_alert_name(tls.server_alert));
    json["server_identity"] = tls.server_identity;
    json["client_identity"] = tls.client_identity;
    add_rare(json, tls);
    return json;
}

const char* role_name(VantagePoint::Role role) {
    switch (role) {
        case VantagePoint::Role::client:
            return "client";
        case VantagePoint::Role::server:
            return "server";
        case VantagePoint::Role::between:
            break;
    }
    return "between";
}

Json vantage_json(const analyzer::Places& places, std::uint32_t id) {
    Json json = Json::object();
    if (const Vantage* vantage = places.find(id)) {
        json["interface"] = vantage->interface_name;
        const bool named_by_file = vantage->interface_name == vantage->source;
        if (vantage->side == VantageSide::file && !named_by_file) json["file"] = vantage->source;
        if (vantage->netns != 0) json["netns"] = vantage->netns;
        json["side"] = to_string(vantage->side);
    }
    return json;
}

// What was told or happened; most conversations have little of it.
void add_quality(Json& json, const Conversation& conversation) {
    if (conversation.think_time.count() > 0) json["think_ns"] = conversation.think_time.count();
    for (const auto& [key, value] :
         {std::pair{"reordered", conversation.reordered},
          std::pair{"zero_windows", conversation.zero_windows},
          std::pair{"client_mss", std::uint32_t{conversation.client_mss}},
          std::pair{"server_mss", std::uint32_t{conversation.server_mss}},
          std::pair{"path_mtu", std::uint32_t{conversation.path_mtu}},
          std::pair{"icmp_errors", std::uint32_t{conversation.icmp_errors}}}) {
        if (value > 0) json[key] = value;
    }
}

/// Only where there is something to say.
void add_fate(Json& json, const Conversation& conversation, const analyzer::Places& places) {
    const bool may_be_more = conversation.outcome != Outcome::established ||
                             conversation.retransmits > 0 || conversation.lost_between ||
                             conversation.think_time == Duration{0};
    if (!may_be_more) return;
    const auto fate = analyzer::packet_fate(conversation, places);
    if (fate.fate == analyzer::Fate::delivered) return;
    json["fate"] = {{"kind", to_string(fate.fate)},
                    {"says", analyzer::fate_sentence(fate, conversation, places)}};
}

Json tunnel_json(const TunnelSeen& tunnel) {
    Json json = {{"kind", to_string(tunnel.kind)}};
    if (is_opaque(tunnel.kind)) json["opaque"] = true;
    if (!is_opaque(tunnel.kind)) json["id"] = tunnel.id;
    if (tunnel.depth > 1) json["depth"] = tunnel.depth;
    if (!tunnel.client.is_unspecified()) {
        json["client"] = to_string(tunnel.client);
        json["server"] = to_string(tunnel.server);
    }
    return json;
}

}  // namespace

std::string to_json_line(const Conversation& conversation, const Inventory& inventory,
                         const analyzer::Places& places) {
    const bool ports = has_ports(conversation.protocol);
    Json json;
    json["schema"] = 1;
    json["start"] = to_string(conversation.first);
    json["end"] = to_string(conversation.last);
    json["protocol"] = to_string(conversation.protocol);
    if (conversation.protocol == Protocol::other) json["ip_protocol"] = conversation.ip_protocol;
    json["src"] = party_json(conversation.client, inventory, places, ports);
    json["dst"] = party_json(conversation.server, inventory, places, ports);
    if (conversation.protocol == Protocol::icmp || conversation.protocol == Protocol::icmp6) {
        json["icmp_type"] = conversation.server.socket.port.number;
    }
    if (conversation.translated) {
        json["src"]["translated_ip"] = to_string(conversation.translated->ip);
        if (ports) json["src"]["translated_port"] = conversation.translated->port.number;
    }
    add_dialled(json["dst"], conversation, inventory);
    json["outcome"] = to_string(conversation.outcome);
    json["packets"] = {{"sent", conversation.sent.packets},
                       {"received", conversation.received.packets}};
    json["bytes"] = {{"sent", conversation.sent.bytes}, {"received", conversation.received.bytes}};
    json["retransmits"] = conversation.retransmits;
    if (conversation.handshake_time.count() > 0) {
        json["handshake_ns"] = conversation.handshake_time.count();
    }
    add_quality(json, conversation);
    if (conversation.tls) json["tls"] = tls_json(*conversation.tls);
    set_text(json, "app", conversation.app);
    if (const auto mark = analyzer::mesh_of(conversation); !mark.mesh.empty()) {
        json["mesh"] = {{"name", mark.mesh}, {"evidence", mark.evidence}};
    }
    json["vantages"] = Json::array();
    for (const VantagePoint& each : conversation.vantages) {
        Json vantage = vantage_json(places, each.vantage);
        vantage["role"] = role_name(each.role);
        if (each.vlan != 0) vantage["vlan"] = each.vlan;
        if (each.outer_vlan != 0) vantage["outer_vlan"] = each.outer_vlan;
        if (each.tunnel) vantage["tunnel"] = tunnel_json(*each.tunnel);
        json["vantages"].push_back(std::move(vantage));
    }
    json["lost_between"] = nullptr;
    if (conversation.lost_between) {
        json["lost_between"] = {vantage_json(places, conversation.lost_between->first),
                                vantage_json(places, conversation.lost_between->second)};
    }
    add_fate(json, conversation, places);
    return dumped(json);
}

}  // namespace nspect::viz
