// SPDX-License-Identifier: Apache-2.0
// Captures with known answers: what the tracker says of every connection, against the truth.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "captured.h"

using namespace nspect;
using namespace nspect::test;
using nlohmann::json;

namespace {

json facts_of(std::filesystem::path capture) {
    return json::parse(std::ifstream(capture.replace_extension(".json")));
}

std::string text_at(const json& facts, const char* name) {
    const auto at = facts.find(name);
    return at != facts.end() && at->is_string() ? at->get<std::string>() : std::string();
}

bool flag_at(const json& facts, const char* name) {
    const auto at = facts.find(name);
    return at != facts.end() && at->is_boolean() && at->get<bool>();
}

// By the client's socket; over QUIC the facts have the server's alone.
const Sighting* find(const std::vector<Sighting>& all, const json& facts) {
    const std::string client = text_at(facts, "client");
    const std::string server = text_at(facts, "server");
    const auto at = std::find_if(all.begin(), all.end(), [&](const Sighting& each) {
        if (client.empty()) return to_string(each.server) == server;
        return each.protocol == Protocol::tcp && to_string(each.client) == client;
    });
    return at == all.end() ? nullptr : &*at;
}

std::string verdict_of(const TlsSeen& seen) {
    if (seen.resumed) return "resumed";
    switch (seen.client_cert) {
        case ClientCert::presented:
            return "presented";
        case ClientCert::declined:
            return "declined";
        case ClientCert::not_requested:
            return "not requested";
        case ClientCert::unknown:
            break;
    }
    return "unknown";
}

std::string truth_of(const json& facts) {
    std::string truth = text_at(facts, "client_auth");
    if (truth == "presented (raw public key)") return "presented";
    return truth.empty() ? "handshake failed" : truth;
}

// Captures in which the hellos themselves are missing.
bool has_hellos(const std::string& id) {
    return !id.starts_with("late_");
}
bool is_quic(const std::string& id) {
    return id.starts_with("quic_");
}
bool is_cut(const std::string& id) {
    return id.starts_with("snap128_");
}

struct Judged {
    std::string id;
    json facts;
    TlsSeen seen;
};

std::vector<Judged> judged_connections(bool with_keys = false) {
    std::vector<Judged> all;
    for (const auto& path : shared_captures("tls")) {
        auto keys = path;
        const auto sightings =
            with_keys ? sightings_of(path, keys.replace_extension(".keys")) : sightings_of(path);
        const json file = facts_of(path);
        for (json facts : file["connections"]) {
            facts["client_stack"] = file["client_stack"];
            const Sighting* sighting = find(sightings, facts);
            facts["origin"] = file["connections"][0];
            all.push_back({path.stem().string(), facts,
                           sighting != nullptr ? sighting->tls.value_or(TlsSeen{}) : TlsSeen{}});
        }
    }
    return all;
}

void print_matrix(const std::vector<Judged>& all) {
    const std::vector<std::string> verdicts{"not requested", "declined", "presented", "resumed",
                                            "unknown"};
    std::map<std::string, std::map<std::string, int>> matrix;
    for (const Judged& each : all) ++matrix[truth_of(each.facts)][verdict_of(each.seen)];
    std::printf("%-26s", "truth \\ verdict");
    for (const auto& verdict : verdicts) std::printf("%15s", verdict.c_str());
    for (auto& [truth, row] : matrix) {
        std::printf("\n%-26s", truth.c_str());
        for (const auto& verdict : verdicts) std::printf("%15d", row[verdict]);
    }
    std::printf("\n\nunknown though a full handshake, by client stack:\n");
    std::map<std::string, std::pair<int, std::string>> unknown;
    std::map<std::string, int> total;
    for (const Judged& each : all) {
        const std::string stack = text_at(each.facts, "client_stack");
        const std::string truth = truth_of(each.facts);
        if (truth != "presented" && truth != "declined" && truth != "not requested") continue;
        ++total[stack];
        if (verdict_of(each.seen) != "unknown") continue;
        ++unknown[stack].first;
        unknown[stack].second += " " + each.id;
    }
    for (const auto& [stack, count] : total) {
        std::printf("  %3d of %3d  %s:%s\n", unknown[stack].first, count, stack.c_str(),
                    unknown[stack].second.c_str());
    }
}

}  // namespace

