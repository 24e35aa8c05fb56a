// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "analyzer/capture_quality.h"
#include "viz/drawn.h"
#include "viz/views.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

constexpr std::size_t named_workloads = 6;  // in a sentence

/// "34", or what became of them where that is not all the same: "31 established, 3 refused".
std::string outcome_words(const GraphEdge& edge) {
    if (edge.count(Outcome::established) == edge.conversations) {
        return edge.conversations == 0 ? "-" : std::to_string(edge.conversations);
    }
    std::string text;
    for (std::size_t i = 0; i < outcome_count; ++i) {
        if (edge.outcomes[i] == 0) continue;
        text += (text.empty() ? "" : ", ") + std::to_string(edge.outcomes[i]) + " " +
                std::string(to_string(static_cast<Outcome>(i)));
    }
    return text;
}

std::string tls_words(const GraphEdge& edge) {
    if (edge.tls == 0) return "-";
    const std::uint64_t all = carried(edge);
    const std::string share = edge.tls == all
                                  ? std::string()
                                  : " " + std::to_string(edge.tls) + "/" + std::to_string(all);
    if (edge.mutual_tls == edge.tls) return "mutual" + share;
    if (edge.mutual_tls > 0) return "partly mutual" + share;
    if (edge.unknown_tls == edge.tls) return "yes, ?" + share;
    return (edge.unknown_tls > 0 ? "one-way, ?" : "one-way") + share;
}

/// One that something reaches or that reaches something without a rule has none to name.
std::string rule_words(const GraphEdge& edge) {
    std::string text;
    for (const auto& rule : edge.rules) text += (text.empty() ? "" : "; ") + rule;
    return text.empty() ? "-" : text;
}

Table edge_table(const Graph& graph) {
    Table table{
        "edges", "Edges", {"From", "To", "Port", "State", "Conversations", "Bytes", "TLS", "Rule"},
        {},      {4, 5},  {3}};
    for (const GraphEdge& edge : graph.edges) {
        table.rows.push_back(
            {std::string(without_kind(graph.nodes[edge.from].id)),
             std::string(without_kind(graph.nodes[edge.to].id)), traffic_words(edge),
             std::string(to_string(edge.state)), outcome_words(edge),
             edge.conversations == 0 ? "-" : byte_words(edge.sent.bytes + edge.received.bytes),
             tls_words(edge), rule_words(edge)});
    }
    return table;
}

std::string moment(Timestamp time) {
    return to_string(time).substr(0, 10) + " " + to_string(time).substr(11, 8);
}

std::string window_words(const analyzer::Audit& audit, std::size_t workloads) {
    if (audit.conversations == 0) return "No conversation was recorded.";
    const bool one_day = moment(audit.first).substr(0, 10) == moment(audit.last).substr(0, 10);
    return "From " + counted(workloads, "workload") + ", " +
           counted(audit.conversations, "conversation") +
           (audit.conversations == 1 ? " was" : " were") + " recorded in " +
           to_words(audit.last - audit.first) + ", from " + moment(audit.first) + " to " +
           (one_day ? moment(audit.last).substr(11) : moment(audit.last)) + " UTC.";
}

std::string states_words(const analyzer::Audit& audit) {
    std::string text;
    for (const auto& [state, count] : audit.edges_by_state) {
        if (count == 0) continue;
        text += (text.empty() ? "" : "; ") + std::to_string(count) + " " +
                std::string(edge_style(state).words);
    }
    if (text.empty()) return "There are no edges.";
    return counted(audit.graph.edges.size(), "edge") + ": " + text + ".";
}

std::vector<std::string> unprotected(const Graph& graph) {
    std::vector<std::string> names;
    for (const GraphNode& node : graph.nodes) {
        if (node.kind != GraphNode::Kind::workload) continue;
        if (!node.isolated_ingress && !node.isolated_egress)
            names.emplace_back(without_kind(node.id));
    }
    return names;
}

std::string unprotected_words(const std::vector<std::string>& names) {
    if (names.empty()) return "Policies isolate every workload that was seen.";
    std::string text;
    for (std::size_t i = 0; i < names.size() && i < named_workloads; ++i) {
        text += (i > 0 ? ", " : "") + names[i];
    }
    if (names.size() > named_workloads) {
        text += " and " + std::to_string(names.size() - named_workloads) + " more";
    }
    return "No policy isolates " + counted(names.size(), "workload") + ": " + text + ".";
}

