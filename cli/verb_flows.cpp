// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "analyzer/places.h"
#include "analyzer/stitch.h"
#include "cli/flow_filter.h"
#include "cli/follow.h"
#include "cli/inputs.h"
#include "cli/render.h"
#include "cli/result_stream.h"
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

/// Leaves the conversations that are asked for.
Status keep_wanted(const FlowFilterOptions& options, Loaded& loaded) {
    const auto wanted = flow_filter(options, loaded.world.inventory);
    if (!wanted) return wanted.error();
    std::erase_if(loaded.conversations, [&](const Conversation& each) { return !(*wanted)(each); });
    return done;
}

/// What the rows come to in the format asked for, the heading once.
class Rows {
public:
    explicit Rows(const OutputOptions& options)
        : format_(options.format), text_(text_style(options)) {}

    /// `places` are those of the recording they came from.
    std::string of(std::span<const Conversation> conversations, const Inventory& inventory,
                   const analyzer::Places& places) {
        if (format_ == "json") return json_lines(conversations, inventory, places);
        if (conversations.empty() && begun_) return {};
        const viz::Table table = viz::flows_table(conversations, inventory, places);
        const bool first = !std::exchange(begun_, true);
        if (format_ == "text") return text_.add(table);
        std::string csv = viz::to_csv(table);
        if (!first) csv.erase(0, csv.find('\n') + 1);
        return csv;
    }

private:
    static std::string json_lines(std::span<const Conversation> conversations,
                                  const Inventory& inventory, const analyzer::Places& places) {
        std::string text;
        for (const Conversation& each : conversations) {
            text += viz::to_json_line(each, inventory, places);
            text += '\n';
        }
        return text;
    }

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
                  [&](Loaded& wanted) -> Result<bool> {
                      if (const Status kept = keep_wanted(options.filter, wanted); !kept)
                          return kept.error();
                      std::cout << rows.of(wanted.conversations, wanted.world.inventory,
                                           analyzer::Places(wanted.context))
                                << std::flush;
                      return std::cout.good();
                  });
}

/// Made and written one after the other: millions of them would be larger than all they are made
/// from.
int write_rows(const Options& options, const Loaded& loaded) {
    constexpr std::size_t at_once = 1024;
    const Inventory& inventory = loaded.world.inventory;
    const auto wanted = flow_filter(options.filter, inventory);
    if (!wanted) return fail(wanted.error());
    const analyzer::Places places(loaded.context);
    Rows rows(options.output);
    ResultStream stream(options.output);
    std::vector<Conversation> part;
    const auto write = [&] {
        stream.write(rows.of(part, inventory, places));
        part.clear();
    };
    analyzer::stitch_each(loaded.context, inventory, [&](Conversation each) {
        if ((*wanted)(each)) part.push_back(std::move(each));
        if (part.size() >= at_once) write();
        return stream.good();
    });
    write();
    return stream.finish(exit_ok);
}

int run(const Options& options) {
    if (options.follow) return run_following(options);
    LoadOptions load = options.load;
    load.keep_sightings = options.output.format != "text";
    auto loaded = load_inputs(options.inputs, load, options.output);
    if (!loaded) return fail(loaded.error());
    if (load.keep_sightings) return write_rows(options, *loaded);
    if (const Status kept = keep_wanted(options.filter, *loaded); !kept) return fail(kept.error());
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
