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

const Sighting* find(const std::vector<Sighting>& all, const std::string& client) {
    const auto at = std::find_if(all.begin(), all.end(), [&](const Sighting& each) {
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

// Captures in which the hellos themselves are missing, or are not on TCP.
bool has_hellos(const std::string& id) {
    return !id.starts_with("late_") && !id.starts_with("quic_");
}
bool is_cut(const std::string& id) {
    return id.starts_with("snap128_");
}

struct Judged {
    std::string id;
    json facts;
    TlsSeen seen;
};

std::vector<Judged> judged_connections() {
    std::vector<Judged> all;
    for (const auto& path : shared_captures("tls")) {
        const auto sightings = sightings_of(path);
        const json file = facts_of(path);
        for (json facts : file["connections"]) {
            facts["client_stack"] = file["client_stack"];
            const Sighting* sighting = find(sightings, text_at(facts, "client"));
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

TEST_CASE("only padding, cuts and missing hellos leave a client unknown", "[tls][shared]") {
    const std::set<std::string> padded{"pad64_DECLINED", "pad128_DECLINED", "pad512_ONEWAY",
                                       "pad4096_DECLINED", "pad4096_MTLS"};
    for (const Judged& each : judged_connections()) {
        CAPTURE(each.id, each.facts.dump());
        const std::string truth = truth_of(each.facts);
        if (truth == "handshake failed" || truth == "none" || truth == "external pre-shared key") {
            CHECK(verdict_of(each.seen) == "unknown");
        } else if (has_hellos(each.id) && !is_cut(each.id) && !padded.contains(each.id)) {
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
        CHECK((cipher == tls_cipher_name(seen.cipher) || cipher == number));
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
