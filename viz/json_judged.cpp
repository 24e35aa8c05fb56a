// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "viz/json.h"
#include "viz/json_value.h"

namespace nspect::viz {

namespace {

Json known_json(const KnownFinding& known) {
    Json json = finding_json(known.finding);
    json["reason"] = known.reason;
    if (known.expires) json["until"] = analyzer::last_day(*known.expires);
    return json;
}

Json unused_json(const BaselineEntry& entry) {
    return {{"code", entry.code},
            {"subject", entry.subject},
            {"reason", entry.reason},
            {"location", to_string(entry.where)}};
}

Json check_json(const analyzer::ComplianceCheck& check) {
    return {{"id", check.id},
            {"guideline", check.guideline},
            {"statement", check.statement},
            {"status", to_string(check.status)},
            {"reason", check.reason},
            {"evidence", check.evidence}};
}

}  // namespace

void add_judged(const JudgedFindings& judged, Json& json) {
    if (judged.compared != nullptr) {
        json["known"] = Json::array();
        for (const auto& each : judged.compared->known) json["known"].push_back(known_json(each));
        json["baseline_unused"] = Json::array();
        for (const auto& each : judged.compared->unused) {
            json["baseline_unused"].push_back(unused_json(each));
        }
    }
    if (judged.compliance == nullptr) return;
    json["compliance"] = Json::array();
    for (const auto& each : *judged.compliance) json["compliance"].push_back(check_json(each));
}

}  // namespace nspect::viz
