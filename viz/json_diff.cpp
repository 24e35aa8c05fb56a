// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include <nlohmann/json.hpp>

#include "viz/json.h"
#include "viz/json_value.h"

namespace nspect::viz {

namespace {

Json side_json(const std::optional<GraphEdge>& edge) {
    if (!edge) return nullptr;
    Json json{{"state", to_string(edge->state)},
              {"conversations", edge->conversations},
              {"outcomes", Json::object()},
              {"bytes", {{"sent", edge->sent.bytes}, {"received", edge->received.bytes}}},
              {"tls",
               {{"conversations", edge->tls},
                {"mutual", edge->mutual_tls},
                {"unknown", edge->unknown_tls}}}};
    for (std::size_t i = 0; i < outcome_count; ++i) {
        if (edge->outcomes[i] == 0) continue;
        json["outcomes"][std::string(to_string(static_cast<Outcome>(i)))] = edge->outcomes[i];
    }
    return json;
}

Json row_json(const analyzer::ObservedChange& row) {
    Json json{{"type", to_string(row.type)}, {"src", row.src}, {"dst", row.dst}};
    json["protocol"] = to_string(row.point.protocol);
    if (row.point.protocol != Protocol::other)
        json[has_ports(row.point.protocol) ? "port" : "icmp_type"] = row.point.port.number;
    json["what"] = row.what;
    json["before"] = side_json(row.before);
    json["after"] = side_json(row.after);
    return json;
}

double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

std::string to_json(const analyzer::ObservedDiff& diff) {
    Json json;
    json["schema"] = 1;
    if (!diff.warnings.empty()) json["warnings"] = diff.warnings;
    json["summary"] = {{"seconds_before", seconds(diff.before)},
                       {"seconds_after", seconds(diff.after)},
                       {"lossy", diff.lossy},
                       {"same", diff.same}};
    json["edges"] = Json::array();
    for (const auto& row : diff.rows) json["edges"].push_back(row_json(row));
    json["workloads_added"] = diff.added;
    json["workloads_removed"] = diff.removed;
    return dumped(json) + "\n";
}

}  // namespace nspect::viz
