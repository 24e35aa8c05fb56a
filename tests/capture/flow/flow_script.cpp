// SPDX-License-Identifier: Apache-2.0
#include "tests/capture/flow/flow_script.h"

#include <sstream>

#include <catch2/catch.hpp>

namespace nspect::test {
namespace {

PacketBuilder segment(const std::string& text, const FlowScript& script) {
    std::istringstream in(text);
    std::string direction;
    std::string flags;
    std::uint32_t seq = 0;
    std::uint32_t ack = 0;
    std::size_t length = 0;
    std::uint16_t window = 1000;
    in >> direction >> flags >> seq;
    if (!(in >> ack)) ack = 0;
    if (!(in >> length)) length = 0;
    if (!(in >> window)) window = 1000;
    const bool forth = direction == ">";
    const std::uint16_t client = script.client_port;
    const std::uint16_t server = script.server_port;
    auto built = packet().eth();
    for (const auto id : forth ? script.tags_forth : script.tags_back) built.vlan(id);
    forth ? built.ip4("10.0.0.1", "10.0.0.2").tcp(client, server)
          : built.ip4("10.0.0.2", "10.0.0.1").tcp(server, client);
    built.seq(seq).window(window);
    for (const char flag : flags) {
        if (flag == 'S') built.syn();
        if (flag == 'F') built.fin();
        if (flag == 'R') built.rst();
        if (flag == 'A') built.ack(ack);
    }
    return length == 0 ? built : built.payload(std::string(length, 'x'));
}

}  // namespace

FlowScript& FlowScript::add(const PacketBuilder& packet, std::uint32_t vantage) {
    const auto bytes = packet.bytes();
    auto decoded = capture::decode(bytes, packet.wire_length(), packet.link());
    table.add(decoded, vantage, at(now));
    ++now;
    return *this;
}

FlowScript& FlowScript::tcp(const std::vector<std::string>& segments) {
    for (const auto& text : segments) add(segment(text, *this));
    return *this;
}

Sighting FlowScript::only() {
    auto sightings = changed();
    REQUIRE(sightings.size() == 1);
    return sightings.front();
}

}  // namespace nspect::test
