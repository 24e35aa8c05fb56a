// SPDX-License-Identifier: Apache-2.0
#include "viz/explanation.h"

#include <array>
#include <map>

#include <nlohmann/json.hpp>

#include "analyzer/packet_fate.h"
#include "viz/escape.h"
#include "viz/json.h"
#include "viz/json_value.h"
#include "viz/remedy_yaml.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

using analyzer::Dependency;
using analyzer::DirectionVerdict;
using analyzer::ExplainBlock;
using analyzer::Reason;

std::string effect_words(Reason::Effect effect) {
    switch (effect) {
        case Reason::Effect::allow:
            return "allows it";
        case Reason::Effect::deny:
            return "denies it";
        case Reason::Effect::pass:
            return "passes it on";
        case Reason::Effect::no_rule_matches_peer:
            return "isolates the pod, and no rule names the peer";
        case Reason::Effect::rule_matches_peer_not_port:
            return "names the peer, but not this traffic";
        case Reason::Effect::rule_named_port_unresolved:
            return "names a port that the destination does not have";
        case Reason::Effect::backend_not_port:
            return "leads to the pod, but not to this port";
        case Reason::Effect::default_allow:
            break;
    }
    return "no policy selects it: allowed";
}

std::string reason_line(const analyzer::World& world, Direction direction, const Reason& reason) {
    if (reason.effect == Reason::Effect::default_allow) return "    no policy selects it\n";
    std::string text = "    " + analyzer::reason_kind(world, reason) + " " +
                       for_terminal(analyzer::reason_name(world, reason));
    const std::string rule = analyzer::reason_rule(world, direction, reason);
    if (!rule.empty()) text += ", rule " + for_terminal(rule);
    text += " " + effect_words(reason.effect);
    const std::string where = to_string(analyzer::reason_location(world, direction, reason));
    if (!where.empty()) text += "\n        at " + for_terminal(where);
    return text + "\n";
}

std::string dependency_words(Dependency dependency) {
    switch (dependency) {
        case Dependency::ip_block_pods:
            return "whether the network plugin holds ipBlock against pods";
        case Dependency::host_network_pods:
            return "whether the network plugin takes pods on the host network for pods";
        case Dependency::service_address:
            return "whether the network plugin asks policy for the Service's address or for the "
                   "pod "
                   "behind it";
        case Dependency::source_address:
            return "whether a NodePort or load balancer shows the pod the client's address or a "
                   "node's";
        case Dependency::rule_condition:
            break;
    }
    return "a condition of a rule that is not evaluated";
}

std::string side_text(const analyzer::World& world, Direction direction, const std::string& name,
                      const DirectionVerdict& verdict) {
    std::string text = "  " + std::string(to_string(direction)) + " of " + for_terminal(name) +
                       ": " + (verdict.allowed ? "allowed" : "denied") + "\n";
    for (const Dependency each : verdict.depends_on) {
        text += "    depends on " + dependency_words(each) + "\n";
    }
    for (const Reason& each : verdict.reasons) text += reason_line(world, direction, each);
    return text;
}

/// What became of packets, each once with how often; the last conversation of a kind speaks for it.
std::string fates_text(const std::vector<Conversation>& recorded, const Recording& context) {
    struct Kind {
        std::size_t times = 0;
        std::string says;
    };
    const analyzer::Places places(context);
    std::map<analyzer::Fate, Kind> kinds;
    for (const Conversation& each : recorded) {
        const auto fate = analyzer::packet_fate(each, places);
        if (fate.fate == analyzer::Fate::delivered) continue;
        auto& kind = kinds[fate.fate];
        ++kind.times;
        kind.says = analyzer::fate_sentence(fate, each, places);
    }
    std::string text;
    for (const auto& [_, kind] : kinds) {
        text += "  " + (recorded.size() == 1 ? std::string("it") : std::to_string(kind.times)) +
                " " + for_terminal(kind.says) + "\n";
    }
    return text;
}

