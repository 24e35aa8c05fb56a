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
    auto found = capture::survey({});
    if (!found) return fail(found.error());
    for (const capture::Limitation& each : found->limitations) {
        say(options.output, "nspect: not seen: " + to_string(each));
    }
    if (options.output.format == "json") {
        return write_result(options.output, viz::to_json(found->targets, found->attachments),
                            exit_ok);
    }
    return write_view(options.output, viz::targets_view(found->targets, found->attachments),
                      exit_ok);
}

}  // namespace

Run declare_targets(CommandLine& line) {
    auto options = std::make_shared<Options>();
    declare_output(line, options->output, {"text", "json", "csv", "dot", "svg", "png", "pdf"});
    line.footer(
        "Without root only this user's own namespaces can be seen: nspect doctor says what is "
        "missing.");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
