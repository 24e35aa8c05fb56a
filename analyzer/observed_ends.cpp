// SPDX-License-Identifier: Apache-2.0
#include "analyzer/observed_ends.h"

#include <algorithm>
#include <array>

#include "analyzer/mesh_ports.h"

namespace nspect::analyzer {
namespace {

End end_of(const Party& party) {
    End end;
    end.address = party.socket.ip;
    if (party.endpoint) {
        end.kind = End::Kind::endpoint;
        end.index = *party.endpoint;
    } else if (party.node) {
        end.kind = End::Kind::node;
        end.index = *party.node;
    }
    return end;
}

TrafficPoint point_of(const Conversation& conversation) {
    if (conversation.protocol == Protocol::other) return {Protocol::other, Port{0}};
    return {conversation.protocol, conversation.server.socket.port};
}

}  // namespace

Talk Ends::talk(const Conversation& conversation) {
    Talk talk{end_of(conversation.client), end_of(conversation.server), point_of(conversation),
              false};
    find_carried(conversation, talk);
    const bool translated = talk.server.kind == End::Kind::endpoint || conversation.dialled;
    if (translated || !conversation.service) return talk;
    talk.server.kind = End::Kind::service;
    talk.server.index = *conversation.service;
    const auto stand_in = services_.representative(*conversation.service);
    if (!stand_in) return talk;
    const auto port = services_.target_port(*conversation.service, talk.point, *stand_in);
    if (!port) return talk;
    talk.server.kind = End::Kind::endpoint;
    talk.server.index = *stand_in;
    talk.point.port = *port;
    talk.behind_service = true;
    return talk;
}

/// A proxy beside the client takes what that dialled to its own port at the other end.
void Ends::find_carried(const Conversation& conversation, Talk& talk) const {
    if (!carries_others(talk.point) || !conversation.dialled) return;
    const Port dialled = conversation.dialled->port;
    if (carries_others({Protocol::tcp, dialled})) return;
    talk.carried = dialled;
    if (!conversation.service || talk.server.kind != End::Kind::endpoint) return;
    const auto target =
        services_.target_port(*conversation.service, {Protocol::tcp, dialled}, talk.server.index);
    if (target) talk.carried = target;
}

bool Ends::from_own_node(const Talk& talk) const {
    if (talk.client.kind != End::Kind::node || talk.server.kind != End::Kind::endpoint)
        return false;
    const auto& node = inventory_.endpoints()[talk.server.index].node;
    return node.empty() || node == inventory_.nodes()[talk.client.index].name;
}

bool reached_server(const Conversation& conversation) {
    if (conversation.outcome == Outcome::established) return true;
    if (conversation.outcome == Outcome::mid_stream) return true;
    return std::any_of(conversation.vantages.begin(), conversation.vantages.end(),
                       [](const VantagePoint& v) { return v.role == VantagePoint::Role::server; });
}

std::string_view cast_of(const Conversation& conversation) {
    if (conversation.broadcast) return "broadcast";
    return conversation.server.socket.ip.is_multicast() ? "multicast" : "";
}

bool is_private(const IpAddress& address) {
    static const std::array<IpPrefix, 5> blocks{
        IpPrefix{IpAddress::v4(0x0a000000), 8}, IpPrefix{IpAddress::v4(0xac100000), 12},
        IpPrefix{IpAddress::v4(0xc0a80000), 16}, IpPrefix{IpAddress::v4(0x64400000), 10},
        IpPrefix{IpAddress::v6(0xfc00000000000000, 0), 7}};
    return std::any_of(blocks.begin(), blocks.end(),
                       [&](const IpPrefix& block) { return block.contains(address); });
}

bool is_metadata_service(const IpAddress& address) {
    return address == IpAddress::v4(0xa9fea9fe) ||
           address == IpAddress::v6(0xfd000ec200000000, 0x254);
}

}  // namespace nspect::analyzer
