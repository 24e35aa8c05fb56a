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
#include "analyzer/observed.h"
#include "analyzer/observer.h"
#include "analyzer/places.h"
#include "analyzer/threads.h"
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
        if (sum.count == 0 || sum.kind == loss_kind::name) continue;
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

/// What an edge that was seen comes to, and the rules that decided.
class EdgeJudge {
public:
    EdgeJudge(const World& world, const Verdicts& verdicts)
        : world_(world), verdicts_(verdicts), reasons_(verdicts.all().size()) {}

    void judge(const EdgeFacts& facts, GraphEdge& edge) {
        edge.state = facts.state();
        const auto judged = facts.deciding().judged;
        auto& reasons = reasons_[judged];
        if (!reasons) reasons = reasons_in_words(world_, verdicts_.all()[judged]);
        edge.rules = *reasons;
    }

private:
    const World& world_;
    const Verdicts& verdicts_;
    std::vector<std::optional<std::vector<std::string>>> reasons_;  ///< by number of the answer
};

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

    /// Its edge, by number as they are first seen.
    std::uint32_t take(const Conversation& conversation) {
        widen_window(audit_, conversation);
        const auto [talk, edge] = observer_.take(conversation);
        if (edge >= facts_.size()) facts_.resize(edge + 1);
        const auto number = verdicts_.of(talk);
        count(facts_[edge], conversation, verdicts_.all()[number], number, places_);
        return edge;
    }

    std::uint64_t taken() const { return audit_.conversations; }
    /// When the last of them ended.
    Timestamp last() const { return audit_.last; }

    /// The graph in its last order, and findings about rules that were not needed. `edge_of` are
    /// the numbers that take() gave.
    Audit graph(std::vector<std::size_t> edge_of, unsigned threads) {
        audit_.edge_of = std::move(edge_of);
        audit_.graph = observer_.graph();
        find_unused(audit_, engine_, verdicts_);
        before_ = sort_graph(audit_);
        side_by_side(threads, threads, [&](std::size_t part) { judge_edges(part, threads); });
        for (const auto& edge : audit_.graph.edges) ++audit_.edges_by_state[edge.state];
        return std::move(audit_);
    }

    /// After graph(): what is made of edges lies in memory as it is sorted then.
    void find(Audit& audit, unsigned threads) const {
        find_in_edges(audit, {facts_, before_}, verdicts_, engine_.world(), places_, threads);
    }

private:
    /// A part of the edges, of so many.
    void judge_edges(std::size_t part, std::size_t parts) {
        EdgeJudge judge(engine_.world(), verdicts_);
        const auto end = before_.size() * (part + 1) / parts;
        for (auto i = before_.size() * part / parts; i < end; ++i) {
            if (before_[i] >= facts_.size()) continue;  // only declared
            judge.judge(facts_[before_[i]], audit_.graph.edges[i]);
        }
    }

    const PolicyEngine& engine_;
    Places places_;
    Observer observer_;
    Verdicts verdicts_;
    std::vector<EdgeFacts> facts_;       ///< by edge as they are first seen
    std::vector<std::uint32_t> before_;  ///< by edge of the graph: its number there
    Audit audit_;
};

}  // namespace

class Auditor::Impl {
public:
    Impl(const PolicyEngine& engine, const Recording& context, const AuditOptions& options)
        : engine_(engine),
          context_(context),
          options_(options),
          edges_(engine, context, options.outside) {
        if (options.findings) tls_.emplace(engine.world().expectations, engine.world().inventory);
    }

    void take(const Conversation& conversation) {
        edges_.take(conversation);
        if (tls_) tls_->take(conversation);
    }

    /// Edges and protection have nothing to do with each other, until findings are sorted.
    void take_all(const std::vector<Conversation>& conversations, const HowFar& how_far) {
        edge_of_.reserve(conversations.size());
        const auto count_edges = [&] {
            for (const auto& each : conversations) {
                edge_of_.push_back(edges_.take(each));
                tell(how_far, edge_of_.size(), conversations.size());
            }
        };
        const auto note_protection = [&] {
            if (!tls_) return;
            for (const auto& each : conversations) tls_->take(each);
        };
        both(threads(conversations.size()), count_edges, note_protection);
    }

    Audit finish() {
        Audit audit;
        TlsAudit tls;
        const Timestamp last = edges_.last();
        const bool lossy = is_lossy(context_);
        const unsigned threads = this->threads(edges_.taken());
        const auto finish_edges = [&] {
            audit = edges_.graph(std::move(edge_of_), threads);
            if (options_.findings) find(audit, threads);
        };
        const auto finish_protection = [&] {
            if (tls_) tls = tls_->finish(last, lossy);
        };
        both(threads, finish_edges, finish_protection);
        if (!options_.findings) audit.findings.clear();
        add(std::move(tls.findings), audit);
        audit.certificates = std::move(tls.certificates);
        sort_findings(audit.findings);
        return audit;
    }

private:
    unsigned threads(std::size_t items) const {
        return options_.threads != 0 ? options_.threads : threads_for(items);
    }

    void find(Audit& audit, unsigned threads) const {
        edges_.find(audit, threads);
        find_losses(audit, context_);
        find_unprotected(audit, engine_);
        add(name_findings(context_, engine_.world().inventory), audit);
    }

    static void add(std::vector<Finding> findings, Audit& audit) {
        std::move(findings.begin(), findings.end(), std::back_inserter(audit.findings));
    }

    const PolicyEngine& engine_;
    const Recording& context_;
    const AuditOptions options_;
    EdgeAudit edges_;
    std::optional<TlsAuditor> tls_;     ///< none where findings are not wanted
    std::vector<std::size_t> edge_of_;  ///< of take_all()
};

Auditor::Auditor(const PolicyEngine& engine, const Recording& context, const AuditOptions& options)
    : impl_(std::make_unique<Impl>(engine, context, options)) {}

Auditor::~Auditor() = default;

void Auditor::take(const Conversation& conversation) {
    impl_->take(conversation);
}

Audit Auditor::finish() {
    return impl_->finish();
}

Audit audit(const PolicyEngine& engine, const std::vector<Conversation>& conversations,
            const Recording& context, const HowFar& how_far, const AuditOptions& options) {
    Auditor auditor(engine, context, options);
    auditor.impl_->take_all(conversations, how_far);
    return auditor.finish();
}

}  // namespace nspect::analyzer