TEST_CASE("no verdict about a client's certificate is wrong", "[tls][shared]") {
    const auto all = judged_connections();
    if (all.empty()) return;
    print_matrix(all);
    for (const Judged& each : all) {
        CAPTURE(each.id, each.facts.dump());
        const std::string truth = truth_of(each.facts);
        const std::string verdict = verdict_of(each.seen);
        CHECK((verdict == "unknown" || verdict == truth));
        CHECK((each.seen.confidence == Confidence::none) ==
              (each.seen.client_cert == ClientCert::unknown));
    }
}

TEST_CASE("only wide padding and missing hellos leave a client unknown", "[tls][shared]") {
    const std::set<std::string> padded{"pad4096_DECLINED", "pad4096_MTLS"};
    for (const Judged& each : judged_connections()) {
        CAPTURE(each.id, each.facts.dump());
        const std::string truth = truth_of(each.facts);
        if (truth == "handshake failed" || truth == "none" || truth == "external pre-shared key") {
            CHECK(verdict_of(each.seen) == "unknown");
        } else if (has_hellos(each.id) && !padded.contains(each.id) &&
                   !(is_quic(each.id) && truth != "presented")) {
            CHECK(verdict_of(each.seen) == truth);
        }
    }
}

TEST_CASE("hellos are read as the key logs say", "[tls][shared]") {
    for (const Judged& each : judged_connections()) {
        if (!has_hellos(each.id) || !flag_at(each.facts, "tls")) continue;
        CAPTURE(each.id, each.facts.dump());
        const TlsSeen& seen = each.seen;
        const json offered = each.facts.value("offered", json::object());
        CHECK(seen.hello_retry == flag_at(each.facts, "hello_retry"));
        if (is_cut(each.id)) continue;
        CHECK(tls_version_name(seen.version) == "TLSv" + text_at(each.facts, "version"));
        const std::string cipher = text_at(each.facts, "cipher");
        char number[8] = {};
        std::snprintf(number, sizeof number, "0x%04X", seen.cipher);
        const bool named = !cipher.empty();
        CHECK((!named || cipher == tls_cipher_name(seen.cipher) || cipher == number));
        CHECK(seen.sni == text_at(each.facts, "sni"));
        CHECK(seen.resumed == flag_at(each.facts, "resumed"));
        CHECK(seen.encrypted_hello == flag_at(offered, "encrypted_client_hello"));
        CHECK(seen.ja4.size() == 36);
        if (!seen.alpn.empty() && !text_at(each.facts, "alpn").empty()) {
            CHECK(seen.alpn == text_at(each.facts, "alpn"));
        }
    }
}

TEST_CASE("certificates in clear give their owners' names", "[tls][shared]") {
    for (const Judged& each : judged_connections()) {
        if (is_cut(each.id) || text_at(each.facts, "version") != "1.2") continue;
        if (each.seen.resumed) continue;  // it has those of its full handshake
        CAPTURE(each.id, each.facts.dump());
        for (const auto& [chain, names] : {std::pair{"client_chain", each.seen.client_identity},
                                           std::pair{"server_chain", each.seen.server_identity}}) {
            if (!each.facts.contains(chain) || each.facts[chain].empty()) {
                CHECK(names.empty());
                continue;
            }
            for (const json& san : each.facts[chain][0]["san"]) {
                const std::string text = san;
                if (!text.starts_with("DNS:") && !text.starts_with("URI:")) continue;
                CHECK(std::count(names.begin(), names.end(), text.substr(4)) == 1);
            }
        }
    }
}

