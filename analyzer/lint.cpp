// SPDX-License-Identifier: Apache-2.0
#include "analyzer/lint.h"

#include <algorithm>

#include "analyzer/capture_quality.h"
#include "analyzer/lint_facts.h"

namespace nspect::analyzer {
namespace {

Severity severity_of(Diagnostic::Severity severity) {
    switch (severity) {
        case Diagnostic::Severity::error:
            return Severity::high;
        case Diagnostic::Severity::warning:
            return Severity::medium;
        case Diagnostic::Severity::note:
            break;
    }
    return Severity::info;
}

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// What was said while documents were read, as findings.
void add_diagnostics(const Diagnostics& diagnostics, std::vector<Finding>& findings) {
    for (const Diagnostic& each : diagnostics.items()) {
        Finding finding;
        finding.code = each.code;
        finding.severity = severity_of(each.severity);
        finding.subject = each.location.file;
        finding.message = each.message;
        const std::string line = trimmed(each.source_line);
        if (!line.empty()) finding.evidence.push_back("there: " + line);
        if (!each.hint.empty()) finding.evidence.push_back(each.hint);
        if (!each.location.file.empty()) finding.location = each.location;
        findings.push_back(std::move(finding));
    }
}

}  // namespace

const std::vector<LintRow>& lint_table() {
    using enum Severity;
    static const std::vector<LintRow> table{
        {"selects-nothing", medium, "a policy selects no pod", find_selects_nothing},
        {"peer-selects-nothing", medium, "a peer of a rule selects no pod",
         find_peer_selects_nothing},
        {"near-miss-label", medium,
         "a selector asks for a label that nobody has and that is nearly one that somebody has",
         find_near_misses},
        {"rollout-pinned", medium, "a selector asks for a label that changes with every rollout",
         find_rollout_pinned},
        {"selects-finished-job", low, "a policy selects only pods that have run to their end",
         find_finished_jobs},
        {"host-network-selected", medium, "a NetworkPolicy selects pods on the host network",
         find_host_network},
        {"and-or-confusion", medium,
         "namespaceSelector and podSelector are two entries where one was probably meant",
         find_and_or},
        {"direction-without-rules", low,
         "a policy with rules for one direction isolates for the other one, too",
         find_direction_without_rules},
        {"duplicate-policy", low, "two policies select the same pods and say the same",
         find_duplicates},
        {"rule-contained", low, "another rule says all that a rule says", find_contained},
        {"conflicting-priorities", high,
         "policies of equal priority decide differently about the same traffic", find_conflicts},
        {"rule-never-reached", medium, "all that a rule names is decided before it is asked",
         find_never_reached},
        {"deny-shadowed", high,
         "a deny never takes effect: a pass, or a rule of the same priority, comes before",
         nullptr},
        {"no-default-deny", medium, "no policy closes a direction for every pod of a namespace",
         find_no_default_deny},
        {"ingress-from-everywhere", medium, "a rule lets anyone in, also from outside",
         find_ingress_from_everywhere},
        {"egress-to-everywhere", medium, "a rule opens every address outside",
         find_egress_to_everywhere},
        {"block-covers-pods", medium, "an address block covers addresses of pods",
         find_blocks_covering_pods},
        {"metadata-reachable", medium, "a rule opens the cloud's metadata service",
         find_metadata_reachable},
        {"dns-blocked", medium, "a policy isolates for egress and nothing allows DNS",
         find_dns_blocked},
        {"port-name-unknown", medium, "a rule names a port that no destination has",
         find_unknown_port_names},
        {"port-nobody-opens", low, "a rule names a port that no destination declares",
         find_ports_nobody_opens},
        {"service-port-named", medium, "a rule names a Service's port instead of its pods' port",
         find_service_ports},
        {"service-target-missing", medium, "a Service leads to a port that no pod behind it has",
         find_service_targets},
        {"rule-never-hit", low, "with a recording: no conversation hit a rule in a long time",
         find_never_hit},
    };
    return table;
}

Lint lint(const PolicyEngine& engine, const LintInput& input) {
    LintFacts facts(engine, input);
    for (const LintRow& row : lint_table()) {
        if (row.find != nullptr) row.find(facts);
    }
    if (input.documents != nullptr) add_diagnostics(*input.documents, facts.findings);
    Lint result;
    result.findings = std::move(facts.findings);
    result.rules = std::move(facts.rules);
    result.first = facts.first;
    result.last = facts.last;
    result.lossy = facts.lossy;
    if (input.context != nullptr) {
        const auto half =
            input.conversations == nullptr ? HalfSeen() : HalfSeen(*input.conversations);
        result.warnings = capture_warnings(*input.context, half);
    }
    sort_findings(result.findings);
    return result;
}

}  // namespace nspect::analyzer
