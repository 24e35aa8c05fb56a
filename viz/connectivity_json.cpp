// SPDX-License-Identifier: Apache-2.0
#include "viz/connectivity_json.h"

#include <nlohmann/json.hpp>

#include "viz/json.h"
#include "viz/json_value.h"

namespace nspect::viz {

namespace {

using analyzer::ExposurePeer;
using analyzer::ExposureRow;

const char* operator_word(Requirement::Op op) {
    switch (op) {
        case Requirement::Op::in:
            return "In";
        case Requirement::Op::not_in:
            return "NotIn";
        case Requirement::Op::exists:
            return "Exists";
        case Requirement::Op::does_not_exist:
            return "DoesNotExist";
        case Requirement::Op::contains:
            return "Contains";
        case Requirement::Op::starts_with:
            return "StartsWith";
        case Requirement::Op::ends_with:
            return "EndsWith";
        case Requirement::Op::not_contains:
            return "NotContains";
        case Requirement::Op::not_starts_with:
            return "NotStartsWith";
        case Requirement::Op::not_ends_with:
            break;
    }
    return "NotEndsWith";
}

/// A label selector as manifests write it, or {"all": true}.
Json selector_json(const Selector& selector) {
    if (selector.matches_everything()) return {{"all", true}};
    Json labels = Json::object();
    Json expressions = Json::array();
    for (const Requirement& each : selector.requirements()) {
        if (each.op == Requirement::Op::in && each.values.size() == 1) {
            labels[each.key] = each.values.front();
            continue;
        }
        Json expression{{"key", each.key}, {"operator", operator_word(each.op)}};
        if (!each.values.empty()) expression["values"] = each.values;
        expressions.push_back(std::move(expression));
    }
    Json inner = Json::object();
    if (!labels.empty()) inner["matchLabels"] = std::move(labels);
    if (!expressions.empty()) inner["matchExpressions"] = std::move(expressions);
    return {{"selector", std::move(inner)}};
}

Json peer_json(const ExposurePeer& peer) {
    if (peer.kind == ExposurePeer::Kind::external) {
        return {{"kind", "external"}, {"range", to_string(peer.range)}};
    }
    if (peer.kind == ExposurePeer::Kind::entire_cluster) return {{"kind", "entire-cluster"}};
    return {{"kind", "potential"},
            {"namespace", peer.namespace_name ? Json{{"name", *peer.namespace_name}}
                                              : selector_json(peer.namespaces)},
            {"pods", selector_json(peer.pods)}};
}

Json rows_json(const std::vector<ExposureRow>& rows) {
    Json json = Json::array();
    for (const ExposureRow& row : rows) {
        json.push_back(
            {{"workload", row.workload}, {"peer", peer_json(row.peer)}, {"conn", to_conn(row)}});
    }
    return json;
}

Json exposure_json(const analyzer::Exposure& exposure) {
    Json json;
    json["egress"] = rows_json(exposure.egress);
    json["ingress"] = rows_json(exposure.ingress);
    json["unprotected"] = Json::array();
    for (const auto& [workload, direction] : exposure.unprotected) {
        json["unprotected"].push_back(
            {{"workload", workload}, {"direction", to_string(direction)}});
    }
    return json;
}

}  // namespace

ConnectivityJson::ConnectivityJson(Write write, const std::vector<std::string>& peers)
    : write_(std::move(write)) {
    write_(R"({"schema":1,"workloads":)" + dumped(Json(peers)) + R"(,"connectivity":[)");
}

void ConnectivityJson::row(const analyzer::ConnectivityRow& row) {
    const Json json{{"src", row.src}, {"dst", row.dst}, {"conn", to_conn(row.traffic)}};
    write_((first_ ? "" : ",") + dumped(json));
    first_ = false;
}

void ConnectivityJson::finish(const analyzer::Exposure* exposure) {
    write_("]");
    if (exposure != nullptr) write_(R"(,"exposure":)" + dumped(exposure_json(*exposure)));
    write_("}\n");
}

std::string to_json(const analyzer::Connectivity& connectivity) {
    std::string text;
    ConnectivityJson json([&](std::string_view more) { text += more; }, connectivity.peers);
    for (const auto& row : connectivity.rows) json.row(row);
    json.finish();
    return text;
}

std::string to_json(const analyzer::ConnectivitySummary& summary) {
    Json json;
    json["schema"] = 1;
    json["summary"] = {{"workloads", summary.units},
                       {"pairs", summary.pairs},
                       {"open", summary.open},
                       {"restricted", summary.restricted},
                       {"closed", summary.closed},
                       {"from_outside", summary.from_outside},
                       {"to_outside", summary.to_outside},
                       {"classes", summary.classes}};
    return dumped(json) + "\n";
}

}  // namespace nspect::viz
