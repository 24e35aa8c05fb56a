// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "analyzer/capture_quality.h"
#include "analyzer/observed_ends.h"
#include "analyzer/packet_fate.h"
#include "model/graph.h"
#include "viz/views.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

std::string service_words(const Conversation& conversation, const Inventory& inventory) {
    if (conversation.service) {
        const Service& service = inventory.services()[*conversation.service];
        return service.namespace_name + "/" + service.name;
    }
    if (conversation.dialled) return to_string(*conversation.dialled);
    if (!conversation.server.name.empty()) return conversation.server.name;
    const auto cast = analyzer::cast_of(conversation);
    return cast.empty() ? "-" : std::string(cast);
}

/// " on VLAN 10", " on VLAN 10, 20" where it was routed, " on VLAN 5.10" inside a provider's.
std::string vlan_words(const Conversation& conversation) {
    std::vector<std::string> seen;
    for (const VantagePoint& each : conversation.vantages) {
        if (each.vlan == 0) continue;
        std::string vlan = each.outer_vlan == 0 ? "" : std::to_string(each.outer_vlan) + ".";
        vlan += std::to_string(each.vlan);
        if (std::find(seen.begin(), seen.end(), vlan) == seen.end()) seen.push_back(vlan);
    }
    std::string text;
    for (const auto& vlan : seen) text += (text.empty() ? " on VLAN " : ", ") + vlan;
    return text;
}

/// "TCP 5432 postgres", "TCP 80 http in vxlan" where a tunnel was looked into, "IP 50 esp".
std::string port_words(const Conversation& conversation) {
    std::string text =
        conversation.protocol == Protocol::other
            ? "IP " + std::to_string(static_cast<unsigned>(conversation.ip_protocol))
            : to_string(TrafficPoint{conversation.protocol, conversation.server.socket.port});
    if (!conversation.app.empty()) text += " " + conversation.app;
    for (const VantagePoint& each : conversation.vantages) {
        if (!each.tunnel || is_opaque(each.tunnel->kind)) continue;
        text += " in " + std::string(to_string(each.tunnel->kind));
        break;
    }
    return text + vlan_words(conversation);
}

std::string lost_words(const Conversation& conversation, const analyzer::Places& places) {
    if (!conversation.lost_between) return "-";
    const auto fate = analyzer::packet_fate(conversation, places).fate;
    const bool large = fate == analyzer::Fate::too_large;
    return (large ? "large packets, seen at " : "seen at ") +
           places.words(conversation.lost_between->first) + ", never at " +
           places.words(conversation.lost_between->second);
}

/// "4 conversations: 3 established, 1 unanswered."
std::string outcomes_words(const std::vector<Conversation>& conversations) {
    std::array<std::size_t, outcome_count> counts{};
    for (const Conversation& each : conversations) ++counts[static_cast<std::size_t>(each.outcome)];
    std::string text;
    for (std::size_t i = 0; i < outcome_count; ++i) {
        if (counts[i] == 0) continue;
        text += (text.empty() ? ": " : ", ") + std::to_string(counts[i]) + " " +
                std::string(to_string(static_cast<Outcome>(i)));
    }
    std::string sentence = counted(conversations.size(), "conversation") + text + ".";
    if (conversations.empty()) sentence[0] = 'N';
    return sentence;
}

}  // namespace

Table flows_table(std::span<const Conversation> conversations, const Inventory& inventory,
                  const analyzer::Places& places) {
    Table table{"conversations",
                "",
                {"Time", "Source", "Destination", "Port", "Service", "Outcome", "Packets", "Bytes",
                 "TLS", "Lost"},
                {},
                {6, 7},
                {5}};
    table.rows.reserve(conversations.size());
    for (const Conversation& each : conversations) {
        table.rows.push_back({clock(each.first), party_words(each.client, inventory),
                              party_words(each.server, inventory), port_words(each),
                              service_words(each, inventory), std::string(to_string(each.outcome)),
                              std::to_string(each.sent.packets + each.received.packets),
                              byte_words(each.sent.bytes + each.received.bytes), tls_words(each),
                              lost_words(each, places)});
    }
    return table;
}

View flows_view(const std::vector<Conversation>& conversations, const Inventory& inventory,
                const Recording& context) {
    View view;
    view.title = "Conversations";
    view.warnings = analyzer::capture_warnings(context, analyzer::HalfSeen(conversations));
    view.summary = {outcomes_words(conversations)};
    view.tables = {flows_table(conversations, inventory, analyzer::Places(context))};
    return view;
}

}  // namespace nspect::viz
