// SPDX-License-Identifier: Apache-2.0
// Two sets of policies, or two recordings, held against each other.
#include <algorithm>
#include <map>

#include "viz/declared_node.h"
#include "viz/drawn.h"
#include "viz/views.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

using analyzer::ConnectivityChange;
using analyzer::ConnectivityDiff;
using analyzer::ObservedChange;
using analyzer::ObservedDiff;

/// What a change opens and what it closes are edges of their own.
Graph changed_graph(const ConnectivityDiff& diff) {
    std::map<std::string, std::size_t> index;
    for (const auto& row : diff.rows) {
        index[row.src];
        index[row.dst];
    }
    Graph graph;
    for (auto& [peer, at] : index) {
        at = graph.nodes.size();
        graph.nodes.push_back(declared_node(peer));
    }
    for (const auto& row : diff.rows) {
        const auto add = [&](const TrafficSet& traffic, EdgeState state) {
            if (traffic.empty()) return;
            GraphEdge edge;
            edge.from = index[row.src];
            edge.to = index[row.dst];
            edge.declared_traffic = traffic;
            edge.state = state;
            edge.rules = {"before: " + to_conn(row.before), "after: " + to_conn(row.after)};
            graph.edges.push_back(std::move(edge));
        };
        add(row.after - row.before, EdgeState::added);
        add(row.before - row.after, EdgeState::removed);
    }
    return graph;
}

EdgeState state_of(ObservedChange::Type type) {
    switch (type) {
        case ObservedChange::Type::added:
            return EdgeState::added;
        case ObservedChange::Type::removed:
            return EdgeState::removed;
        case ObservedChange::Type::changed:
            break;
    }
    return EdgeState::changed;
}

const GraphEdge& counted_edge(const ObservedChange& change) {
    return change.after ? *change.after : *change.before;
}

Graph changed_graph(const ObservedDiff& diff) {
    std::map<std::string, std::size_t> index;
    for (const auto& row : diff.rows) {
        index[row.src];
        index[row.dst];
    }
    Graph graph;
    for (const GraphNode& node : diff.nodes) {
        const auto at = index.find(node.id);
        if (at == index.end()) continue;
        at->second = graph.nodes.size();
        graph.nodes.push_back(node);
    }
    for (const auto& row : diff.rows) {
        GraphEdge edge = counted_edge(row);
        edge.from = index[row.src];
        edge.to = index[row.dst];
        edge.state = state_of(row.type);
        edge.rules.insert(edge.rules.begin(), row.what.begin(), row.what.end());
        graph.edges.push_back(std::move(edge));
    }
    return graph;
}

std::string count_words(const std::optional<GraphEdge>& edge) {
    if (!edge) return "-";
    return counted(edge->conversations, "conversation") + ", " +
           byte_words(edge->sent.bytes + edge->received.bytes);
}

std::string change_words(const ObservedChange& change) {
    std::string text;
    for (const auto& each : change.what) text += (text.empty() ? "" : "; ") + each;
    if (text.empty()) text = to_string(counted_edge(change).state);
    return text;
}

Table observed_table(const ObservedDiff& diff) {
    Table table{"rows", "", {"Change", "From", "To", "Port", "Before", "After", "What"},
                {},     {}, {0}};
    for (const auto& row : diff.rows) {
        table.rows.push_back({std::string(to_string(row.type)), std::string(without_kind(row.src)),
                              std::string(without_kind(row.dst)), to_string(row.point),
                              count_words(row.before), count_words(row.after), change_words(row)});
    }
    return table;
}

std::string list_words(const std::vector<std::string>& names) {
    constexpr std::size_t named = 6;
    std::string text;
    for (std::size_t i = 0; i < names.size() && i < named; ++i) {
        text += (i > 0 ? ", " : "") + std::string(without_kind(names[i]));
    }
    if (names.size() > named) text += " and " + std::to_string(names.size() - named) + " more";
    return text;
}

std::size_t count_of(const ObservedDiff& diff, ObservedChange::Type type) {
    std::size_t count = 0;
    for (const auto& row : diff.rows) count += row.type == type ? 1U : 0U;
    return count;
}

std::vector<std::string> observed_summary(const ObservedDiff& diff) {
    const std::string windows = "Recorded were " + to_words(diff.before) + " before and " +
                                to_words(diff.after) + " after.";
    if (diff.empty())
        return {windows, "The same edges are in both: " + counted(diff.same, "edge") + "."};
    std::vector<std::string> text{
        windows, counted(count_of(diff, ObservedChange::Type::added), "edge") + " new, " +
                     counted(count_of(diff, ObservedChange::Type::removed), "edge") + " gone, " +
                     counted(count_of(diff, ObservedChange::Type::changed), "edge") + " changed, " +
                     counted(diff.same, "edge") + " as before."};
    if (!diff.added.empty()) text.push_back("New workloads: " + list_words(diff.added) + ".");
    if (!diff.removed.empty()) text.push_back("Gone: " + list_words(diff.removed) + ".");
    return text;
}

