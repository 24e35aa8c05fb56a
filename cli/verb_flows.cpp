// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "cli/flow_filter.h"
#include "cli/follow.h"
#include "cli/inputs.h"
#include "cli/render.h"
#include "cli/verb.h"
#include "viz/formats.h"
#include "viz/json.h"
#include "viz/text.h"
#include "viz/views.h"

namespace nspect::cli {

namespace {

struct Options {
    std::vector<std::string> inputs;
    bool follow = false;
    FlowFilterOptions filter;
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

/// Leaves the conversations that are asked for.
Status keep_wanted(const FlowFilterOptions& options, Loaded& loaded) {
    const auto wanted = flow_filter(options, loaded.world.inventory);
    if (!wanted) return wanted.error();
    std::erase_if(loaded.conversations, [&](const Conversation& each) { return !(*wanted)(each); });
    return done;
}

viz::View view_of(const Loaded& loaded) {
    return viz::flows_view(loaded.conversations, loaded.world.inventory, loaded.context);
}

/// What the rows come to in the format asked for, the heading once.
class Rows {
public:
    explicit Rows(const OutputOptions& options)
        : format_(options.format), text_(text_style(options)) {}

    std::string of(const Loaded& loaded) {
        if (format_ == "json") return json_lines(loaded);
        if (loaded.conversations.empty() && begun_) return {};
        const viz::Table table = view_of(loaded).tables.front();
        if (format_ == "text") {
            begun_ = true;
            return text_.add(table);
        }
        std::string csv = viz::to_csv(table);
        if (begun_) csv.erase(0, csv.find('\n') + 1);
        begun_ = true;
        return csv;
    }

private:
    std::string format_;
    viz::GrowingTable text_;
    bool begun_ = false;
};

int run_following(const Options& options) {
    if (!options.output.file.empty()) {
        return fail({Error::Kind::invalid, "--follow has no end, and a file appears whole or not",
                     "write standard output to the file instead", "--file"});
    }
    Rows rows(options.output);
    return follow(options.inputs, options.load, options.output,
                  [&](const Loaded& loaded) -> Result<bool> {
                      Loaded wanted = loaded;
                      if (const Status kept = keep_wanted(options.filter, wanted); !kept)
                          return kept.error();
                      std::cout << rows.of(wanted) << std::flush;
                      return std::cout.good();
                  });
}

int run(const Options& options) {
    if (options.follow) return run_following(options);
    auto loaded = load_inputs(options.inputs, options.load, options.output);
    if (!loaded) return fail(loaded.error());
    if (const Status kept = keep_wanted(options.filter, *loaded); !kept) return fail(kept.error());
    if (options.output.format == "json")
        return write_result(options.output, json_lines(*loaded), exit_ok);
    return write_view(options.output, view_of(*loaded), exit_ok);
}

}  // namespace

Run declare_flows(CommandLine& line) {
    auto options = std::make_shared<Options>();
    options->load.need_recording = true;
    line.inputs(options->inputs, "inputs", "recordings (*.nspect) and manifests, in any order",
                true);
    line.flag(options->follow, "--follow",
              "go on with what is recorded meanwhile, until the recording is closed or Ctrl-C");
    declare_flow_filter(line, options->filter);
    declare_output(line, options->output, {"text", "json", "csv"});
    line.footer(
        "Examples: nspect flows shop.nspect -o json | head -1\n"
        "          nspect flows --follow shop.nspect --to shop/db --outcome unanswered");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
