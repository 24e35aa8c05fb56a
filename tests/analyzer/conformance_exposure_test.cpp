// SPDX-License-Identifier: Apache-2.0
// Exposure against the shared conformance data: outside, entire cluster and unprotected exactly; of
// the potential peers, whose choice is a matter of design, the connections of those both name.
#include <algorithm>

#include <catch2/catch.hpp>

#include "analyzer/exposure.h"
#include "tests/analyzer/conformance_data.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::conformance;
using nlohmann::json;

namespace {

using Lines = std::vector<std::string>;

json selector_json(const Selector& selector) {
    if (selector.matches_everything()) return {{"all", true}};
    return {{"selector", to_string(selector)}};
}

/// The data's selector in the same words as ours.
json expected_selector(const json& selector) {
    if (!selector.contains("selector")) return selector;
    Selector read;
    const json& written = selector.at("selector");
    const json labels = written.value("matchLabels", json::object());
    for (const auto& [key, value] : labels.items()) {
        read.add({key, Requirement::Op::in, {value.get<std::string>()}});
    }
    const json expressions = written.value("matchExpressions", json::array());
    for (const auto& item : expressions) {
        const std::string op = item.at("operator");
        const auto kind = op == "In"       ? Requirement::Op::in
                          : op == "NotIn"  ? Requirement::Op::not_in
                          : op == "Exists" ? Requirement::Op::exists
                                           : Requirement::Op::does_not_exist;
        read.add({item.at("key"), kind, item.value("values", std::vector<std::string>{})});
    }
    return selector_json(read);
}

std::string line(const std::string& workload, const std::string& peer, const std::string& conn) {
    return workload + " | " + peer + " | " + conn;
}

std::string peer_text(const json& peer) {
    if (peer.at("kind") == "external") return peer.at("range");
    if (peer.at("kind") == "entire-cluster") return "entire-cluster";
    const json space = expected_selector(peer.at("namespace"));
    return "potential " + space.dump() + " " + expected_selector(peer.at("pods")).dump();
}

std::string peer_text(const ExposurePeer& peer) {
    if (peer.kind == ExposurePeer::Kind::external) return to_string(peer.range);
    if (peer.kind == ExposurePeer::Kind::entire_cluster) return "entire-cluster";
    const json space =
        peer.namespace_name ? json{{"name", *peer.namespace_name}} : selector_json(peer.namespaces);
    return "potential " + space.dump() + " " + selector_json(peer.pods).dump();
}

Lines lines_of(const json& rows) {
    Lines lines;
    for (const auto& row : rows) {
        lines.push_back(line(row.at("workload"), peer_text(row.at("peer")), row.at("conn")));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

Lines lines_of(const std::vector<ExposureRow>& rows) {
    Lines lines;
    for (const auto& row : rows) {
        const std::string peer = peer_text(row.peer);
        if (peer.find(':') != std::string::npos && peer.find("potential") != 0) continue;
        lines.push_back(line(row.workload, peer, to_conn(row)));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

}  // namespace

TEST_CASE("exposure is that of the conformance data", "[conformance]") {
    const auto data = folder("netpol-connectivity");
    if (!data) return;
    const std::string category = GENERATE("list", "anp", "exposure");
    for (const std::string& path : cases_in(*data + "/" + category, "exposure.json")) {
        INFO(path);
        const json expected = read_json(path + "/exposure.json");
        const World world = load_world({path + "/manifests"});
        const Exposure ours = exposure(PolicyEngine(world));
        CHECK(lines_of(ours.egress) == lines_of(expected.at("egress")));
        CHECK(lines_of(ours.ingress) == lines_of(expected.at("ingress")));
        Lines unprotected;
        for (const auto& [workload, direction] : ours.unprotected) {
            unprotected.push_back(workload + " " + std::string(to_string(direction)));
        }
        Lines wanted;
        for (const auto& entry : expected.at("unprotected")) {
            wanted.push_back(entry.at("workload").get<std::string>() + " " +
                             entry.at("direction").get<std::string>());
        }
        std::sort(unprotected.begin(), unprotected.end());
        std::sort(wanted.begin(), wanted.end());
        CHECK(unprotected == wanted);
    }
}
