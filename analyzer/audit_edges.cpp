// SPDX-License-Identifier: Apache-2.0
#include "analyzer/audit_edges.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "analyzer/packet_fate.h"
#include "analyzer/places.h"
#include "analyzer/threads.h"

namespace nspect::analyzer {
namespace {

RareFacts& rare(EdgeFacts& facts) {
    if (!facts.rare) facts.rare = std::make_unique<RareFacts>();
    return *facts.rare;
}

const RareFacts& rare_of(const EdgeFacts& facts) {
    static const RareFacts nothing;
    return facts.rare ? *facts.rare : nothing;
}

/// Counts one whose packets' way is told.
void count_told(Tally& tally, std::string& fate, const Conversation& conversation,
                std::uint32_t number, const Places& places) {
    if (tally.count == 0) {
        fate =
            "the first " + fate_sentence(packet_fate(conversation, places), conversation, places);
    }
    tally.add(conversation, number);
}

class EdgeFindings {
public:
    EdgeFindings(const Graph& graph, const Verdicts& verdicts, const World& world,
                 const Places& places)
        : graph_(graph),
          verdicts_(verdicts),
          world_(world),
          places_(places),
          reasons_(verdicts.all().size()) {}

    void find(std::size_t edge, const EdgeFacts& facts) {
        if (facts.denied_flowed.count > 0) {
            add(edge, facts, "denied-but-flowed", Severity::high,
                "policy denies this, and it passed all the same: the policy is not enforced here",
                facts.denied_flowed);
        }
        if (facts.rare) find_rare(edge, facts, *facts.rare);
        find_unknown(edge, facts);
    }

    std::vector<Finding>& found() { return found_; }

private:
    void find_rare(std::size_t edge, const EdgeFacts& facts, const RareFacts& rare) {
        if (rare.denied_blocked.count > 0) {
            add(edge, facts, "denied-and-blocked", Severity::low,
                "attempts that policy denies did not pass", rare.denied_blocked);
        }
        if (rare.undecided.count > 0) {
            add(edge, facts, "depends-on-plugin", Severity::low,
                "whether policy allows this depends on the network plugin, or on a rule that is "
                "not evaluated",
                rare.undecided);
        }
        if (rare.unanswered.count > 0) {
            add(edge, facts, "allowed-but-unanswered", Severity::medium,
                "policy allows this, and nobody answered", rare.unanswered)
                .evidence.push_back(rare.unanswered_fate);
        }
        if (rare.refused.count > 0) {
            add(edge, facts, "allowed-but-refused", Severity::low,
                "policy allows this, and it was refused", rare.refused)
                .evidence.push_back(rare.refused_fate);
        }
        if (rare.too_large.count > 0) {
            add(edge, facts, "path-mtu", Severity::medium,
                "large packets are lost on the way, small ones pass", rare.too_large)
                .evidence.push_back(rare.too_large_fate);
        }
        find_lost(edge, facts, rare);
    }

    Finding& add(std::size_t edge, const EdgeFacts& facts, const char* code, Severity severity,
                 std::string message, const Tally& tally) {
        Finding finding;
        finding.code = code;
        finding.severity = severity;
        finding.subject = edge_name(graph_, graph_.edges[edge]);
        finding.message = std::move(message);
        finding.edge = edge;
        finding.evidence.reserve(3);
        finding.evidence.push_back(tally.words());
        const auto& judged = verdicts_.all()[tally.judged];
        auto& reasons = reasons_[tally.judged];
        if (!reasons) reasons = reasons_in_words(world_, judged);
        finding.evidence.insert(finding.evidence.end(), reasons->begin(), reasons->end());
        finding.location = deciding_place(world_, judged);
        if (facts.rare) add_losses(finding, *facts.rare);
        return found_.emplace_back(std::move(finding));
    }

    void add_losses(Finding& finding, const RareFacts& rare) const {
        for (const auto& [between, count] : rare.lost) {
            finding.evidence.push_back(std::to_string(count) + " seen at " +
                                       places_.words(between.first) + ", never at " +
                                       places_.words(between.second));
        }
    }

    /// Where policy denies it, the loss is no surprise and stands as evidence there.
    void find_lost(std::size_t edge, const EdgeFacts& facts, const RareFacts& rare) {
        if (rare.lost.empty() || rare.denied_blocked.count + facts.denied_flowed.count > 0) return;
        const auto& between = rare.lost.begin()->first;
        std::string message = "packets left " + places_.words(between.first) +
                              " and never reached " + places_.words(between.second);
        Tally lost = rare.unanswered.count > 0 ? rare.unanswered : facts.used;
        lost.count = 0;
        for (const auto& [where, count] : rare.lost) lost.count += count;
        add(edge, facts, "lost-in-between", Severity::medium, std::move(message), lost);
    }

