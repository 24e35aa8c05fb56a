// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "analyzer/identity.h"
#include "analyzer/stitch.h"
#include "tests/analyzer/recording_builder.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

TEST_CASE(
    "a broadcast is known by its frames or by an interface's prefix, and is nobody's address") {
    RecordingBuilder r;
    r.container("web", "10.0.0.1").container("db", "10.0.0.2").container("job", "10.0.0.3");
    r.host("10.0.0.254");
    InterfaceInfo eth0;
    eth0.broadcasts = {*IpAddress::parse("10.0.0.255"), *IpAddress::parse("10.0.0.3")};
    r.recording().targets.front().interfaces.push_back(eth0);
    const auto one_way = [&](const char* to) {
        return r.udp("10.0.0.1:40000", to).payload(11).outcome(Outcome::one_way);
    };
    one_way("10.0.0.255:9").veth("web").veth("db");           // by prefix
    one_way("10.0.7.255:9").to_all().veth("web").veth("db");  // by frames
    one_way("255.255.255.255:9").veth("web");
    one_way("10.0.0.3:9").to_all().veth("web");    // somebody has it
    one_way("10.0.0.254:9").to_all().veth("web");  // a node has it
    one_way("10.0.9.255:9").veth("web");           // nothing says so
    one_way("10.0.0.255:8").answered({1, 9}).veth("web");
    r.tcp("10.0.0.1:40000", "10.0.0.255:80").isn(1, 2).outcome(Outcome::unanswered).veth("web");
    std::vector<std::string> found;
    const auto inventory = with_recording(Inventory(), r.recording());
    for (const auto& each : stitch(r.recording(), inventory)) {
        if (each.broadcast) found.push_back(to_string(each.server.socket));
    }
    CHECK(found == std::vector<std::string>{"10.0.0.255:9", "10.0.7.255:9", "255.255.255.255:9"});
}
