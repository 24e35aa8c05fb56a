// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "analyzer/capture_quality.h"
#include "analyzer/places.h"
#include "analyzer/stitch.h"
#include "cli/flow_filter.h"
#include "cli/follow.h"
#include "cli/follow_live.h"
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
    LiveOptions live;
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

std::string json_rows(std::span<const Conversation> conversations, const Inventory& inventory,
                      const analyzer::Places& places) {
    std::string text;
    for (const Conversation& each : conversations) {
        text += viz::to_json_line(each, inventory, places);
        text += '\n';
    }
    return text;
}

/// Without the heading.
std::string csv_rows(std::span<const Conversation> conversations, const Inventory& inventory,
                     const analyzer::Places& places) {
    std::string csv = viz::to_csv(viz::flows_table(conversations, inventory, places));
    csv.erase(0, csv.find('\n') + 1);
    return csv;
}

std::string csv_heading(const Inventory& inventory, const analyzer::Places& places) {
    return viz::to_csv(viz::flows_table({}, inventory, places));
}

/// What the rows come to in the format asked for, the heading once.
class Rows {
public:
    explicit Rows(const OutputOptions& options)
        : format_(options.format), text_(text_style(options)) {}

    /// `places` are those of the recording they came from.
    std::string of(std::span<const Conversation> conversations, const Inventory& inventory,
                   const analyzer::Places& places) {
        if (format_ == "json") return json_rows(conversations, inventory, places);
        if (conversations.empty() && begun_) return {};
        const bool first = !std::exchange(begun_, true);
        if (format_ == "text") return text_.add(viz::flows_table(conversations, inventory, places));
        return (first ? csv_heading(inventory, places) : std::string()) +
               csv_rows(conversations, inventory, places);
    }

private:
    std::string format_;
    viz::GrowingTable text_;
    bool begun_ = false;
};

/// Shows what is new in the format asked for; false once nobody reads it any more.
class Shown {
public:
    /// `waits`: who is asked for may still come, and is waited for.
    Shown(const Options& options, bool waits)
        : options_(options), rows_(options.output), waits_(waits) {}

    Result<bool> operator()(Loaded& wanted) {
        if (const Status kept = keep_wanted(options_.filter, wanted); !kept) {
            if (!waits_ || kept.error().kind != Error::Kind::not_found) return kept.error();
            if (!std::exchange(said_, true))
                say(options_.output, "nspect: " + kept.error().message + " now; waiting for it");
            wanted.conversations.clear();
        }
        std::cout << rows_.of(wanted.conversations, wanted.world.inventory,
                              analyzer::Places(wanted.context))
                  << std::flush;
        return std::cout.good();
    }

private:
    const Options& options_;
    Rows rows_;
    bool waits_;
    bool said_ = false;
};

/// What manifests say; nothing without any.
Result<Loaded> declared(const Options& options) {
    LoadOptions load = options.load;
    load.need_recording = false;
    return load_inputs(options.inputs, load, options.output);
}

int follow_this_host(const Options& options, const StopSignal& stop) {
    const auto settings = read_live_settings(options.live);
    if (!settings) return fail(settings.error());
    auto world = declared(options);
    if (!world) return fail(world.error());
    auto following =
        LiveFollowing::begin(options.live, *settings, std::move(*world), options.output.quiet);
    if (!following) return fail(following.error());
    LiveFollowing& live = **following;
    Shown shown(options, true);
    const int code =
        follow(stop, {[&](Timestamp since) { return live.read(since); }, [&] { live.stop(); }},
               [&](Loaded& wanted) { return shown(wanted); });
    live.tell_end(options.output.quiet);
    return code;
}

int run_following(const Options& options) {
    if (!options.output.file.empty()) {
        return fail({Error::Kind::invalid, "--follow has no end, and a file appears whole or not",
                     "write standard output to the file instead", "--file"});
    }
    auto stop = StopSignal::open();
    if (!stop) return fail(stop.error());
    if (!name_a_recording(options.inputs)) return follow_this_host(options, *stop);
    Shown shown(options, false);
    return follow(*stop, follow_inputs(options.inputs, options.load, options.output),
                  [&](Loaded& wanted) { return shown(wanted); });
}

/// What has no use there, so that nobody believes it was obeyed.
std::optional<Error> useless(const Options& options) {
    const auto name = given_live_option(options.live);
    if (!name || (options.follow && !name_a_recording(options.inputs))) return std::nullopt;
    return Error{Error::Kind::invalid, *name + " is for a capture of this host",
                 "nspect flows --follow without a recording captures", ""};
}

/// A part of the conversations: those wanted stand first.
struct WrittenPart {
    std::string text;
    std::size_t wanted = 0;
};

/// Made and written one after the other: millions of them would be larger than all they are made
/// from. Whoever makes them puts them into words as well.
int write_rows(const Options& options, const Loaded& loaded) {
    const Inventory& inventory = loaded.world.inventory;
    const auto wanted = flow_filter(options.filter, inventory);
    if (!wanted) return fail(wanted.error());
    const analyzer::Places places(loaded.context);
    const bool json = options.output.format == "json";
    ResultStream stream(options.output);
    if (!json) stream.write(csv_heading(inventory, places));
    std::vector<WrittenPart> parts(analyzer::Ahead::most_slots);
    analyzer::HalfSeen half_seen;
    const auto prepare = [&](std::span<Conversation> made, std::size_t slot) {
        const auto end = std::remove_if(made.begin(), made.end(),
                                        [&](const auto& each) { return !(*wanted)(each); });
        const std::span rows(made.begin(), end);
        parts[slot] = {
            json ? json_rows(rows, inventory, places) : csv_rows(rows, inventory, places),
            rows.size()};
    };
    const auto use = [&](std::span<Conversation> made, std::size_t slot) {
        for (const auto& each : made.first(parts[slot].wanted)) half_seen.count(each);
        stream.write(parts[slot].text);
        return stream.good();
    };
    analyzer::stitch_in_parts(loaded.context, inventory, {prepare, use});
    say_warnings(options.output, analyzer::capture_warnings(loaded.context, half_seen));
    return stream.finish(exit_ok);
}

int run(const Options& options) {
    if (const auto error = useless(options)) return fail(*error);
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
    line.inputs(options->inputs, "inputs", "recordings (*.nspect) and manifests, in any order");
    line.flag(options->follow, "--follow",
              "go on with what is recorded meanwhile, until the recording is closed or Ctrl-C; "
              "without a recording, capture on this host and keep nothing");
    declare_flow_filter(line, options->filter);
    declare_live_options(line, options->live);
    declare_output(line, options->output, {"text", "json", "csv"});
    line.footer(
        "Examples: nspect flows shop.nspect -o json | head -1\n"
        "          nspect flows --follow shop.nspect --to shop/db --outcome unanswered\n"
        "          nspect flows --follow kube: --host --port 5432");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
