// SPDX-License-Identifier: Apache-2.0
#include "analyzer/audit.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "analyzer/audit_edges.h"
#include "analyzer/audit_names.h"
#include "analyzer/audit_unused.h"
#include "analyzer/capture_quality.h"
#include "analyzer/graph_auditor.h"
#include "analyzer/observed.h"
#include "analyzer/observer.h"
#include "analyzer/places.h"
#include "model/order.h"

namespace nspect::analyzer {
namespace {

void set_window(Audit& audit, const Recording& context) {
    audit.lossy = is_lossy(context);
    audit.first = context.info.started;
    audit.last = context.info.ended.value_or(context.info.started);
}

void widen_window(Audit& audit, const Conversation& conversation) {
    ++audit.conversations;
    audit.half_seen.count(conversation);
    if (audit.first == Timestamp{} || conversation.first < audit.first) {
        audit.first = conversation.first;
    }
    audit.last = std::max(audit.last, conversation.last);
}

void find_losses(Audit& audit, const Recording& context) {
    std::map<std::pair<std::string, std::string>, Loss> by_source;
    for (const auto& loss : context.losses) {
        const auto [entry, added] = by_source.try_emplace({loss.source, loss.kind}, loss);
        auto& sum = entry->second;
        if (added) continue;
        sum.from = std::min(sum.from, loss.from);
        sum.to = std::max(sum.to, loss.to);
        sum.count += loss.count;
    }
    for (const auto& [_, sum] : by_source) {
        if (sum.count == 0 || sum.kind == "name") continue;
        Finding finding;
        finding.code = "capture-loss";
        finding.severity = Severity::medium;
        finding.subject = sum.source;
        finding.message = std::to_string(sum.count) + " lost (" + sum.kind +
                          "): what was not seen may have been there";
        finding.evidence.push_back("between " + to_string(sum.from) + " and " + to_string(sum.to));
        if (!sum.note.empty()) finding.evidence.push_back(sum.note);
        audit.findings.push_back(std::move(finding));
    }
}

/// By index before: the index after.
std::vector<std::uint32_t> places_after(const std::vector<std::uint32_t>& order) {
    std::vector<std::uint32_t> places(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) places[order[i]] = i;
    return places;
}

/// Nodes by id, edges by (from, to, point). By edge: its number before.
std::vector<std::uint32_t> sort_graph(Audit& audit) {
    auto& nodes = audit.graph.nodes;
    auto& edges = audit.graph.edges;
    const auto node_order =
        sorted_order(nodes, [](const GraphNode& a, const GraphNode& b) { return a.id < b.id; });
    const auto node_place = places_after(node_order);
    put_in_order(nodes, node_order);
    // Apart from the edges, which are many times as large.
    std::vector<std::tuple<std::size_t, std::size_t, TrafficPoint>> keys;
    keys.reserve(edges.size());
    for (auto& edge : edges) {
        edge.from = node_place[edge.from];
        edge.to = node_place[edge.to];
        keys.emplace_back(edge.from, edge.to, edge.point);
    }
    const auto edge_order = sorted_order(keys);
    const auto edge_place = places_after(edge_order);
    put_in_order(edges, edge_order);
    for (auto& edge : audit.edge_of) edge = edge_place[edge];
    return edge_order;
}

/// What the edges that were seen come to, and the rules that decided.
void judge_edges(Audit& audit, const World& world, const Verdicts& verdicts,
                 const std::vector<EdgeFacts>& facts, const std::vector<std::uint32_t>& before) {
    std::vector<std::optional<std::vector<std::string>>> reasons(verdicts.all().size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (before[i] >= facts.size()) continue;  // only declared
        const EdgeFacts& own = facts[before[i]];
        auto& edge = audit.graph.edges[i];
        edge.state = own.state();
        const auto judged = own.deciding().judged;
        if (!reasons[judged]) reasons[judged] = reasons_in_words(world, verdicts.all()[judged]);
        edge.rules = *reasons[judged];
    }
}

/// What is counted by edge.
class EdgeAudit {
public:
    EdgeAudit(const PolicyEngine& engine, const Recording& context, OutsideBy outside)
        : engine_(engine),
          places_(context),
          observer_(engine, &places_, outside),
          verdicts_(engine) {
        set_window(audit_, context);
    }