std::string recorded_text(const ExplainedQuestion& question, const Recording& context) {
    if (!question.has_recording) return {};
    std::string text = "\nRecorded: no conversation of this kind.\n";
    if (!question.recorded.empty()) {
        text = "\nRecorded: " + counted(question.recorded.size(), "conversation") + ".\n";
        std::array<std::size_t, outcome_count> outcomes{};
        for (const Conversation& each : question.recorded)
            ++outcomes[static_cast<std::size_t>(each.outcome)];
        for (std::size_t i = 0; i < outcome_count; ++i) {
            if (outcomes[i] == 0) continue;
            text += "  " + std::to_string(outcomes[i]) + " " +
                    std::string(to_string(static_cast<Outcome>(i))) + "\n";
        }
        text += "  the last one began " + to_string(question.recorded.back().first) + "\n" +
                fates_text(question.recorded, context);
    }
    for (const auto& each : question.notes) text += "  " + for_terminal(each) + "\n";
    for (const auto& each : question.warnings) text += "  " + for_terminal(each) + "\n";
    return text;
}

Json reason_json(const analyzer::World& world, Direction direction, const Reason& reason) {
    Json json{{"kind", analyzer::reason_kind(world, reason)},
              {"effect", analyzer::to_string(reason.effect)}};
    const std::string name = analyzer::reason_name(world, reason);
    if (!name.empty()) json["policy"] = name;
    const std::string rule = analyzer::reason_rule(world, direction, reason);
    if (!rule.empty()) json["rule"] = rule;
    if (reason.service) {
        json["service"] = world.inventory.services()[*reason.service].name;
    }
    const std::string where = to_string(analyzer::reason_location(world, direction, reason));
    if (!where.empty()) json["location"] = where;
    return json;
}

Json side_json(const analyzer::World& world, Direction direction, const DirectionVerdict& verdict) {
    Json json{{"verdict", verdict.allowed ? "allowed" : "denied"}};
    if (verdict.uncertain()) json["uncertain"] = true;
    for (const Dependency each : verdict.depends_on) {
        json["depends_on"].push_back(dependency_words(each));
    }
    json["reasons"] = Json::array();
    for (const Reason& each : verdict.reasons)
        json["reasons"].push_back(reason_json(world, direction, each));
    return json;
}

Json remedy_json(const analyzer::Remedy& remedy) {
    Json json{{"direction", to_string(remedy.direction)}, {"yaml", remedy_yaml(remedy)}};
    if (remedy.before) json["before"] = to_string(*remedy.before);
    if (!remedy.selects.empty()) json["also_selects"] = remedy.selects;
    return json;
}

std::string remedies_text(const analyzer::Remedies& remedies) {
    std::string text;
    if (!remedies.additions.empty()) {
        text += remedies.sufficient ? "\nThe smallest change that would allow it:\n\n"
                                    : "\nIt would need, beside what stands in the way:\n\n";
    }
    bool first = true;
    for (const auto& each : remedies.additions) {
        if (!first) text += "---\n";
        first = false;
        for (const auto& other : each.selects) {
            text += "# the same labels also select " + for_terminal(other) + "\n";
        }
        if (each.before)
            text += "# before the rule at " + for_terminal(to_string(*each.before)) + "\n";
        text += remedy_yaml(each);
    }
    if (!remedies.in_the_way.empty()) {
        text += "\nNo policy that is added overrules these; they must be changed themselves:\n";
    }
    for (const auto& each : remedies.in_the_way) text += "  " + for_terminal(each) + "\n";
    return text;
}

std::string pair_text(const ExplainedPair& pair, const analyzer::World& world) {
    std::string text;
    for (const ExplainBlock& block : pair.explanation.blocks) {
        std::string traffic = pair.point ? to_string(*pair.point) : to_string(block.traffic);
        if (pair.translated) traffic += ", translated to " + to_string(*pair.translated);
        text += (text.empty() ? "" : "\n") + for_terminal(pair.src) + " -> " +
                for_terminal(pair.dst) + "  " + traffic + ": " +
                (block.verdict.allowed() ? "ALLOWED" : "DENIED") + "\n" +
                side_text(world, Direction::egress, pair.src, block.verdict.egress) +
                side_text(world, Direction::ingress, pair.dst, block.verdict.ingress);
    }
    return text;
}

std::string mode_of(const analyzer::EffectiveTls& effective) {
    return effective.mode == TlsMode::unset ? "nothing is demanded"
                                            : std::string(to_string(effective.mode));
}