/// Of the conversations with TLS, how many showed a client certificate.
std::string mutual_words(const Graph& graph) {
    std::uint64_t tls = 0;
    std::uint64_t mutual = 0;
    for (const GraphEdge& edge : graph.edges) {
        tls += edge.tls;
        mutual += edge.mutual_tls;
    }
    return std::to_string(mutual) + " of " + std::to_string(tls);
}

std::vector<std::pair<std::string, std::string>> figures(const analyzer::Audit& audit,
                                                         std::size_t workloads) {
    std::vector<std::pair<std::string, std::string>> list{
        {"conversations", std::to_string(audit.conversations)},
        {"workloads", std::to_string(workloads)},
        {"edges", std::to_string(audit.graph.edges.size())}};
    for (const EdgeState state : {EdgeState::denied_flowed, EdgeState::allowed_unused}) {
        const auto at = audit.edges_by_state.find(state);
        const std::uint64_t count = at == audit.edges_by_state.end() ? 0 : at->second;
        list.emplace_back(edge_style(state).words, std::to_string(count));
    }
    list.emplace_back("workloads no policy isolates",
                      std::to_string(unprotected(audit.graph).size()));
    list.emplace_back("TLS conversations that are mutual", mutual_words(audit.graph));
    return list;
}

std::string findings_words(const std::vector<Finding>& findings) {
    if (findings.empty()) return "No findings.";
    std::string text;
    for (const Severity severity :
         {Severity::high, Severity::medium, Severity::low, Severity::info}) {
        const auto count =
            std::count_if(findings.begin(), findings.end(),
                          [&](const Finding& each) { return each.severity == severity; });
        if (count > 0)
            text += (text.empty() ? "" : ", ") + std::to_string(count) + " " +
                    std::string(to_string(severity));
    }
    return counted(findings.size(), "finding") + ": " + text + ".";
}

}  // namespace

View graph_view(const Graph& graph) {
    View view;
    view.title = "Communication graph";
    view.graph = graph;
    std::uint64_t conversations = 0;
    for (const GraphEdge& edge : graph.edges) conversations += edge.conversations;
    view.summary = {counted(graph.nodes.size(), "node") + ", " +
                    counted(graph.edges.size(), "edge") + ", " +
                    counted(conversations, "conversation") + "."};
    view.figures = {{"nodes", std::to_string(graph.nodes.size())},
                    {"edges", std::to_string(graph.edges.size())},
                    {"conversations", std::to_string(conversations)}};
    view.tables = {edge_table(graph)};
    return view;
}

static Table certificate_table(const std::vector<analyzer::CertificateUse>& all) {
    Table table;
    table.id = "certificates";
    table.title = "Certificates";
    table.columns = {"Presented by", "As", "Names", "Issuer", "Expires", "Key", "Sessions"};
    table.numeric = {6};
    for (const analyzer::CertificateUse& each : all) {
        const CertificateSeen& seen = each.certificate;
        const std::string name = seen.names.empty() ? seen.subject : seen.names.front();
        const std::string more =
            seen.names.size() > 1 ? " +" + std::to_string(seen.names.size() - 1) : "";
        table.rows.push_back({each.subject, each.client ? "client" : "server", name + more,
                              seen.issuer, to_seconds(seen.not_after),
                              seen.key + " " + std::to_string(seen.key_bits),
                              std::to_string(each.sessions)});
    }
    return table;
}

View audit_view(const analyzer::Audit& audit, const Recording& context,
                const Inventory& inventory) {
    View view;
    view.title = "Audit" + (context.info.host.empty() ? "" : " of " + context.info.host);
    view.warnings = analyzer::capture_warnings(context, audit.half_seen);
    const std::size_t workloads = inventory.workloads().size();
    view.summary = {window_words(audit, workloads), states_words(audit)};
    if (!audit.graph.nodes.empty()) {
        view.summary.push_back(unprotected_words(unprotected(audit.graph)));
    }
    view.summary.push_back(findings_words(audit.findings));
    view.figures = figures(audit, workloads);
    view.graph = audit.graph;
    view.findings = audit.findings;
    view.kinds = analyzer::audit_kinds();
    view.tables = {edge_table(audit.graph)};
    if (!audit.certificates.empty()) view.tables.push_back(certificate_table(audit.certificates));
    return view;
}

}  // namespace nspect::viz
