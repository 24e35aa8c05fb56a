// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "viz/json.h"
#include "viz/json_value.h"
#include "viz/policy_yaml.h"

namespace nspect::viz {

std::string to_json(const analyzer::Replay& replay, const std::vector<std::string>& warnings) {
    Json json;
    json["schema"] = 1;
    json["conversations"] = replay.conversations;
    json["allowed"] = replay.allowed;
    json["broken"] = Json::array();
    for (const auto& each : replay.broken) {
        Json remedy = Json::array();
        for (const auto& made : each.remedy) {
            remedy.push_back({{"namespace", made.policy.namespace_name},
                              {"name", made.policy.name},
                              {"yaml", to_yaml(made)}});
        }
        json["broken"].push_back({{"subject", each.subject},
                                  {"conversations", each.conversations},
                                  {"first", to_seconds(each.first)},
                                  {"last", to_seconds(each.last)},
                                  {"clients", each.clients},
                                  {"denied_by", each.reasons},
                                  {"remedy", std::move(remedy)}});
    }
    json["left_out"] = Json::array();
    for (const auto& each : replay.left_out) {
        json["left_out"].push_back({{"subject", each.subject},
                                    {"reason", each.reason},
                                    {"conversations", each.conversations}});
    }
    json["warnings"] = warnings;
    return dumped(json) + "\n";
}

}  // namespace nspect::viz