void capitalize(std::vector<std::string>& sentences) {
    for (auto& each : sentences) {
        if (each.front() >= 'a' && each.front() <= 'z')
            each.front() = static_cast<char>(each.front() - 'a' + 'A');
    }
}

void add_check(View& view, const std::string& name, bool fails, std::string message,
               std::vector<std::string> evidence) {
    view.checks.push_back({"change", name, fails ? Check::Status::fail : Check::Status::pass,
                           std::move(message), std::move(evidence)});
}

void add_changes(const ConnectivityDiff& diff, FailOnDiff fail_on, View& view) {
    Table table{"rows", "", {"Change", "Source", "Destination", "Before", "After"}, {}, {}, {0}};
    for (const auto& row : diff.rows) {
        table.rows.push_back({std::string(to_string(row.type)), row.src, row.dst,
                              to_conn(row.before), to_conn(row.after)});
        add_check(view, row.src + " -> " + row.dst, counts(fail_on, opens(row)),
                  std::string(to_string(row.type)) + ": before " + to_conn(row.before) +
                      ", after " + to_conn(row.after),
                  {});
    }
    if (diff.rows.empty()) add_check(view, "the same traffic is allowed", false, "", {});
    view.tables.push_back(std::move(table));
}

std::size_t opening(const ConnectivityDiff& diff) {
    return static_cast<std::size_t>(std::count_if(diff.rows.begin(), diff.rows.end(),
                                                  [](const auto& row) { return opens(row); }));
}

}  // namespace

bool opens(const ConnectivityChange& change) {
    return !change.before.contains(change.after);
}

bool opens(const ObservedChange& change) {
    if (change.type == ObservedChange::Type::added) return true;
    return change.type == ObservedChange::Type::changed &&
           change.after->state == EdgeState::denied_flowed &&
           change.before->state != EdgeState::denied_flowed;
}

View diff_view(const ConnectivityDiff& diff, FailOnDiff fail_on) {
    View view;
    view.title = "What the change opens and closes";
    const auto opened = opening(diff);
    view.summary = {diff.rows.empty() ? "The same traffic is allowed before and after."
                                      : counted(diff.rows.size(), "pair") + " changed; " +
                                            std::to_string(opened) + " of them " +
                                            (opened == 1 ? "opens" : "open") + " something.",
                    counted(diff.peers_added.size(), "workload") + " added, " +
                        counted(diff.peers_removed.size(), "workload") + " removed."};
    capitalize(view.summary);
    view.graph = changed_graph(diff);
    add_changes(diff, fail_on, view);
    return view;
}

void add_proposal(const ConnectivityDiff& diff, View& view) {
    if (diff.rows.empty()) {
        view.summary.emplace_back("They allow the same as the policies in force.");
        return;
    }
    const auto opened = opening(diff);
    view.summary.push_back("Against the policies in force " + counted(diff.rows.size(), "pair") +
                           (diff.rows.size() == 1 ? " changes; " : " change; ") +
                           (opened == 0 ? "none" : std::to_string(opened)) + " of them " +
                           (opened < 2 ? "opens" : "open") + " something.");
    add_changes(diff, FailOnDiff::opened, view);
    Table& table = view.tables.back();
    table.id = "changes";
    table.title = "Opened and closed against the policies in force";
    table.columns[3] = "In force";
    table.columns[4] = "Proposed";
}

View diff_view(const ObservedDiff& diff, FailOnDiff fail_on) {
    View view;
    view.title = "What changed between two recordings";
    view.warnings = diff.warnings;
    if (diff.lossy) {
        view.warnings.emplace_back(
            "Something was not recorded: what is gone may only not have been seen.");
    }
    view.summary = observed_summary(diff);
    capitalize(view.summary);
    for (const auto& row : diff.rows) {
        add_check(view, row.src + " -> " + row.dst + " " + to_string(row.point),
                  counts(fail_on, opens(row)),
                  std::string(to_string(row.type)) + ": " + change_words(row),
                  {"before: " + count_words(row.before), "after: " + count_words(row.after)});
    }
    if (diff.rows.empty()) add_check(view, "the same edges are in both", false, "", {});
    view.graph = changed_graph(diff);
    view.figures = {{"new", std::to_string(count_of(diff, ObservedChange::Type::added))},
                    {"gone", std::to_string(count_of(diff, ObservedChange::Type::removed))},
                    {"changed", std::to_string(count_of(diff, ObservedChange::Type::changed))},
                    {"as before", std::to_string(diff.same)}};
    view.tables = {observed_table(diff)};
    return view;
}

}  // namespace nspect::viz
