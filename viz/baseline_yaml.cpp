// SPDX-License-Identifier: Apache-2.0
#include "analyzer/baseline.h"
#include "viz/formats.h"
#include "viz/yaml_text.h"

namespace nspect::viz {

namespace {

std::string entry(const Finding& finding, const std::string& rest) {
    return "- code: " + yaml_scalar(finding.code) + "\n  subject: " + yaml_scalar(finding.subject) +
           "\n" + rest;
}

}  // namespace

std::string to_baseline(const View& view) {
    std::string text =
        "# Known findings: nspect leaves them out until the day they expire. Each needs a reason.\n"
        "apiVersion: nspect.io/v1\nkind: FindingBaseline\n";
    text += view.findings.empty() && view.known.empty() ? "findings: []\n" : "findings:\n";
    for (const KnownFinding& each : view.known) {
        const std::string until =
            each.expires ? "  expires: " + analyzer::last_day(*each.expires) + "\n" : "";
        text += entry(each.finding, "  reason: " + yaml_scalar(each.reason) + "\n" + until);
    }
    for (const Finding& each : view.findings) text += entry(each, "  reason: \"\"\n");
    return text;
}

}  // namespace nspect::viz
