// SPDX-License-Identifier: Apache-2.0
// A node made of network namespaces, captured at many places, against what was really done there.
#include <algorithm>
#include <fstream>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/capture/flow/shared_captures.h"

using namespace nspect;
using namespace nspect::test;
using Json = nlohmann::json;

namespace {

Outcome outcome_told(const std::string& words) {
    if (words.starts_with("established before")) return Outcome::mid_stream;
    if (words.starts_with("no answer")) return Outcome::unanswered;
    const bool refused = words.find("refused") != words.npos || words.find("icmp") != words.npos;
    return refused ? Outcome::refused : Outcome::established;
}

/// Where the client's own packets are seen: its loopback too.
bool is(const Sighting& s, const Json& done) {
    const bool loopback = done.value("loopback", false);
    const bool v6 = done.value("family", 4) == 6;
    const bool known = done["src_ip"].is_string() && !v6 && !loopback;
    const std::string service = done.value("via_service", "");
    const std::string target =
        service.empty() && !v6 && !loopback
            ? done["dst_ip"].get<std::string>() + ":" + std::to_string(done["dport"].get<int>())
            : service;
    if (known && to_string(s.client.ip) != done["src_ip"]) return false;
    if (loopback != s.client.ip.is_loopback() || v6 == s.client.ip.is_v4()) return false;
    if (!target.empty()) return to_string(s.server) == target;
    return s.server.port.number == done["dport"];
}

}  // namespace

TEST_CASE("every connection of lab-a is seen with its outcome", "[flow][shared]") {
    const auto folder = shared_captures("lab-a");
    if (!std::filesystem::exists(folder)) return;
    auto seen = sightings_of(folder / "host_any.pcap");
    const auto inside = sightings_of(folder / "pod_frontend_any.pcap");
    seen.insert(seen.end(), inside.begin(), inside.end());
    const Json truth = Json::parse(std::ifstream(folder / "truth.json"));
    for (const Json& done : truth["connections"]) {
        CAPTURE(done["id"].get<std::string>());
        const Outcome told = outcome_told(done["outcome"]);
        const std::string app = done.value("app", "");
        CHECK(std::any_of(seen.begin(), seen.end(), [&](const Sighting& s) {
            return is(s, done) && s.outcome == told && (app.empty() || s.app == app);
        }));
    }
}

TEST_CASE("what lab-a sent to its other node is seen inside the overlay", "[flow][shared]") {
    const auto folder = shared_captures("lab-a");
    if (!std::filesystem::exists(folder)) return;
    const auto seen = sightings_of(folder / "host_underlay_vxlan.pcap");
    const Json truth = Json::parse(std::ifstream(folder / "truth.json"));
    const auto outside = sightings_of(folder / "host_any.pcap");
    std::size_t overlays = 0;
    for (const Json& done : truth["connections"]) {
        if (!done.contains("overlay")) continue;
        ++overlays;
        CAPTURE(done["id"].get<std::string>());
        const auto at =
            std::find_if(seen.begin(), seen.end(), [&](const Sighting& s) { return is(s, done); });
        REQUIRE(at != seen.end());
        REQUIRE(at->tunnel);
        CHECK(to_string(at->tunnel->kind) == done["overlay"]);
        CHECK(at->tunnel->id == done["vni"]);
        CHECK(to_string(at->tunnel->client).starts_with("10.0.0."));
        // The same connection outside of it: its initial sequence number joins them.
        CHECK(std::any_of(outside.begin(), outside.end(), [&](const Sighting& s) {
            return !s.tunnel && s.client_isn == at->client_isn && s.client == at->client;
        }));
    }
    CHECK(overlays == seen.size());
}
