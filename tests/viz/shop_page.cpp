// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/viz/shop.h"
#include "viz/views.h"

namespace nspect::test {

namespace {

using namespace std::chrono_literals;

/// Those of shop_conversations(), once for each that the edge counts, a second apart.
std::vector<Conversation> page_conversations(analyzer::Audit& audit) {
    const std::vector<std::pair<std::string, std::uint16_t>> ends{
        {"shop/web", 9000}, {"shop/api", 6379}, {"shop/api", 8443}, {"shop/web", 6379}};
    const auto each = shop_conversations();
    std::vector<Conversation> list;
    for (std::size_t i = 0; i < ends.size(); ++i) {
        const auto& edges = audit.graph.edges;
        const auto at = std::find_if(edges.begin(), edges.end(), [&](const GraphEdge& edge) {
            return edge.point.port.number == ends[i].second &&
                   audit.graph.nodes[edge.from].id.starts_with(ends[i].first);
        });
        for (std::uint64_t k = 0; k < at->conversations; ++k) {
            list.push_back(each[i]);
            list.back().first += k * 1s;
            audit.edge_of.push_back(static_cast<std::size_t>(at - edges.begin()));
        }
    }
    return list;
}

Policy in_force() {
    Policy policy;
    policy.namespace_name = "shop";
    policy.name = "pay";
    policy.where = {"policies.yaml", 80, 1, ""};
    Rule rule;
    rule.where = {"policies.yaml", 88, 7, ""};
    policy.ingress = {rule};
    return policy;
}

viz::SourceTexts texts() {
    const std::string text =
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        "metadata: {name: pay, namespace: shop}\nspec:\n  podSelector: {}\n  policyTypes:\n"
        "    - Ingress\n  ingress:\n    - from:\n        - podSelector:\n"
        "            matchLabels: {app: api}\n";
    return {{"policies.yaml", std::string(79, '\n') + text + "---\nkind: Secret\n"}};
}

}  // namespace

viz::View shop_view() {
    analyzer::Audit audit = shop_audit();
    auto view = viz::audit_view(audit, shop_recording(), shop_inventory());
    view.documents = viz::generated_view(shop_generated()).documents;
    const auto conversations = page_conversations(audit);
    viz::add_talks(audit, conversations, shop_recording(), view);
    viz::add_page_tables(view);
    viz::add_policy_texts({in_force()}, texts(), shop_generated(), view);
    return view;
}

viz::View large_view() {
    viz::View view = ring_view(2000, 40, 5);
    viz::Activity& activity = view.details.activity;
    activity.step = 1min;
    activity.steps = 60;
    viz::Table table{"edges", "Edges", {"From", "To", "Port", "Rule"}, {}, {}};
    for (std::size_t i = 0; i < view.graph.edges.size(); ++i) {
        GraphEdge& edge = view.graph.edges[i];
        const std::string place = "policies.yaml:" + std::to_string(i % 2000 * 20 + 1) + ":7";
        edge.sent = {i, i * 977};
        edge.received = {i, i * 3331};
        edge.first = Timestamp{} + i * 1s;
        edge.last = edge.first + i * 7s;
        edge.outcomes[0] = edge.conversations;
        edge.tls = edge.mutual_tls = edge.conversations / 2;
        edge.rules = {"NetworkPolicy ns/allow-" + std::to_string(i % 2000) + " ingress rule 1 (" +
                      place + ") allows it"};
        activity.edges.push_back({{i % 60, 3}, {(i * 7) % 60 + 60, 2}});
        activity.edges.back().back().first %= 60;
        view.details.talks.push_back({i, edge.first, "10.1.2.3:" + std::to_string(20'000 + i),
                                      "established", "1.2 kB", "1.3 mutual", ""});
        view.details.talks.push_back(view.details.talks.back());
        view.details.talks.back().client += '0';
        table.rows.push_back({view.graph.nodes[edge.from].id, view.graph.nodes[edge.to].id,
                              to_string(edge.point), edge.rules[0]});
        if (i < 2000) view.details.sources.emplace_back(place, "- from:\n    - podSelector: {}");
        if (i % 10 == 0) {
            view.findings.push_back({"denied-but-flowed",
                                     Severity::high,
                                     "edge",
                                     "it passed",
                                     {"one", "two"},
                                     std::nullopt,
                                     i});
        }
    }
    view.tables = {std::move(table)};
    return view;
}

}  // namespace nspect::test
