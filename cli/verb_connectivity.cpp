// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "analyzer/connectivity.h"
#include "cli/inputs.h"
#include "cli/render.h"
#include "cli/verb.h"
#include "viz/json.h"
#include "viz/views.h"

namespace nspect::cli {

namespace {

struct Options {
    std::vector<std::string> inputs;
    std::string level = "workload";
    LoadOptions load;
    OutputOptions output;
};

int run(const Options& options) {
    auto loaded = load_inputs(options.inputs, options.load, options.output);
    if (!loaded) return fail(loaded.error());
    const analyzer::PolicyEngine engine(loaded->world);
    const auto level = options.level == "pod" ? analyzer::Level::pod : analyzer::Level::workload;
    const analyzer::Connectivity result = analyzer::connectivity(engine, level);
    const std::string& format = options.output.format;
    if (format == "json") return write_result(options.output, viz::to_json(result), exit_ok);
    return write_view(options.output, viz::connectivity_view(result), exit_ok);
}

}  // namespace

Run declare_connectivity(CommandLine& line) {
    auto options = std::make_shared<Options>();
    options->load.need_manifests = true;
    line.inputs(options->inputs, "inputs", "manifests: files, folders, or - for standard input",
                true);
    line.choice(options->level, "--level", {"workload", "pod"}, "what a row is about");
    declare_policy_options(line, options->load);
    declare_output(line, options->output,
                   {"text", "json", "csv", "md", "dot", "svg", "png", "pdf", "html"});
    line.footer("Example: nspect connectivity samples/shop -o svg --file shop.svg");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
