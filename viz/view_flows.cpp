// SPDX-License-Identifier: Apache-2.0
#include <map>

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
    return conversation.server.name.empty() ? "-" : conversation.server.name;
}

std::string traffic_words(const Conversation& conversation) {
    if (conversation.protocol == Protocol::other) {
        return "IP " + std::to_string(static_cast<unsigned>(conversation.ip_protocol));
    }
    return to_string(TrafficPoint{conversation.protocol, conversation.server.socket.port});
}

std::string tls_words(const Conversation& conversation) {
    if (!conversation.tls) return "-";
    const TlsSeen& tls = *conversation.tls;
    std::string text = tls_version_name(tls.version);
    if (text.empty()) text = "TLS";
    if (tls.client_cert == ClientCert::presented) text += " mutual";
    return text;
}

std::string outcome_words(const Conversation& conversation, const Recording& context) {
    std::string text(to_string(conversation.outcome));
    if (!conversation.lost_between) return text;
    std::map<std::uint32_t, const Vantage*> by_id;
    for (const Vantage& each : context.vantages) by_id[each.id] = &each;
    const auto name = [&](std::uint32_t id) {
        return by_id.contains(id) ? by_id[id]->interface_name : "?";
    };
    return text + ", lost between " + name(conversation.lost_between->first) + " and " +
           name(conversation.lost_between->second);
}

}  // namespace

View flows_view(const std::vector<Conversation>& conversations, const Inventory& inventory,
                const Recording& context) {
    View view;
    view.title = "Conversations";
    Table table{"conversations",
                "",
                {"Start", "Source", "Destination", "Traffic", "Dialled", "Outcome", "Packets",
                 "Bytes", "TLS", "Seen at"},
                {},
                {6, 7, 9}};
    for (const Conversation& each : conversations) {
        table.rows.push_back({clock(each.first), party_words(each.client, inventory),
                              party_words(each.server, inventory), traffic_words(each),
                              service_words(each, inventory), outcome_words(each, context),
                              std::to_string(each.sent.packets + each.received.packets),
                              byte_words(each.sent.bytes + each.received.bytes), tls_words(each),
                              std::to_string(each.vantages.size())});
    }
    view.summary = {counted(conversations.size(), "conversation") + "."};
    view.tables = {std::move(table)};
    return view;
}

}  // namespace nspect::viz