/// Who demands what, widest scope first, by file:line.
std::string tls_text(const std::vector<analyzer::ExpectedTls>& all) {
    std::string text;
    for (const auto& each : all) {
        text += "\nTLS at " + for_terminal(each.subject) + ": " + mode_of(each.demanded) + "\n";
        for (const auto& step : each.demanded.steps) text += "  " + for_terminal(step) + "\n";
        for (const auto& way : each.client) {
            const std::string to = "what clients send to " + way.service + ", ";
            for (const auto& step : way.tls.steps) {
                text += "  " + for_terminal(to + step) + "\n";
            }
        }
        for (const auto& past : each.past) text += "  " + for_terminal(past) + "\n";
        for (const auto& accepted : each.accepted) {
            text += "  identities, by " +
                    for_terminal(accepted.by + " (" + to_string(accepted.where) + ")") + ":";
            for (const auto& pattern : accepted.patterns) text += " " + for_terminal(pattern);
            text += "\n";
        }
    }
    return text;
}

Json tls_json(const std::vector<analyzer::ExpectedTls>& all) {
    Json list = Json::array();
    for (const auto& each : all) {
        Json one{{"subject", each.subject}, {"mode", to_string(each.demanded.mode)}};
        one["steps"] = each.demanded.steps;
        if (!each.past.empty()) one["past_proxy"] = each.past;
        for (const auto& way : each.client) {
            Json sent{{"service", way.service},
                      {"mode", to_string(way.tls.mode)},
                      {"steps", way.tls.steps}};
            if (!way.subset.empty()) sent["subset"] = way.subset;
            one["client"].push_back(std::move(sent));
        }
        for (const auto& accepted : each.accepted) {
            one["identities"].push_back({{"by", accepted.by},
                                         {"accepted", accepted.patterns},
                                         {"location", to_string(accepted.where)}});
        }
        list.push_back(std::move(one));
    }
    return list;
}

Json pair_json(const ExplainedPair& pair, const analyzer::World& world) {
    Json answer{{"src", pair.src}, {"dst", pair.dst}, {"blocks", Json::array()}};
    if (pair.translated) answer["translated"] = to_string(*pair.translated);
    for (const ExplainBlock& block : pair.explanation.blocks) {
        answer["blocks"].push_back(
            {{"verdict", block.verdict.allowed() ? "allowed" : "denied"},
             {"conn", pair.point ? to_string(*pair.point) : to_conn(block.traffic)},
             {"egress", side_json(world, Direction::egress, block.verdict.egress)},
             {"ingress", side_json(world, Direction::ingress, block.verdict.ingress)}});
    }
    if (!pair.tls.empty()) answer["tls"] = tls_json(pair.tls);
    const analyzer::Remedies& remedies = pair.remedies;
    if (!remedies.additions.empty() || !remedies.in_the_way.empty()) {
        Json& json = answer["remedies"];
        json["sufficient"] = remedies.sufficient;
        json["additions"] = Json::array();
        for (const auto& each : remedies.additions) json["additions"].push_back(remedy_json(each));
        json["in_the_way"] = remedies.in_the_way;
    }
    return answer;
}

}  // namespace

std::string to_text(const ExplainedQuestion& question, const analyzer::World& world,
                    const Recording& context) {
    std::string text;
    for (std::size_t i = 0; i < question.pairs.size(); ++i) {
        text += (text.empty() ? "" : "\n") + pair_text(question.pairs[i], world);
        // Neighbours that need the same change are told of it once.
        const std::string change = remedies_text(question.pairs[i].remedies);
        const bool again = i + 1 < question.pairs.size() &&
                           remedies_text(question.pairs[i + 1].remedies) == change;
        if (!again) text += change;
        const bool same = i + 1 < question.pairs.size() &&
                          tls_text(question.pairs[i + 1].tls) == tls_text(question.pairs[i].tls);
        if (!same) text += tls_text(question.pairs[i].tls);
    }
    if (question.left_out > 0) {
        text += "\n" + std::to_string(question.left_out) +
                " more pairs were not looked at: name a smaller end.\n";
    }
    return text + recorded_text(question, context);
}

std::string to_json(const ExplainedQuestion& question, const analyzer::World& world,
                    const Recording& context) {
    Json json{{"schema", 1}, {"pairs", Json::array()}};
    for (const ExplainedPair& pair : question.pairs)
        json["pairs"].push_back(pair_json(pair, world));
    if (question.left_out > 0) json["left_out"] = question.left_out;
    if (question.has_recording) {
        json["recorded"] = Json::array();
        const analyzer::Places places(context);
        for (const Conversation& each : question.recorded) {
            json["recorded"].push_back(Json::parse(to_json_line(each, world.inventory, places)));
        }
        if (!question.notes.empty()) json["notes"] = question.notes;
        if (!question.warnings.empty()) json["warnings"] = question.warnings;
    }
    return dumped(json) + "\n";
}

}  // namespace nspect::viz
