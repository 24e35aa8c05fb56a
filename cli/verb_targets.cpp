// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "capture/targets/watcher.h"
#include "cli/render.h"
#include "cli/verb.h"
#include "viz/json.h"
#include "viz/views.h"

namespace nspect::cli {

namespace {

struct Options {
    OutputOptions output;
};

int run(const Options& options) {
    auto targets = capture::find_targets({});
    if (!targets) return fail(targets.error());
    if (options.output.format == "json") {
        return write_result(options.output, viz::to_json(*targets), exit_ok);
    }
    return write_view(options.output, viz::targets_view(*targets), exit_ok);
}

}  // namespace

Run declare_targets(CommandLine& line) {
    auto options = std::make_shared<Options>();
    declare_output(line, options->output, {"text", "json", "csv"});
    line.footer(
        "Without root only this user's own namespaces can be seen: nspect doctor says what is "
        "missing.");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
