// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <nlohmann/json.hpp>

#include "viz/json.h"
#include "viz/json_value.h"
#include "viz/views.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

using analyzer::Lint;
using analyzer::RuleEvidence;
using analyzer::World;

const Rule& rule_of(const RuleEvidence& evidence, const World& world) {
    return world.policies[evidence.policy].rules(evidence.direction)[evidence.rule];
}

Location place_of(const RuleEvidence& evidence, const World& world) {
    const Location& where = rule_of(evidence, world).where;
    return where.file.empty() ? world.policies[evidence.policy].where : where;
}

std::uint64_t count_of(const Lint& lint, Severity severity) {
    return static_cast<std::uint64_t>(
        std::count_if(lint.findings.begin(), lint.findings.end(),
                      [&](const Finding& each) { return each.severity == severity; }));
}

constexpr Severity gravest_first[] = {Severity::high, Severity::medium, Severity::low,
                                      Severity::info};

std::string findings_words(const Lint& lint) {
    if (lint.findings.empty()) return "No findings.";
    std::string text;
    for (const Severity severity : gravest_first) {
        const auto count = count_of(lint, severity);
        if (count == 0) continue;
        text += (text.empty() ? "" : ", ") + std::to_string(count) + " " +
                std::string(to_string(severity));
    }
    return counted(lint.findings.size(), "finding") + ": " + text + ".";
}

Table rule_table(const Lint& lint, const World& world) {
    Table table{"rules",
                "Rules",
                {"Policy", "Direction", "Rule", "Hits", "First hit", "Last hit", "Place"},
                {},
                {2, 3}};
    for (const RuleEvidence& each : lint.rules) {
        const bool hit = each.hits > 0;
        table.rows.push_back({policy_title(world.policies[each.policy]),
                              std::string(to_string(each.direction)),
                              std::to_string(rule_of(each, world).index), std::to_string(each.hits),
                              hit ? to_seconds(each.first) : "-", hit ? to_seconds(each.last) : "-",
                              to_string(place_of(each, world))});
    }
    return table;
}

}  // namespace

View lint_view(const Lint& lint, const World& world) {
    View view;
    view.title = "Lint";
    view.warnings = lint.warnings;
    view.summary = {counted(world.policies.size(), "policy", "policies") + " for " +
                        counted(world.inventory.workloads().size(), "workload") + ".",
                    findings_words(lint)};
    view.figures = {{"policies", std::to_string(world.policies.size())},
                    {"findings", std::to_string(lint.findings.size())}};
    view.findings = lint.findings;
    view.kinds = analyzer::lint_kinds();
    if (!lint.rules.empty()) view.tables = {rule_table(lint, world)};
    return view;
}

std::string to_json(const Lint& lint, const World& world, const JudgedFindings& judged) {
    Json json;
    json["schema"] = 1;
    if (!lint.warnings.empty()) json["warnings"] = lint.warnings;
    Json& summary = json["summary"];
    summary["policies"] = world.policies.size();
    for (const Severity severity : gravest_first) {
        summary[std::string(to_string(severity))] = count_of(lint, severity);
    }
    if (!lint.rules.empty()) {
        summary["first"] = to_string(lint.first);
        summary["last"] = to_string(lint.last);
    }
    if (lint.lossy || !lint.rules.empty()) summary["lossy"] = lint.lossy;
    json["findings"] = Json::array();
    for (const Finding& each : lint.findings) json["findings"].push_back(finding_json(each));
    add_judged(judged, json);
    if (lint.rules.empty()) return dumped(json) + "\n";
    json["rules"] = Json::array();
    for (const RuleEvidence& each : lint.rules) {
        Json rule;
        rule["policy"] = policy_title(world.policies[each.policy]);
        rule["direction"] = to_string(each.direction);
        rule["rule"] = rule_of(each, world).index;
        rule["hits"] = each.hits;
        if (each.hits > 0) {
            rule["first"] = to_string(each.first);
            rule["last"] = to_string(each.last);
        }
        rule["location"] = to_string(place_of(each, world));
        json["rules"].push_back(std::move(rule));
    }
    return dumped(json) + "\n";
}

}  // namespace nspect::viz
