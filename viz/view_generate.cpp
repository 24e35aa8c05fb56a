// SPDX-License-Identifier: Apache-2.0
#include "viz/policy_yaml.h"
#include "viz/views.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

std::string joined(const std::vector<std::string>& parts, const char* between) {
    std::string text;
    for (const auto& part : parts) text += (text.empty() ? "" : between) + part;
    return text;
}

std::string remedy_words(const analyzer::BrokenEdge& edge) {
    if (edge.remedy.empty()) return "no NetworkPolicy can: something before it denies";
    std::vector<std::string> titles;
    for (const auto& each : edge.remedy) {
        titles.push_back(each.policy.namespace_name + "/" + each.policy.name +
                         (each.policy.ingress.empty() ? " (egress)" : " (ingress)"));
    }
    return joined(titles, ", ");
}

}  // namespace

View replay_view(const analyzer::Replay& replay) {
    View view;
    view.title = "Recording held against policies";
    view.summary = {counted(replay.conversations, "conversation") + " that passed, " +
                        std::to_string(replay.allowed) + " allowed by these policies.",
                    replay.broken.empty()
                        ? "Nothing that was recorded would break."
                        : counted(replay.broken.size(), "edge") + " would break (see below)."};
    if (!replay.broken.empty()) {
        Table table{
            "broken",
            "Would break",
            {"What", "Conversations", "First", "Last seen", "By", "Denied by", "Allowed by"},
            {},
            {1}};
        for (const auto& each : replay.broken) {
            table.rows.push_back({each.subject, std::to_string(each.conversations),
                                  to_seconds(each.first), to_seconds(each.last),
                                  joined(each.clients, ", "), joined(each.reasons, "; "),
                                  remedy_words(each)});
        }
        view.tables.push_back(std::move(table));
    }
    for (const auto& each : replay.broken) {
        std::vector<std::string> evidence = each.reasons;
        evidence.push_back("allowed by: " + remedy_words(each));
        view.checks.push_back({"broken", each.subject, Check::Status::fail,
                               counted(each.conversations, "conversation") + " would break",
                               std::move(evidence)});
    }
    if (replay.broken.empty()) {
        view.checks.push_back(
            {"broken", "nothing that was recorded would break", Check::Status::pass, "", {}});
    }
    if (!replay.left_out.empty()) {
        Table table{"left-out", "Not held against them", {"Conversations", "What", "Why"}, {}, {0}};
        for (const auto& each : replay.left_out) {
            table.rows.push_back({std::to_string(each.conversations), each.subject, each.reason});
        }
        view.tables.push_back(std::move(table));
    }
    return view;
}

std::string remedies_yaml(const analyzer::Replay& replay) {
    std::string text;
    for (const auto& edge : replay.broken) {
        for (const auto& each : edge.remedy) {
            text += (text.empty() ? "" : "---\n") + to_yaml(each);
        }
    }
    return text;
}

}  // namespace nspect::viz
