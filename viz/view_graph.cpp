// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "viz/drawn.h"
#include "viz/views.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

std::string port_words(const GraphEdge& edge) {
    return edge.declared_traffic ? to_conn(*edge.declared_traffic) : to_string(edge.point);
}

std::string outcome_words(const GraphEdge& edge) {
    std::string text;
    for (std::size_t i = 0; i < outcome_count; ++i) {
        if (edge.outcomes[i] == 0) continue;
        text += (text.empty() ? "" : ", ") + std::to_string(edge.outcomes[i]) + " " +
                std::string(to_string(static_cast<Outcome>(i)));
    }
    return text.empty() ? "-" : text;
}

/// The kind in brackets says nothing new in a column of workloads.
std::string without_kind(const std::string& id) {
    return id.substr(0, id.find('['));
}

Table edge_table(const Graph& graph) {
    Table table{"edges",
                "Edges",
                {"From", "To", "Traffic", "Verdict", "Conversations", "Bytes", "Rule"},
                {},
                {5}};
    for (const GraphEdge& edge : graph.edges) {
        table.rows.push_back(
            {without_kind(graph.nodes[edge.from].id), without_kind(graph.nodes[edge.to].id),
             port_words(edge), std::string(to_string(edge.state)), outcome_words(edge),
             edge.conversations == 0 ? "-" : byte_words(edge.sent.bytes + edge.received.bytes),
             edge.rules.empty() ? "-" : edge.rules.front()});
    }
    return table;
}

/// Losses make "never seen" unsafe to act on: said first.
std::vector<std::string> capture_warnings(const Recording& context) {
    std::vector<std::string> warnings;
    for (const Loss& loss : context.losses) {
        warnings.push_back("lost at " + loss.source + ": " + std::to_string(loss.count) + " (" +
                           loss.kind + ")" + (loss.note.empty() ? "" : ", " + loss.note));
    }
    if (!warnings.empty()) {
        warnings.push_back(
            "something was not recorded: \"never used\" and \"not seen\" are not safe to act on");
    }
    if (!context.info.ended && context.info.packets > 0) {
        warnings.push_back("the recording was not closed in order: its last second may be missing");
    }
    return warnings;
}

std::string window_words(const analyzer::Audit& audit) {
    if (audit.conversations == 0) return "No conversation was recorded.";
    return "Seen: " + counted(audit.conversations, "conversation") + " in " +
           to_words(audit.last - audit.first) + ", from " + to_string(audit.first).substr(0, 19) +
           " UTC.";
}

std::string states_words(const analyzer::Audit& audit) {
    std::string text;
    for (const auto& [state, count] : audit.edges_by_state) {
        if (count == 0) continue;
        text += (text.empty() ? "" : "; ") + counted(count, "edge") + " " +
                std::string(edge_style(state).words);
    }
    return text.empty() ? "There are no edges." : "Edges: " + text + ".";
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
    view.summary = {counted(graph.nodes.size(), "node") + ", " +
                    counted(graph.edges.size(), "edge") + "."};
    view.tables = {edge_table(graph)};
    return view;
}

View audit_view(const analyzer::Audit& audit, const Recording& context,
                const Inventory& inventory) {
    View view;
    view.title = "Audit" + (context.info.host.empty() ? "" : " of " + context.info.host);
    view.warnings = capture_warnings(context);
    view.summary = {window_words(audit), states_words(audit), findings_words(audit.findings)};
    view.figures = {{"conversations", std::to_string(audit.conversations)},
                    {"workloads", std::to_string(inventory.workloads().size())},
                    {"edges", std::to_string(audit.graph.edges.size())},
                    {"findings", std::to_string(audit.findings.size())}};
    view.graph = audit.graph;
    view.findings = audit.findings;
    view.tables = {edge_table(audit.graph)};
    return view;
}

}  // namespace nspect::viz
