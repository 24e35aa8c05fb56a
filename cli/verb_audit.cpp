// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <set>

#include "analyzer/audit.h"
#include "analyzer/capture_quality.h"
#include "analyzer/compliance.h"
#include "cli/inputs.h"
#include "cli/judged.h"
#include "cli/page.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "cli/subject.h"
#include "cli/verb.h"
#include "viz/json.h"
#include "viz/views.h"

namespace nspect::cli {

namespace {

struct Options {
    std::vector<std::string> inputs;
    std::vector<std::string> scope;
    bool compliance = false;
    JudgeOptions judge;
    LoadOptions load;
    OutputOptions output;
};

Result<analyzer::ComplianceInput> compliance_input(const Options& options, const Loaded& loaded) {
    std::set<std::size_t> scope;
    for (const std::string& each : options.scope) {
        auto ends = find_ends(loaded.world.inventory, each);
        if (!ends) return std::move(ends).error();
        if (ends->ends.endpoints.empty()) {
            return Error{Error::Kind::invalid, "--scope names workloads, pods and namespaces",
                         "'" + each + "' is none of them", ""};
        }
        scope.insert(ends->ends.endpoints.begin(), ends->ends.endpoints.end());
    }
    return analyzer::ComplianceInput{loaded.has_manifests, {scope.begin(), scope.end()}};
}

/// An auditor's formats have the statements in any case.
bool wants_compliance(const Options& options) {
    return options.compliance || !options.scope.empty() || options.output.format == "json" ||
           options.output.format == "html";
}

viz::View view_of(const Options& options, const Loaded& loaded, const analyzer::Audit& audit,
                  const analyzer::Compared& compared,
                  const std::vector<analyzer::ComplianceCheck>& checks) {
    viz::View view = viz::audit_view(audit, loaded.context, loaded.world.inventory);
    viz::add_known(compared, options.judge.baseline, view);
    if (checks.empty()) return view;
    viz::add_compliance(checks, view);
    if (options.output.format == "csv") std::swap(view.tables.front(), view.tables.back());
    return view;
}

int run(const Options& options) {
    const bool page = options.output.format == "html";  // which shows conversations
    LoadOptions load = options.load;
    load.keep_sightings = !page;
    auto loaded = load_inputs(options.inputs, load, options.output);
    if (!loaded) return fail(loaded.error());
    const auto input = compliance_input(options, *loaded);
    if (!input) return fail(input.error());
    Progress progress("judging", options.output.quiet, 0, "conversations");
    const analyzer::PolicyEngine engine(loaded->world);
    analyzer::Audit audit = audit_of(engine, *loaded, {}, told_to(progress));
    std::vector<analyzer::ComplianceCheck> checks;
    if (wants_compliance(options)) checks = analyzer::compliance(engine, audit, *input);
    progress.end();
    auto compared = judge(std::move(audit.findings), options.judge, analyzer::lint_kinds(),
                          options.output, audit.lossy);
    if (!compared) return fail(compared.error());
    audit.findings = compared->findings;
    const int code = exit_code(audit.findings, options.judge);
    if (options.output.format == "json") {
        const bool based = !options.judge.baseline.empty();
        return write_result(
            options.output,
            viz::to_json(audit, {based ? &*compared : nullptr, &checks},
                         analyzer::capture_warnings(loaded->context, audit.half_seen)),
            code);
    }
    viz::View view = view_of(options, *loaded, audit, *compared, checks);
    if (page) add_page(engine, *loaded, audit, options.output.quiet, view);
    return write_view(options.output, view, code, junit_of("nspect audit", options.judge));
}

}  // namespace

Run declare_audit(CommandLine& line) {
    auto options = std::make_shared<Options>();
    options->load.need_recording = true;
    line.inputs(options->inputs, "inputs", "recordings (*.nspect) and manifests, in any order",
                true);
    declare_judge(line, options->judge);
    line.flag(options->compliance, "--compliance",
              "also which statements of CIS, NSA, NIST, PCI DSS and OWASP hold, with the evidence "
              "(always in json and html)");
    line.options(options->scope, "--scope",
                 "for PCI DSS: a workload or NAMESPACE/ that holds account data; may be repeated",
                 "END");
    declare_policy_options(line, options->load);
    declare_staged_option(line, options->load);
    declare_output(line, options->output,
                   {"text", "json", "md", "sarif", "junit", "html", "csv", "baseline"});
    line.footer(
        "Examples: nspect audit shop.nspect samples/shop -o html --file report.html\n"
        "nspect audit shop.nspect samples/shop -o baseline --file known.yaml");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
