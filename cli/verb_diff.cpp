// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "analyzer/diff.h"
#include "cli/inputs.h"
#include "cli/render.h"
#include "cli/verb.h"
#include "viz/json.h"
#include "viz/views.h"

namespace nspect::cli {

namespace {

struct Options {
    std::string before;
    std::string after;
    std::string level = "workload";
    std::string fail_on = "opened";
    LoadOptions load;
    OutputOptions output;
};

Result<analyzer::Connectivity> declared(const std::string& input, const Options& options) {
    auto loaded = load_inputs({input}, options.load, options.output);
    if (!loaded) return std::move(loaded).error();
    const analyzer::PolicyEngine engine(loaded->world);
    return analyzer::connectivity(
        engine, options.level == "pod" ? analyzer::Level::pod : analyzer::Level::workload);
}

bool opens(const analyzer::ConnectivityChange& change) {
    return !change.before.contains(change.after);
}

int run(const Options& options) {
    auto before = declared(options.before, options);
    if (!before) return fail(before.error());
    auto after = declared(options.after, options);
    if (!after) return fail(after.error());
    const analyzer::ConnectivityDiff diff = analyzer::diff(*before, *after);
    const bool opened = std::any_of(diff.rows.begin(), diff.rows.end(), opens);
    const bool counts =
        options.fail_on == "any" ? !diff.empty() : options.fail_on == "opened" && opened;
    const int code = counts ? exit_findings : exit_ok;
    if (options.output.format == "json")
        return write_result(options.output, viz::to_json(diff), code);
    return write_view(options.output, viz::diff_view(diff), code);
}

}  // namespace

Run declare_diff(CommandLine& line) {
    auto options = std::make_shared<Options>();
    options->load.need_manifests = true;
    line.positional(options->before, "before", "manifests before the change: a file or folder");
    line.positional(options->after, "after", "manifests after it");
    line.choice(options->level, "--level", {"workload", "pod"}, "what a row is about");
    line.choice(options->fail_on, "--fail-on", {"opened", "any", "never"},
                "exit 1 when the change opens a connection, or changes any");
    declare_policy_options(line, options->load);
    declare_staged_option(line, options->load);
    declare_output(line, options->output, {"text", "json", "csv", "md"});
    line.footer("Example: nspect diff policies-main/ policies-branch/ -o md");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