    void find_unknown(std::size_t edge, const EdgeFacts& facts) {
        const auto& from = graph_.nodes[graph_.edges[edge].from];
        const auto& to = graph_.nodes[graph_.edges[edge].to];
        const bool inbound = nameless(from) && to.workload.has_value();
        const bool outbound = nameless(to) && from.workload.has_value();
        if (inbound == outbound) return;
        if (inbound ? facts.inbound_declared : facts.outbound_declared) return;
        const Tally& all = facts.used.count > 0 ? facts.used : rare_of(facts).undecided;
        if (all.count == 0) return;
        const bool inside = is_block_of_private(inbound ? from.id : to.id);
        add(edge, facts, "unknown-peer", inbound && inside ? Severity::medium : Severity::low,
            inbound ? "nobody is known to own the address it comes from"
                    : "nobody is known to own the address it goes to",
            all);
    }

    static bool nameless(const GraphNode& node) {
        return node.kind == GraphNode::Kind::external &&
               (node.id == "internet" || node.id.ends_with(" (SNI)") ||
                node.id.find_first_not_of("0123456789abcdef.:/-") == std::string::npos);
    }

    static bool is_block_of_private(const std::string& id) {
        const auto address = IpAddress::parse(id.substr(0, id.find_first_of("/-")));
        return address && is_private(*address);
    }

    const Graph& graph_;
    const Verdicts& verdicts_;
    const World& world_;
    const Places& places_;
    std::vector<std::optional<std::vector<std::string>>> reasons_;  ///< by number of the answer
    std::vector<Finding> found_;
};

}  // namespace

void Tally::add(const Conversation& conversation, std::uint32_t answer) {
    if (count == 0) judged = answer;
    first = count == 0 ? conversation.first : std::min(first, conversation.first);
    last = count == 0 ? conversation.last : std::max(last, conversation.last);
    ++count;
}

std::string Tally::words() const {
    return std::to_string(count) +
           (count == 1 ? " conversation, first " : " conversations, first ") + to_seconds(first) +
           ", last " + to_seconds(last);
}

EdgeState EdgeFacts::state() const {
    if (denied_flowed.count > 0) return EdgeState::denied_flowed;
    if (rare && rare->undecided.count > 0) return EdgeState::undecided;
    if (rare && rare->denied_blocked.count > 0) return EdgeState::denied_blocked;
    return selected ? EdgeState::allowed_used : EdgeState::unprotected;
}

const Tally& EdgeFacts::deciding() const {
    switch (state()) {
        case EdgeState::denied_flowed:
            return denied_flowed;
        case EdgeState::undecided:
            return rare_of(*this).undecided;
        case EdgeState::denied_blocked:
            return rare_of(*this).denied_blocked;
        default:
            return used;
    }
}

void count(EdgeFacts& facts, const Conversation& conversation, const Judged& judged,
           std::uint32_t number, const Places& places) {
    const auto note = [&](Tally& tally) { tally.add(conversation, number); };
    const auto tell = [&](Tally& tally, std::string& fate) {
        count_told(tally, fate, conversation, number, places);
    };
    facts.selected |= judged.selected;
    facts.inbound_declared |= judged.inbound_declared;
    facts.outbound_declared |= judged.outbound_declared;
    const bool lost = conversation.lost_between.has_value();
    if (lost && conversation.outcome == Outcome::established) {
        tell(rare(facts).too_large, rare(facts).too_large_fate);
    } else if (lost) {
        ++rare(facts).lost[*conversation.lost_between];
    }
    const bool reached = reached_server(conversation);
    if (judged.verdict.uncertain() && !judged.own_node) return note(rare(facts).undecided);
    if (!judged.allowed()) return note(reached ? facts.denied_flowed : rare(facts).denied_blocked);
    if (conversation.outcome == Outcome::unanswered) {
        tell(rare(facts).unanswered, rare(facts).unanswered_fate);
    }
    const bool refused =
        conversation.outcome == Outcome::refused || conversation.outcome == Outcome::rejected;
    if (refused) tell(rare(facts).refused, rare(facts).refused_fate);
    note(facts.used);
}

void find_in_edges(Audit& audit, const FactsOfEdges& facts, const Verdicts& verdicts,
                   const World& world, const Places& places, unsigned threads) {
    const std::size_t edges = facts.number.size();
    std::vector<std::vector<Finding>> found(threads);
    side_by_side(threads, threads, [&](std::size_t part) {
        EdgeFindings findings(audit.graph, verdicts, world, places);
        for (auto edge = edges * part / threads; edge < edges * (part + 1) / threads; ++edge) {
            const auto number = facts.number[edge];
            if (number < facts.facts.size()) findings.find(edge, facts.facts[number]);
        }
        found[part] = std::move(findings.found());
    });
    for (auto& each : found) {
        std::move(each.begin(), each.end(), std::back_inserter(audit.findings));
        each = {};
    }
}

}  // namespace nspect::analyzer
