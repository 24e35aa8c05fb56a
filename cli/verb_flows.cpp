// SPDX-License-Identifier: Apache-2.0
#include <memory>

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

std::string json_lines(const Loaded& loaded) {
    std::string text;
    for (const Conversation& each : loaded.conversations) {
        text += viz::to_json_line(each, loaded.world.inventory, loaded.context);
        text += '\n';
    }
    return text;
}

int run(const Options& options) {
    auto loaded = load_inputs(options.inputs, options.load, options.output);
    if (!loaded) return fail(loaded.error());
    if (options.output.format == "json")
        return write_result(options.output, json_lines(*loaded), exit_ok);
    return write_view(
        options.output,
        viz::flows_view(loaded->conversations, loaded->world.inventory, loaded->context), exit_ok);
}

}  // namespace

Run declare_flows(CommandLine& line) {
    auto options = std::make_shared<Options>();
    options->load.need_recording = true;
    line.inputs(options->inputs, "inputs", "recordings (*.nspect) and manifests, in any order",
                true);
    declare_output(line, options->output, {"text", "json", "csv"});
    line.footer("Example: nspect flows shop.nspect -o json | head -1");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
