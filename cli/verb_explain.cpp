// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "analyzer/capture_quality.h"
#include "analyzer/explain_parts.h"
#include "analyzer/explain_services.h"
#include "analyzer/observed_services.h"
#include "cli/inputs.h"
#include "cli/subject.h"
#include "cli/verb.h"
#include "viz/explanation.h"

namespace nspect::cli {

namespace {

/// Pairs of parts that policy tells apart: beyond it a person asks for less.
constexpr std::size_t most_pairs = 400;
constexpr std::size_t most_names = 3;

struct Options {
    std::string src;
    std::string dst;
    std::vector<std::string> inputs;
    LoadOptions load;
    OutputOptions output;
};

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), most_names); ++i) {
        text += (text.empty() ? "" : ", ") + names[i];
    }
    if (names.size() <= most_names) return text;
    return text + " and " + std::to_string(names.size() - most_names) + " more";
}

/// The end's own name, and which part of it where it is not the whole.
std::string part_name(const NamedEnds& end, const analyzer::Part& part,
                      const Inventory& inventory) {
    if (part.endpoints == end.ends.endpoints && part.addresses == end.ends.addresses)
        return end.name;
    std::vector<std::string> names;
    for (const std::size_t each : part.endpoints) names.push_back(inventory.endpoints()[each].name);
    for (const IpRange& range : part.addresses.intervals()) names.push_back(to_string(range));
    return end.name + " (" + listed(names) + ")";
}

bool is_allowed(const analyzer::Explanation& explanation) {
    return std::any_of(explanation.blocks.begin(), explanation.blocks.end(),
                       [](const auto& block) { return block.verdict.allowed(); });
}

class Question {
public:
    Question(const Loaded& loaded, NamedEnds src, NamedEnds dst, std::optional<TrafficPoint> point)
        : loaded_(loaded),
          inventory_(loaded.world.inventory),
          engine_(loaded.world),
          src_(std::move(src)),
          dst_(std::move(dst)),
          point_(point) {}

    viz::ExplainedQuestion answer() {
        if (dst_.service) {
            ask_service(*dst_.service);
        } else {
            ask(dst_, point_, nullptr);
        }
        result_.has_recording = loaded_.recordings > 0;
        for (const Conversation& each : loaded_.conversations) {
            if (is_meant(each)) result_.recorded.push_back(each);
        }
        if (result_.has_recording) {
            result_.notes = analyzer::silence_words(loaded_.context, inventory_,
                                                    src_.ends.endpoints, result_.recorded.empty());
            result_.warnings =
                analyzer::capture_warnings(loaded_.context, analyzer::HalfSeen(result_.recorded));
        }
        return std::move(result_);
    }

private:
    void ask(const NamedEnds& dst, const std::optional<TrafficPoint>& point,
             const analyzer::ThroughService* way);
    void ask_service(std::size_t service);
    void add_dependencies(analyzer::PartAnswer& answer, const analyzer::ThroughService* way);
    bool is_party(const Party& party, const NamedEnds& end) const;
    bool is_meant(const Conversation& conversation) const;

    const Loaded& loaded_;
    const Inventory& inventory_;
    analyzer::PolicyEngine engine_;
    NamedEnds src_;
    NamedEnds dst_;
    std::optional<TrafficPoint> point_;
    viz::ExplainedQuestion result_;
};

void Question::add_dependencies(analyzer::PartAnswer& answer, const analyzer::ThroughService* way) {
    for (auto& block : answer.explanation.blocks) {
        const TrafficPoint one = point_ && !way ? *point_
                                 : way          ? way->arrives
                                                : analyzer::first_point(block.traffic);
        if (way != nullptr && dst_.service &&
            analyzer::depends_on_translation(engine_, answer.one_from, *dst_.service, *way)) {
            block.verdict.egress.depends_on.push_back(analyzer::Dependency::service_address);
        }
        if (answer.one_to.endpoint && !answer.from.ingress_controller &&
            analyzer::depends_on_source(engine_, answer.one_from, *answer.one_to.endpoint, one)) {
            block.verdict.ingress.depends_on.push_back(analyzer::Dependency::source_address);
        }
    }
}