TEST_CASE("a resumed session inherits the verdict of its full handshake", "[tls][shared]") {
    int inherited = 0;
    int resumed = 0;
    for (const Judged& each : judged_connections()) {
        if (!each.seen.resumed) continue;
        CAPTURE(each.id, each.facts.dump());
        ++resumed;
        if (each.seen.client_cert == ClientCert::unknown) continue;
        ++inherited;
        TlsSeen full = each.seen;
        full.resumed = false;
        CHECK(verdict_of(full) == truth_of(each.facts["origin"]));
        CHECK(each.seen.evidence == TlsEvidence::resumed);
        CHECK((each.seen.confidence == Confidence::certain) == (each.seen.version < 0x0304));
    }
    if (resumed == 0) return;
    std::printf("resumed: %d of %d inherit a verdict\n", inherited, resumed);
    CHECK(inherited * 10 >= resumed * 8);
}

TEST_CASE("with a key log the verdict and the names are certain", "[tls][shared]") {
    for (const Judged& each : judged_connections(true)) {
        const bool opened = each.seen.evidence == TlsEvidence::keylog;
        CAPTURE(each.id, each.facts.dump());
        if (opened) CHECK(verdict_of(each.seen) == truth_of(each.facts));
        if (text_at(each.facts, "truth_from") != "key log" || each.seen.resumed) continue;
        const std::string truth = truth_of(each.facts);
        const bool full = truth != "handshake failed" && truth != "external pre-shared key";
        if (!full || !has_hellos(each.id) || is_cut(each.id) ||
            text_at(each.facts, "cipher") == "TLS_AES_128_CCM_8_SHA256") {
            continue;
        }
        CHECK(opened);
        CHECK(each.seen.confidence == Confidence::certain);
        CHECK(each.seen.alpn == text_at(each.facts, "alpn"));
        const json& chain = each.facts["client_chain"];
        const bool compressed =
            each.facts["client_flight_messages"].dump().find("Compressed") != std::string::npos;
        if (chain.empty() || chain[0].contains("raw") || compressed) continue;
        CHECK(each.seen.client_chain.size() == chain.size());
    }
}

TEST_CASE("certificates are read as OpenSSL's tools read them", "[tls][shared]") {
    const auto check = [](const CertificateSeen& seen, const json& facts) {
        CHECK(seen.subject == text_at(facts, "subject"));
        CHECK(seen.issuer == text_at(facts, "issuer"));
        CHECK(to_seconds(seen.not_before) == text_at(facts, "not_before"));
        CHECK(to_seconds(seen.not_after) == text_at(facts, "not_after"));
        CHECK(seen.signature == text_at(facts, "signature"));
        CHECK(seen.names == facts["san"].get<std::vector<std::string>>());
    };
    for (const Judged& each : judged_connections(true)) {
        CAPTURE(each.id, each.facts.dump());
        for (const auto& [name, chain] : {std::pair{"client_chain", each.seen.client_chain},
                                          std::pair{"server_chain", each.seen.server_chain}}) {
            if (each.seen.resumed || !each.facts.contains(name)) continue;
            const json& facts = each.facts[name];
            if (facts.size() != chain.size()) continue;
            for (std::size_t i = 0; i < chain.size(); ++i) check(chain[i], facts[i]);
        }
    }
}

TEST_CASE("a refused client is told from an accepted one", "[tls][shared]") {
    for (const Judged& each : judged_connections()) {
        CAPTURE(each.id, each.facts.dump());
        // nginx completes the handshake and refuses in HTTP.
        const bool refused = each.id.starts_with("fail_nocert_");
        if (refused && each.id.find("nginx") == std::string::npos) {
            CHECK(each.seen.acceptance == Acceptance::refused);
        } else if (!each.id.starts_with("fail_")) {
            CHECK(each.seen.acceptance != Acceptance::refused);
        }
    }
}
