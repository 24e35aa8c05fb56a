// SPDX-License-Identifier: Apache-2.0
// Explanations against the shared conformance data, scored as its README suggests: the verdict of
// each point exactly; for a denied direction the set of denying policies exactly; for an allowed
// one at least one of the listed rules.
#include <algorithm>

#include <catch2/catch.hpp>

#include "analyzer/entrances.h"
#include "analyzer/explain.h"
#include "tests/analyzer/conformance_data.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::conformance;
using nlohmann::json;

namespace {

using Named = std::set<std::string>;

std::string title(const json& reason) {
    return reason.at("kind").get<std::string>() + " " + reason.value("policy", "");
}

std::string title(const World& world, const Reason& reason) {
    return reason_kind(world, reason) + " " + reason_name(world, reason);
}

std::string with_rule(const json& reason) {
    const auto rule = reason.find("rule");
    if (rule == reason.end()) return title(reason);
    return title(reason) + " " + (rule->is_string() ? rule->get<std::string>() : rule->dump());
}

bool denies(std::string_view effect) {
    return effect != "allow" && effect != "pass";
}

/// What is wrong with one direction of our verdict; empty when nothing is.
std::string fault(const World& world, Direction direction, const DirectionVerdict& ours,
                  const json& expected) {
    const bool allowed = expected.at("verdict") == "allowed";
    if (ours.allowed != allowed) return "verdict";
    Named wanted;
    Named got;
    for (const auto& reason : expected.at("reasons")) {
        const std::string effect = reason.at("effect");
        if (!allowed && denies(effect)) wanted.insert(title(reason));
        if (allowed && effect == "allow") wanted.insert(with_rule(reason));
    }
    for (const Reason& reason : ours.reasons) {
        const std::string effect{to_string(reason.effect)};
        const std::string rule = reason_rule(world, direction, reason);
        if (!allowed && denies(effect)) got.insert(title(world, reason));
        if (allowed && effect == "allow") {
            got.insert(title(world, reason) + (rule.empty() ? "" : " " + rule));
        }
    }
    if (!allowed) return got == wanted ? "" : "denying policies " + json(got).dump();
    const bool shared = std::any_of(got.begin(), got.end(),
                                    [&](const auto& name) { return wanted.contains(name); });
    return shared ? "" : "allowing rules " + json(got).dump();
}

std::optional<Who> party(const World& world, const std::string& text) {
    const auto dash = text.find('-');
    if (const auto first = IpAddress::parse(text.substr(0, dash))) return Who::of_address(*first);
    const auto id = parse_workload_id(text);
    const auto workload = id ? world.inventory.find_workload(*id) : std::nullopt;
    if (!workload) return std::nullopt;
    return Who::of_endpoint(world.inventory.endpoints_of(*workload).front());
}

Explanation explanation_of(const PolicyEngine& engine, const std::string& src,
                           const std::string& dst) {
    const Who to = *party(engine.world(), dst);
    if (src == ingress_controller) return explain_entrance(engine, *to.endpoint);
    return explain(engine, *party(engine.world(), src), to);
}

/// Each block of ours that meets an expected one must tell the same.
void check_pair(const PolicyEngine& engine, const json& pair) {
    INFO(pair.at("src") << " -> " << pair.at("dst"));
    const Explanation ours = explanation_of(engine, pair.at("src"), pair.at("dst"));
    for (const auto& expected : pair.at("blocks")) {
        const TrafficSet traffic = *parse_conn(expected.at("conn").get<std::string>());
        INFO(expected.dump());
        for (const ExplainBlock& block : ours.blocks) {
            if (to_conn(block.traffic & traffic) == "No Connections") continue;
            CHECK(block.verdict.allowed() == (expected.at("verdict") == "allowed"));
            if (expected.contains("egress")) {
                CHECK(fault(engine.world(), Direction::egress, block.verdict.egress,
                            expected.at("egress")) == "");
            }
            if (expected.contains("ingress")) {
                CHECK(fault(engine.world(), Direction::ingress, block.verdict.ingress,
                            expected.at("ingress")) == "");
            }
        }
    }
}

}  // namespace

TEST_CASE("explanations are those of the conformance data", "[conformance]") {
    const auto data = folder("netpol-connectivity");
    if (!data) return;
    const std::string category = GENERATE("list", "anp", "exposure");
    for (const std::string& path : cases_in(*data + "/" + category, "explain.json")) {
        INFO(path);
        const json expected = read_json(path + "/explain.json");
        const World world = load_world({path + "/manifests"});
        const PolicyEngine engine(world);
        for (const auto& pair : expected.at("pairs")) check_pair(engine, pair);
        for (const auto& pair : expected.at("all_allowed_by_default")) {
            CHECK(explanation_of(engine, pair.at(0), pair.at(1)).all_allowed_by_default());
        }
    }
}