void Question::ask(const NamedEnds& dst, const std::optional<TrafficPoint>& point,
                   const analyzer::ThroughService* way) {
    std::size_t left_out = 0;
    auto answers =
        analyzer::explain_parts(engine_, src_.ends, dst.ends, point,
                                most_pairs - std::min(most_pairs, result_.pairs.size()), left_out);
    result_.left_out += left_out;
    // Where all of them are denied, one change for the whole is shorter than one for each part.
    const bool all_denied = std::none_of(
        answers.begin(), answers.end(),
        [](const analyzer::PartAnswer& answer) { return is_allowed(answer.explanation); });
    for (analyzer::PartAnswer& answer : answers) {
        add_dependencies(answer, way);
        viz::ExplainedPair pair;
        pair.src = part_name(src_, answer.from, inventory_);
        pair.dst = part_name(dst, answer.to, inventory_);
        pair.point = way != nullptr ? way->dialled : point;
        if (way != nullptr && way->dialled != way->arrives) pair.translated = way->arrives;
        if (point && !answer.from.ingress_controller) {
            const IpSet outside = all_denied ? src_.ends.addresses | dst.ends.addresses
                                             : answer.from.addresses | answer.to.addresses;
            pair.remedies =
                analyzer::remedies(engine_, answer.one_from, answer.one_to, *point, outside);
        }
        if (!answer.from.ingress_controller) {
            pair.tls = analyzer::explain_tls(loaded_.world, answer.one_from, answer.one_to, point);
        }
        pair.explanation = std::move(answer.explanation);
        result_.pairs.push_back(std::move(pair));
    }
}

/// Backends that connections arrive at on the same port are asked about together.
void Question::ask_service(std::size_t service) {
    auto ways = analyzer::through_service(inventory_, service, point_);
    while (!ways.empty()) {
        const analyzer::ThroughService first = ways.front();
        NamedEnds backends{dst_.name, {}, {}};
        std::erase_if(ways, [&](const analyzer::ThroughService& way) {
            if (way.dialled != first.dialled || way.arrives != first.arrives) return false;
            backends.ends.endpoints.push_back(way.endpoint);
            return true;
        });
        ask(backends, first.arrives, &first);
    }
}

bool Question::is_party(const Party& party, const NamedEnds& end) const {
    const auto& endpoints = end.ends.endpoints;
    if (party.endpoint) {
        return std::binary_search(endpoints.begin(), endpoints.end(), *party.endpoint);
    }
    return end.ends.addresses.contains(party.socket.ip);
}

bool Question::is_meant(const Conversation& conversation) const {
    NamedEnds dst = dst_;
    if (dst.service) dst.ends.endpoints = analyzer::ServiceBackends(inventory_).of(*dst.service);
    const TrafficPoint seen{conversation.protocol, conversation.server.socket.port};
    const bool port = !point_ || dst.service || seen == *point_;
    return port && is_party(conversation.client, src_) && is_party(conversation.server, dst);
}

int run(const Options& options) {
    const auto target = parse_target(options.dst);
    if (!target) return fail(target.error());
    auto loaded = load_inputs(options.inputs, options.load, options.output);
    if (!loaded) return fail(loaded.error());
    auto src = find_ends(loaded->world.inventory, options.src);
    if (!src) return fail(src.error());
    auto dst = find_ends(loaded->world.inventory, target->end);
    if (!dst) return fail(dst.error());
    const auto question =
        Question(*loaded, *std::move(src), *std::move(dst), target->point).answer();
    if (question.pairs.empty()) {
        return fail({Error::Kind::invalid, "policy has nothing to say between these two",
                     "one end at least must be a workload or a pod, and a Service needs the port "
                     "that was asked about and a pod behind it",
                     ""});
    }
    const bool allowed =
        std::all_of(question.pairs.begin(), question.pairs.end(),
                    [](const viz::ExplainedPair& pair) { return is_allowed(pair.explanation); });
    const std::string text = options.output.format == "json"
                                 ? viz::to_json(question, loaded->world, loaded->context)
                                 : viz::to_text(question, loaded->world, loaded->context);
    return write_result(options.output, text, allowed ? exit_ok : exit_findings);
}

}  // namespace

Run declare_explain(CommandLine& line) {
    auto options = std::make_shared<Options>();
    line.positional(options->src, "source",
                    "a workload, a pod, NAMESPACE/, an address or CIDR, internet, or "
                    "ingress-controller");
    line.positional(options->dst, "destination",
                    "the same or service/NAMESPACE/NAME, with :PORT or :PORT/PROTOCOL to ask about "
                    "one");
    line.inputs(options->inputs, "inputs", "manifests and recordings (*.nspect), in any order",
                true);
    declare_policy_options(line, options->load);
    declare_staged_option(line, options->load);
    declare_output(line, options->output, {"text", "json"});
    line.footer(
        "Exit 1 when it is not allowed, by all that were asked about.\nExample: nspect explain "
        "shop/web shop/db:6379 samples/shop shop.nspect");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
