// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "analyzer/lint.h"
#include "cli/inputs.h"
#include "cli/judged.h"
#include "cli/quantity.h"
#include "cli/render.h"
#include "cli/verb.h"
#include "viz/json.h"
#include "viz/views.h"

namespace nspect::cli {

namespace {

struct Options {
    std::vector<std::string> inputs;
    JudgeOptions judge;
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
    analyzer::Lint lint = analyzer::lint(engine, input);
    auto compared = judge(std::move(lint.findings), options.judge, analyzer::audit_kinds(),
                          options.output, lint.lossy);
    if (!compared) return fail(compared.error());
    lint.findings = compared->findings;
    const int code = exit_code(lint.findings, options.judge);
    if (options.output.format == "json") {
        const bool based = !options.judge.baseline.empty();
        const viz::JudgedFindings judged{based ? &*compared : nullptr, nullptr};
        return write_result(options.output, viz::to_json(lint, loaded->world, judged), code);
    }
    viz::View view = viz::lint_view(lint, loaded->world);
    viz::add_known(*compared, options.judge.baseline, view);
    return write_view(options.output, view, code, junit_of("nspect lint", options.judge));
}

}  // namespace

Run declare_lint(CommandLine& line) {
    auto options = std::make_shared<Options>();
    options->load.need_manifests = true;
    line.inputs(options->inputs, "inputs",
                "manifests and, for rules nobody hits, recordings (*.nspect)", true);
    declare_judge(line, options->judge);
    line.option(options->unused_after, "--unused-after",
                "with a recording: report rules without a hit for that long (7d, 36h)", "DURATION");
    declare_policy_options(line, options->load);
    declare_staged_option(line, options->load);
    declare_output(line, options->output, {"text", "json", "md", "sarif", "junit", "baseline"});
    line.footer("Example: nspect lint samples/shop -o sarif --file lint.sarif");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
