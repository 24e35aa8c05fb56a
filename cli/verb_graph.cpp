// SPDX-License-Identifier: Apache-2.0
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
    LoadOptions load;
    OutputOptions output;
};

int run(const Options& options) {
    auto loaded = load_inputs(options.inputs, options.load, options.output);
    if (!loaded) return fail(loaded.error());
    const analyzer::PolicyEngine engine(loaded->world);
    const analyzer::Audit audit = analyzer::audit(engine, loaded->conversations, loaded->context);
    if (options.output.format == "json") {
        return write_result(options.output, viz::to_json(audit.graph), exit_ok);
    }
    if (options.output.format == "html") {
        return write_view(options.output,
                          viz::audit_view(audit, loaded->context, loaded->world.inventory),
                          exit_ok);
    }
    return write_view(options.output, viz::graph_view(audit.graph), exit_ok);
}

}  // namespace

Run declare_graph(CommandLine& line) {
    auto options = std::make_shared<Options>();
    options->load.need_recording = true;
    line.inputs(options->inputs, "inputs", "recordings (*.nspect) and manifests, in any order",
                true);
    declare_policy_options(line, options->load);
    declare_output(line, options->output,
                   {"dot", "svg", "png", "pdf", "html", "json", "mermaid", "md"});
    line.footer("Example: nspect graph shop.nspect samples/shop -o svg --file shop.svg");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
