// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "analyzer/audit.h"
#include "cli/inputs.h"
#include "cli/render.h"
#include "cli/verb.h"
#include "viz/json.h"
#include "viz/views.h"

namespace nspect::cli {

namespace {

struct Options {
    std::vector<std::string> inputs;
    std::string fail_on = "low";
    LoadOptions load;
    OutputOptions output;
};

/// Findings at or above the severity make the exit code 1; "never" none.
int exit_code(const std::vector<Finding>& findings, const std::string& fail_on) {
    const auto limit = parse_severity(fail_on);
    const bool any =
        limit && std::any_of(findings.begin(), findings.end(),
                             [&](const Finding& each) { return each.severity >= *limit; });
    return any ? exit_findings : exit_ok;
}

int run(const Options& options) {
    auto loaded = load_inputs(options.inputs, options.load, options.output);
    if (!loaded) return fail(loaded.error());
    const analyzer::PolicyEngine engine(loaded->world);
    const analyzer::Audit audit = analyzer::audit(engine, loaded->conversations, loaded->context);
    const int code = exit_code(audit.findings, options.fail_on);
    if (options.output.format == "json")
        return write_result(options.output, viz::to_json(audit), code);
    return write_view(options.output,
                      viz::audit_view(audit, loaded->context, loaded->world.inventory), code);
}

}  // namespace

Run declare_audit(CommandLine& line) {
    auto options = std::make_shared<Options>();
    options->load.need_recording = true;
    line.inputs(options->inputs, "inputs", "recordings (*.nspect) and manifests, in any order",
                true);
    line.choice(options->fail_on, "--fail-on", {"info", "low", "medium", "high", "never"},
                "exit 1 when a finding is at least this severe");
    declare_policy_options(line, options->load);
    declare_staged_option(line, options->load);
    declare_output(line, options->output, {"text", "json", "md", "sarif", "html", "csv"});
    line.footer("Example: nspect audit shop.nspect samples/shop -o html --file report.html");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
