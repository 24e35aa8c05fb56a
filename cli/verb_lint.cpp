// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "analyzer/lint.h"
#include "cli/inputs.h"
#include "cli/quantity.h"
#include "cli/render.h"
#include "cli/verb.h"
#include "viz/json.h"
#include "viz/views.h"

namespace nspect::cli {

namespace {

struct Options {
    std::vector<std::string> inputs;
    std::string fail_on = "low";
    std::string unused_after = "7d";
    LoadOptions load;
    OutputOptions output;
};

/// Also in days, "7d".
std::optional<Duration> parse_days(const std::string& text) {
    if (!text.ends_with('d')) return parse_duration(text);
    const auto hours = parse_duration(text.substr(0, text.size() - 1) + "h");
    if (!hours || *hours > std::chrono::hours(24 * 366 * 10)) return std::nullopt;
    return *hours * 24;
}

/// Findings at or above the severity make the exit code 1; "never" none.
int exit_code(const std::vector<Finding>& findings, const std::string& fail_on) {
    const auto limit = parse_severity(fail_on);
    const bool any =
        limit && std::any_of(findings.begin(), findings.end(),
                             [&](const Finding& each) { return each.severity >= *limit; });
    return any ? exit_findings : exit_ok;
}

int run(const Options& options) {
    const auto unused_after = parse_days(options.unused_after);
    if (!unused_after) {
        return fail({Error::Kind::invalid,
                     "--unused-after takes a duration, not \"" + options.unused_after + '"',
                     "for example 7d, 36h, 90m", ""});
    }
    Diagnostics documents;
    LoadOptions load = options.load;
    load.diagnostics = &documents;
    auto loaded = load_inputs(options.inputs, load, options.output);
    if (!loaded) return fail(loaded.error());
    const analyzer::PolicyEngine engine(loaded->world);
    analyzer::LintInput input;
    input.documents = &documents;
    input.unused_after = *unused_after;
    if (loaded->recordings > 0) {
        input.conversations = &loaded->conversations;
        input.context = &loaded->context;
    }
    const analyzer::Lint lint = analyzer::lint(engine, input);
    const int code = exit_code(lint.findings, options.fail_on);
    if (options.output.format == "json")
        return write_result(options.output, viz::to_json(lint, loaded->world), code);
    return write_view(options.output, viz::lint_view(lint, loaded->world), code);
}

}  // namespace

Run declare_lint(CommandLine& line) {
    auto options = std::make_shared<Options>();
    options->load.need_manifests = true;
    line.inputs(options->inputs, "inputs",
                "manifests and, for rules nobody hits, recordings (*.nspect)", true);
    line.choice(options->fail_on, "--fail-on", {"info", "low", "medium", "high", "never"},
                "exit 1 when a finding is at least this severe");
    line.option(options->unused_after, "--unused-after",
                "with a recording: report rules without a hit for that long (7d, 36h)", "DURATION");
    declare_policy_options(line, options->load);
    declare_staged_option(line, options->load);
    declare_output(line, options->output, {"text", "json", "md", "sarif"});
    line.footer("Example: nspect lint samples/shop -o sarif --file lint.sarif");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
