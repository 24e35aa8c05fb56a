// SPDX-License-Identifier: Apache-2.0
#include "viz/drawn.h"
#include "viz/excerpt.h"
#include "viz/policy_yaml.h"
#include "viz/views.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

constexpr std::size_t most_text = 2'000'000;  // bytes of YAML in a page

std::string joined(const std::vector<std::string>& list) {
    std::string text;
    for (const auto& each : list) text += (text.empty() ? "" : "; ") + each;
    return text.empty() ? "-" : text;
}

Table open_table(const Graph& graph) {
    Table table{
        "unprotected",
        "Workloads open to others",
        {"Workload", "Namespace", "Policies isolate", "Conversations in", "Conversations out"},
        {},
        {3, 4}};
    std::vector<std::uint64_t> in(graph.nodes.size());
    std::vector<std::uint64_t> out(graph.nodes.size());
    for (const GraphEdge& edge : graph.edges) {
        in[edge.to] += edge.conversations;
        out[edge.from] += edge.conversations;
    }
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const GraphNode& node = graph.nodes[i];
        if (node.kind != GraphNode::Kind::workload || !node.judged) continue;
        if (node.isolated_ingress && node.isolated_egress) continue;
        table.rows.push_back({node.id, node.group,
                              node.isolated_ingress  ? "incoming only"
                              : node.isolated_egress ? "outgoing only"
                                                     : "nothing",
                              std::to_string(in[i]), std::to_string(out[i])});
    }
    return table;
}

Table unused_table(const Graph& graph) {
    Table table{"unused", "Permissions nobody used", {"From", "To", "Port", "Rule"}, {}, {}};
    for (const GraphEdge& edge : graph.edges) {
        if (edge.state != EdgeState::allowed_unused) continue;
        table.rows.push_back({graph.nodes[edge.from].id, graph.nodes[edge.to].id,
                              traffic_words(edge), joined(edge.rules)});
    }
    return table;
}

/// What is written at a place, once each, as long as there is room.
class Excerpts {
public:
    Excerpts(const SourceTexts& texts, PageDetails& details) : texts_(texts), details_(details) {}

    std::string at(const Location& where) {
        const auto file = texts_.find(where.file);
        if (file == texts_.end() || size_ >= most_text) return "";
        std::string text = excerpt(file->second, where);
        size_ += text.size();
        return text;
    }

    void add_source(const Location& where) {
        std::string text = at(where);
        if (!text.empty()) details_.sources.emplace_back(to_string(where), std::move(text));
    }

private:
    const SourceTexts& texts_;
    PageDetails& details_;
    std::size_t size_ = 0;
};

}  // namespace

void add_page_tables(View& view) {
    for (Table& table : std::vector<Table>{open_table(view.graph), unused_table(view.graph)}) {
        if (!table.rows.empty()) view.page_tables.push_back(std::move(table));
    }
}

void add_policy_texts(const std::vector<Policy>& in_force, const SourceTexts& texts,
                      const analyzer::Generated& generated, View& view) {
    Excerpts excerpts(texts, view.details);
    for (const Policy& policy : in_force) {
        for (const auto* rules : {&policy.ingress, &policy.egress}) {
            for (const Rule& rule : *rules) excerpts.add_source(rule.where);
        }
        view.details.in_force.push_back({policy.namespace_name, policy_title(policy),
                                         to_string(policy.where), excerpts.at(policy.where)});
    }
    for (const auto& each : generated.policies) {
        view.details.generated.push_back(
            {each.policy.namespace_name, policy_title(each.policy), "", to_yaml(each)});
    }
    view.details.proof = generated_view(generated).summary;
    view.details.sound = generated.proof.sound;
}

}  // namespace nspect::viz
