// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "analyzer/explain.h"
#include "cli/inputs.h"
#include "cli/subject.h"
#include "cli/verb.h"
#include "viz/explanation.h"

namespace nspect::cli {

namespace {

struct Options {
    std::string src;
    std::string dst;
    std::vector<std::string> inputs;
    LoadOptions load;
    OutputOptions output;
};

bool is_party(const Party& party, const Subject& subject, const Inventory& inventory) {
    if (!subject.workload) return !subject.who.endpoint && party.socket.ip == subject.who.address;
    return party.endpoint && inventory.endpoints()[*party.endpoint].workload == *subject.workload;
}

viz::ExplainedPair explained(const Loaded& loaded, const Subject& src, const Subject& dst,
                             const std::optional<TrafficPoint>& point) {
    const analyzer::PolicyEngine engine(loaded.world);
    viz::ExplainedPair pair{src.name, dst.name, point, analyzer::explain(engine, src.who, dst.who),
                            {},       false};
    if (point) {
        std::erase_if(pair.explanation.blocks,
                      [&](const auto& block) { return !block.traffic.contains(*point); });
    }
    pair.has_recording = loaded.recordings > 0;
    for (const Conversation& each : loaded.conversations) {
        const TrafficPoint seen{each.protocol, each.server.socket.port};
        if (point && seen != *point) continue;
        if (is_party(each.client, src, loaded.world.inventory) &&
            is_party(each.server, dst, loaded.world.inventory)) {
            pair.recorded.push_back(each);
        }
    }
    return pair;
}

int run(const Options& options) {
    const auto target = parse_target(options.dst);
    if (!target) return fail(target.error());
    auto loaded = load_inputs(options.inputs, options.load, options.output);
    if (!loaded) return fail(loaded.error());
    const auto src = find_subject(loaded->world.inventory, options.src);
    if (!src) return fail(src.error());
    const auto dst = find_subject(loaded->world.inventory, target->end);
    if (!dst) return fail(dst.error());
    const viz::ExplainedPair pair = explained(*loaded, *src, *dst, target->point);
    const bool allowed = std::any_of(pair.explanation.blocks.begin(), pair.explanation.blocks.end(),
                                     [](const auto& block) { return block.verdict.allowed(); });
    const std::string text = options.output.format == "json"
                                 ? viz::to_json(pair, loaded->world, loaded->context)
                                 : viz::to_text(pair, loaded->world, loaded->context);
    return write_result(options.output, text, allowed ? exit_ok : exit_findings);
}

}  // namespace

Run declare_explain(CommandLine& line) {
    auto options = std::make_shared<Options>();
    line.positional(options->src, "source", "a workload, a pod or an address");
    line.positional(options->dst, "destination",
                    "the same, with :PORT or :PORT/PROTOCOL to ask about one");
    line.inputs(options->inputs, "inputs", "manifests and recordings (*.nspect), in any order",
                true);
    declare_policy_options(line, options->load);
    declare_output(line, options->output, {"text", "json"});
    line.footer(
        "Exit 1 when it is not allowed.\nExample: nspect explain shop/web shop/db:6379 "
        "samples/shop shop.nspect");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
