// SPDX-License-Identifier: Apache-2.0
#include "viz/views.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

Check::Status check_status(analyzer::ComplianceStatus status) {
    switch (status) {
        case analyzer::ComplianceStatus::pass:
            return Check::Status::pass;
        case analyzer::ComplianceStatus::fail:
            return Check::Status::fail;
        case analyzer::ComplianceStatus::not_observable:
            break;
    }
    return Check::Status::not_observable;
}

std::string evidence_words(const analyzer::ComplianceCheck& check) {
    std::string text = check.reason;
    for (std::size_t i = 0; i < check.evidence.size(); ++i) {
        text += (i == 0 ? ": " : "; ") + check.evidence[i];
    }
    return text;
}

std::string known_until(const KnownFinding& known) {
    return known.expires ? analyzer::last_day(*known.expires) : "-";
}

}  // namespace

void add_compliance(const std::vector<analyzer::ComplianceCheck>& checks, View& view) {
    Table table{"compliance", "Compliance", {"Guideline", "Statement", "Status", "Evidence"},
                {},           {},           {2}};
    std::size_t counts[3] = {};
    for (const auto& each : checks) {
        table.rows.push_back({each.guideline, each.statement, std::string(to_string(each.status)),
                              evidence_words(each)});
        view.checks.push_back({"compliance", each.id + ": " + each.statement,
                               check_status(each.status), each.reason, each.evidence});
        ++counts[static_cast<std::size_t>(each.status)];
    }
    view.summary.push_back("Of " + counted(checks.size(), "statement") + " of guidelines " +
                           std::to_string(counts[0]) + " pass, " + std::to_string(counts[1]) +
                           " fail and " + std::to_string(counts[2]) +
                           " cannot be observed from these inputs.");
    view.tables.push_back(std::move(table));
}

void add_known(const analyzer::Compared& compared, const std::string& baseline, View& view) {
    view.known = compared.known;
    if (!compared.known.empty()) {
        view.summary.push_back(counted(compared.known.size(), "finding") +
                               (compared.known.size() == 1 ? " is" : " are") + " known (" +
                               baseline + ") and not counted.");
    }
    Table table{"known", "Known findings", {"Code", "Subject", "Until", "Reason"}, {}, {}};
    for (const KnownFinding& each : compared.known) {
        table.rows.push_back(
            {each.finding.code, each.finding.subject, known_until(each), each.reason});
    }
    if (!table.rows.empty()) view.tables.push_back(std::move(table));
}

}  // namespace nspect::viz
