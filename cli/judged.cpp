// SPDX-License-Identifier: Apache-2.0
#include "cli/judged.h"

#include <algorithm>
#include <chrono>

#include "ingest/baseline.h"

namespace nspect::cli {

namespace {

Timestamp now() {
    return std::chrono::time_point_cast<Timestamp::duration>(std::chrono::system_clock::now());
}

Result<Baseline> read(const JudgeOptions& options, const OutputOptions& output) {
    if (options.baseline.empty()) return Baseline{};
    Diagnostics diagnostics;
    auto baseline = ingest::load_baseline(options.baseline, diagnostics);
    diagnostics.sort();
    print(output, diagnostics);
    if (!baseline) return std::move(baseline).error();
    if (diagnostics.has_errors())
        return Error{Error::Kind::invalid, "the baseline has errors (see above)", "", ""};
    return baseline;
}

}  // namespace

void declare_judge(CommandLine& line, JudgeOptions& options) {
    line.choice(options.fail_on, "--fail-on", {"info", "low", "medium", "high", "never"},
                "exit 1 when a finding is at least this severe");
    line.option(options.baseline, "--baseline",
                "known findings, each with a reason and a day it expires, are not counted", "FILE");
}

Result<analyzer::Compared> judge(std::vector<Finding> findings, const JudgeOptions& options,
                                 const std::vector<analyzer::FindingKind>& elsewhere,
                                 const OutputOptions& output, bool lossy) {
    auto baseline = read(options, output);
    if (!baseline) return std::move(baseline).error();
    analyzer::Compared compared = analyzer::compare(std::move(findings), *baseline, now());
    std::erase_if(compared.unused, [&](const BaselineEntry& entry) {
        return std::any_of(elsewhere.begin(), elsewhere.end(),
                           [&](const auto& kind) { return kind.code == entry.code; });
    });
    for (const BaselineEntry& each : compared.unused) {
        say(output, to_string(each.where) + ": no finding needs this entry any more: " +
                        printable(each.code + " " + each.subject) +
                        (lossy ? "; something was lost while recording: keep it" : ""));
    }
    return compared;
}

int exit_code(const std::vector<Finding>& findings, const JudgeOptions& options) {
    const auto limit = parse_severity(options.fail_on);
    const bool any =
        limit && std::any_of(findings.begin(), findings.end(),
                             [&](const Finding& each) { return each.severity >= *limit; });
    return any ? exit_findings : exit_ok;
}

viz::JunitOptions junit_of(const std::string& suite, const JudgeOptions& options) {
    return {suite, parse_severity(options.fail_on)};
}

}  // namespace nspect::cli
