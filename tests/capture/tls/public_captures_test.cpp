// SPDX-License-Identifier: Apache-2.0
// TLS in other projects' captures, against what tshark finds in it.
#include <cstdio>
#include <fstream>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "captured.h"

using namespace nspect;
using namespace nspect::test;
using nlohmann::json;

namespace {

std::vector<const TlsSeen*> seen_by(const std::vector<Sighting>& all, const json& facts) {
    std::vector<const TlsSeen*> seen;
    for (const Sighting& each : all) {
        const std::string client = facts["client"];
        const std::string plain = client.substr(0, client.rfind(':'));
        const bool same = to_string(each.client.ip) == plain || to_string(each.server.ip) == plain;
        const std::string port = client.substr(client.rfind(':') + 1);
        const bool same_port = std::to_string(each.client.port.number) == port ||
                               std::to_string(each.server.port.number) == port;
        if (each.tls && same && same_port) seen.push_back(&*each.tls);
    }
    return seen;
}

std::string version_in(const json& facts) {
    const std::string version = facts.value("version", "");
    if (version.empty()) return "";
    if (version == "0x100") return "0x0100";  // DTLS before it was finished
    if (version.starts_with("DTLS")) return "DTLSv" + version.substr(4);
    return version == "TLS1.3-draft28" ? "0x7F1C" : "TLSv" + version.substr(3);
}

}  // namespace

TEST_CASE("QUIC in public captures is recognised with its version", "[tls][shared]") {
    for (const auto& path : shared_captures("public")) {
        const json file = json::parse(std::ifstream(path.string() + ".json"));
        if (!file["expected"].contains("quic_versions")) continue;
        CAPTURE(path.filename().string());
        std::set<std::string> expected;
        for (const std::string number : file["expected"]["quic_versions"]) {
            const auto version = static_cast<std::uint32_t>(std::stoul(number, nullptr, 16));
            expected.insert(quic_version_name(version));
        }
        std::set<std::string> found;
        for (const Sighting& each : sightings_of(path)) {
            if (each.tls && each.tls->quic_version != 0)
                found.insert(quic_version_name(each.tls->quic_version));
        }
        CHECK(found == expected);
    }
}

TEST_CASE("TLS in public captures is seen as tshark sees it", "[tls][shared]") {
    for (const auto& path : shared_captures("public")) {
        const json file = json::parse(std::ifstream(path.string() + ".json"));
        const auto sightings = sightings_of(path);
        for (const json& facts : file["expected"].value("tls", json::array())) {
            CAPTURE(path.filename().string(), facts.dump());
            const auto seen = seen_by(sightings, facts);
            if (seen.empty() && path.filename() == "ndpi__vxlan.pcap") continue;  // in a tunnel
            REQUIRE(seen.size() == 1);
            const TlsSeen& tls = *seen.front();
            CHECK(tls.sni == facts.value("sni", ""));
            CHECK(tls_version_name(tls.version) == version_in(facts));
            char number[8] = {};
            std::snprintf(number, sizeof number, "0x%04x", tls.cipher);
            if (facts.contains("cipher")) CHECK(facts["cipher"] == number);
            if (facts.contains("alpn_selected")) CHECK(tls.alpn == facts["alpn_selected"]);
            if (facts.value("client_certificate_visible", false)) {
                CHECK(tls.client_cert == ClientCert::presented);
            }
            if (facts.value("client_certificate_empty", false)) {
                CHECK(tls.client_cert == ClientCert::declined);
            }
            // Over QUIC tshark has the keys that are in the file.
            if (facts.value("server_certificate_visible", false) && facts["transport"] != "quic") {
                CHECK_FALSE(tls.server_chain.empty());
            }
        }
    }
}
