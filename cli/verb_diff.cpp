// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <memory>

#include "analyzer/audit.h"
#include "analyzer/diff.h"
#include "analyzer/observed_diff.h"
#include "cli/inputs.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "cli/verb.h"
#include "store/recording_file.h"
#include "viz/json.h"
#include "viz/views.h"

namespace nspect::cli {

namespace {

struct Options {
    std::string before;
    std::string after;
    std::vector<std::string> manifests;
    std::string level = "workload";
    std::string fail_on = "opened";
    LoadOptions load;
    OutputOptions output;
};

viz::FailOnDiff fail_on(const Options& options) {
    static const std::map<std::string, viz::FailOnDiff> known{{"opened", viz::FailOnDiff::opened},
                                                              {"any", viz::FailOnDiff::any},
                                                              {"never", viz::FailOnDiff::never}};
    return known.at(options.fail_on);
}

template <class Diff>
int write(const Options& options, const Diff& diff, bool more) {
    const bool opened = std::any_of(diff.rows.begin(), diff.rows.end(),
                                    [](const auto& row) { return viz::opens(row); });
    const bool any = more || !diff.rows.empty();
    const bool fails = any && viz::counts(fail_on(options), opened);
    const int code = fails ? exit_findings : exit_ok;
    if (options.output.format == "json")
        return write_result(options.output, viz::to_json(diff), code);
    return write_view(options.output, viz::diff_view(diff, fail_on(options)), code,
                      {"nspect diff", std::nullopt});
}

Result<analyzer::Connectivity> declared(const std::string& input, const Options& options) {
    LoadOptions load = options.load;
    load.need_manifests = true;
    std::vector<std::string> inputs{input};
    inputs.insert(inputs.end(), options.manifests.begin(), options.manifests.end());
    auto loaded = load_inputs(inputs, load, options.output);
    if (!loaded) return std::move(loaded).error();
    const Progress progress("following policies", options.output.quiet);
    const analyzer::PolicyEngine engine(loaded->world);
    return analyzer::connectivity(
        engine, options.level == "pod" ? analyzer::Level::pod : analyzer::Level::workload);
}

struct Observed {
    analyzer::Audit audit;
    std::vector<std::string> warnings;
};

Result<Observed> observed(const std::string& input, const Options& options) {
    LoadOptions load = options.load;
    load.need_recording = true;
    std::vector<std::string> inputs = options.manifests;
    inputs.push_back(input);
    auto loaded = load_inputs(inputs, load, options.output);
    if (!loaded) return std::move(loaded).error();
    Progress progress("judging", options.output.quiet, 0, "conversations");
    const analyzer::PolicyEngine engine(loaded->world);
    Observed made{
        analyzer::audit(engine, loaded->conversations, loaded->context, told_to(progress)), {}};
    made.warnings = analyzer::capture_warnings(loaded->context, made.audit.half_seen);
    return made;
}

bool is_recording(const std::string& input) {
    return input.ends_with(".nspect") || (input != "-" && store::looks_like_recording(input));
}

int diff_recordings(const Options& options) {
    const auto before = observed(options.before, options);
    if (!before) return fail(before.error());
    const auto after = observed(options.after, options);
    if (!after) return fail(after.error());
    analyzer::ObservedDiff diff = analyzer::diff(before->audit, after->audit);
    for (const auto& each : before->warnings) diff.warnings.push_back("before: " + each);
    for (const auto& each : after->warnings) diff.warnings.push_back("after: " + each);
    return write(options, diff, false);
}

int diff_policies(const Options& options) {
    const auto before = declared(options.before, options);
    if (!before) return fail(before.error());
    const auto after = declared(options.after, options);
    if (!after) return fail(after.error());
    const analyzer::ConnectivityDiff diff = analyzer::diff(*before, *after);
    return write(options, diff, !diff.empty());
}

int run(const Options& options) {
    const bool recordings = is_recording(options.before);
    if (recordings != is_recording(options.after)) {
        return fail({Error::Kind::invalid, "one is a recording and the other is none",
                     "two recordings, or two sets of manifests; nspect audit holds one against "
                     "the other",
                     recordings ? options.after : options.before});
    }
    if (recordings) return diff_recordings(options);
    const auto recording =
        std::find_if(options.manifests.begin(), options.manifests.end(), is_recording);
    if (recording != options.manifests.end()) {
        return fail({Error::Kind::invalid, "two sets of policies are compared, and no traffic",
                     "nspect generate --check holds a recording against a set of policies",
                     *recording});
    }
    return diff_policies(options);
}

}  // namespace

Run declare_diff(CommandLine& line) {
    auto options = std::make_shared<Options>();
    line.positional(options->before, "before",
                    "manifests before the change (file, folder, kube:), or a recording");
    line.positional(options->after, "after", "the same after it");
    line.inputs(options->manifests, "manifests",
                "what both sides share: the workloads that two sets of policies are about; with "
                "recordings, what names their workloads and policies");
    line.choice(options->level, "--level", {"workload", "pod"}, "what a row of policies is about");
    line.choice(options->fail_on, "--fail-on", {"opened", "any", "never"},
                "exit 1 when a connection is opened or new, or when any changes");
    declare_policy_options(line, options->load);
    declare_staged_option(line, options->load);
    declare_output(
        line, options->output,
        {"text", "json", "csv", "md", "junit", "dot", "svg", "png", "pdf", "mermaid", "html"});
    line.footer(
        "Examples: nspect diff manifests-main/ manifests-branch/ -o md\n"
        "nspect diff policies/ proposed/ cluster.yaml\n"
        "nspect diff last-week.nspect this-week.nspect cluster/ -o svg --file drift.svg");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