    void take(const Conversation& conversation) {
        widen_window(audit_, conversation);
        const auto [talk, edge] = observer_.take(conversation);
        audit_.edge_of.push_back(edge);
        if (edge >= facts_.size()) facts_.resize(edge + 1);
        const auto number = verdicts_.of(talk);
        count(facts_[edge], conversation, verdicts_.all()[number], number, places_);
    }

    /// The graph in its last order, and findings about rules that were not needed.
    Audit graph() {
        audit_.graph = observer_.graph();
        find_unused(audit_, engine_, verdicts_);
        before_ = sort_graph(audit_);
        judge_edges(audit_, engine_.world(), verdicts_, facts_, before_);
        for (const auto& edge : audit_.graph.edges) ++audit_.edges_by_state[edge.state];
        return std::move(audit_);
    }

    /// After graph(): what is made of edges lies in memory as it is sorted then.
    void find(Audit& audit) const {
        find_in_edges(audit, {facts_, before_}, verdicts_, engine_.world(), places_);
    }

private:
    const PolicyEngine& engine_;
    Places places_;
    Observer observer_;
    Verdicts verdicts_;
    std::vector<EdgeFacts> facts_;       ///< by edge as they are first seen
    std::vector<std::uint32_t> before_;  ///< by edge of the graph: its number there
    Audit audit_;
};

}  // namespace

class GraphAuditor::Impl : public EdgeAudit {
public:
    using EdgeAudit::EdgeAudit;
};

GraphAuditor::GraphAuditor(const PolicyEngine& engine, const Recording& context, OutsideBy outside)
    : impl_(std::make_unique<Impl>(engine, context, outside)) {}

GraphAuditor::~GraphAuditor() = default;

void GraphAuditor::take(const Conversation& conversation) {
    impl_->take(conversation);
}

Audit GraphAuditor::finish() {
    Audit audit = impl_->graph();
    audit.findings.clear();
    return audit;
}

class Auditor::Impl {
public:
    Impl(const PolicyEngine& engine, const Recording& context, OutsideBy outside)
        : engine_(engine),
          context_(context),
          edges_(engine, context, outside),
          tls_(engine.world().expectations, engine.world().inventory) {}

    void take(const Conversation& conversation) {
        edges_.take(conversation);
        tls_.take(conversation);
    }

    Audit finish() {
        Audit audit = edges_.graph();
        edges_.find(audit);
        find_losses(audit, context_);
        find_unprotected(audit, engine_);
        add(name_findings(context_, engine_.world().inventory), audit);
        TlsAudit tls = tls_.finish(audit.last, audit.lossy);
        add(std::move(tls.findings), audit);
        audit.certificates = std::move(tls.certificates);
        sort_findings(audit.findings);
        return audit;
    }

private:
    static void add(std::vector<Finding> findings, Audit& audit) {
        std::move(findings.begin(), findings.end(), std::back_inserter(audit.findings));
    }

    const PolicyEngine& engine_;
    const Recording& context_;
    EdgeAudit edges_;
    TlsAuditor tls_;
};

Auditor::Auditor(const PolicyEngine& engine, const Recording& context, OutsideBy outside)
    : impl_(std::make_unique<Impl>(engine, context, outside)) {}

Auditor::~Auditor() = default;

void Auditor::take(const Conversation& conversation) {
    impl_->take(conversation);
}

Audit Auditor::finish() {
    return impl_->finish();
}

Audit audit(const PolicyEngine& engine, const std::vector<Conversation>& conversations,
            const Recording& context, const HowFar& how_far, OutsideBy outside) {
    Auditor auditor(engine, context, outside);
    std::size_t taken = 0;
    for (const auto& conversation : conversations) {
        auditor.take(conversation);
        tell(how_far, ++taken, conversations.size());
    }
    return auditor.finish();
}

}  // namespace nspect::analyzer
