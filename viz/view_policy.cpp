// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>

#include "viz/declared_node.h"
#include "viz/policy_yaml.h"
#include "viz/views.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

std::string group_of(const std::string& peer) {
    const auto slash = peer.find('/');
    return peer.ends_with(']') && slash != std::string::npos ? peer.substr(0, slash)
                                                             : std::string();
}

std::optional<IpRange> range_of(const std::string& peer) {
    const auto dash = peer.find('-');
    if (dash == std::string::npos) return std::nullopt;
    const auto first = IpAddress::parse(peer.substr(0, dash));
    const auto last = IpAddress::parse(peer.substr(dash + 1));
    if (!first || !last || first->family() != last->family()) return std::nullopt;
    return IpRange{*first, *last};
}

/// As a block where the range is exactly one.
std::string range_words(const IpRange& range) {
    for (unsigned length = 0; length <= range.first.bits(); ++length) {
        const IpPrefix block(range.first, length);
        if (block.range() != range) continue;
        if (length == 0) {
            return range.first.family() == IpFamily::v4 ? "any IPv4 address" : "any IPv6 address";
        }
        return length == range.first.bits() ? to_string(range.first) : to_string(block);
    }
    return to_string(range.first) + "-" + to_string(range.last);
}

}  // namespace

GraphNode declared_node(const std::string& peer) {
    GraphNode node;
    node.id = peer;
    node.group = group_of(peer);
    node.kind = peer.ends_with(']') ? GraphNode::Kind::workload : GraphNode::Kind::external;
    node.label = peer.substr(0, peer.find('['));
    if (!node.group.empty()) node.label = node.label.substr(node.group.size() + 1);
    if (const auto range = range_of(peer)) node.label = range_words(*range);
    // Whether a policy isolates it is not part of a connectivity.
    node.judged = false;
    return node;
}

namespace {

Graph declared_graph(const analyzer::Connectivity& connectivity) {
    Graph graph;
    std::map<std::string, std::size_t> index;
    for (const auto& peer : connectivity.peers) index[peer];
    for (const auto& row : connectivity.rows) {
        index[row.src];
        index[row.dst];
    }
    for (auto& [peer, at] : index) {
        at = graph.nodes.size();
        graph.nodes.push_back(declared_node(peer));
    }
    for (const auto& row : connectivity.rows) {
        GraphEdge edge;
        edge.from = index[row.src];
        edge.to = index[row.dst];
        edge.declared_traffic = row.traffic;
        edge.state = EdgeState::allowed_used;
        graph.edges.push_back(std::move(edge));
    }
    return graph;
}

Table left_out_table(const char* id, const char* title,
                     const std::vector<analyzer::LeftOut>& list) {
    Table table{id, title, {"Conversations", "What", "Why"}, {}, {0}};
    for (const auto& each : list) {
        table.rows.push_back({std::to_string(each.conversations), each.subject, each.reason});
    }
    return table;
}

std::string breadth_words(const analyzer::Proof& proof) {
    return "Tight: of the ways from workload to workload (pairs x ports), " +
           std::to_string(proof.without_policy.allowed) + " are open without policy, " +
           std::to_string(proof.in_force.allowed) + " with the policies in force, " +
           std::to_string(proof.generated.allowed) + " with these; " +
           std::to_string(proof.generated.used) + " were used.";
}

std::string cost_words(const analyzer::Proof& proof) {
    std::string words;
    for (const auto& each : proof.costs) {
        words += (words.empty() ? "Beyond what was seen: " : "; ") + std::to_string(each.ways) +
                 " by " + each.of;
    }
    return words + ".";
}

std::string stability_words(const analyzer::Proof& proof) {
    const char* kind = proof.stable.edges == 0  ? "Stability: "
                       : proof.stable.settled() ? "Stable: "
                                                : "Not stable yet: ";
    return kind + proof.stability + (proof.stability.ends_with('.') ? "" : ".");
}

std::string exposed_peer(const analyzer::ExposurePeer& peer) {
    using Kind = analyzer::ExposurePeer::Kind;
    if (peer.kind == Kind::external) return to_string(peer.range);
    if (peer.kind == Kind::entire_cluster) return "every pod of the cluster";
    const std::string pods =
        peer.pods.matches_everything() ? "any pod" : "pods with " + to_string(peer.pods);
    if (peer.namespace_name) return pods + " in namespace " + *peer.namespace_name;
    if (peer.namespaces.matches_everything()) return pods + " in any namespace";
    return pods + " in namespaces with " + to_string(peer.namespaces);
}

void add_exposure(const analyzer::Exposure& exposure, View& view) {
    Table table{"exposure", "Exposure", {"Workload", "Direction", "Peer", "Traffic"}, {}, {}};
    for (const Direction direction : {Direction::ingress, Direction::egress}) {
        const bool in = direction == Direction::ingress;
        for (const auto& row : in ? exposure.ingress : exposure.egress) {
            table.rows.push_back(
                {row.workload, in ? "from" : "to", exposed_peer(row.peer), to_conn(row)});
        }
    }
    std::stable_sort(table.rows.begin(), table.rows.end(),
                     [](const auto& a, const auto& b) { return a.front() < b.front(); });
    view.tables.push_back(std::move(table));
    Table open{"unprotected", "Selected by no policy", {"Workload", "Direction"}, {}, {}};
    for (const auto& [workload, direction] : exposure.unprotected) {
        open.rows.push_back({workload, std::string(to_string(direction))});
    }
    if (!open.rows.empty()) view.tables.push_back(std::move(open));
}

}  // namespace

View connectivity_view(const analyzer::Connectivity& connectivity,
                       const analyzer::Exposure* exposure) {
    View view;
    view.title = "Declared connectivity";
    Table table{"connectivity", "", {"Source", "Destination", "Traffic"}, {}, {}};
    for (const auto& row : connectivity.rows)
        table.rows.push_back({row.src, row.dst, to_conn(row.traffic)});
    view.summary = {counted(connectivity.peers.size(), "workload") + ", " +
                    counted(connectivity.rows.size(), "allowed pair") + "."};
    view.graph = declared_graph(connectivity);
    view.tables = {std::move(table)};
    if (exposure != nullptr) add_exposure(*exposure, view);
    return view;
}

View summary_view(const analyzer::ConnectivitySummary& summary, analyzer::Level level) {
    const std::string unit = level == analyzer::Level::pod ? "pod" : "workload";
    const auto share = [&](std::uint64_t count) {
        if (summary.pairs == 0) return std::string();
        const auto tenths = static_cast<std::uint64_t>(1000.0 * static_cast<double>(count) /
                                                       static_cast<double>(summary.pairs));
        return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
    };
    View view;
    view.title = "Declared connectivity, counted";
    view.summary = {counted(summary.units, unit) + " in " +
                    counted(summary.classes, "class", "classes") +
                    " that policy cannot tell apart."};
    view.tables = {
        {"summary",
         "",
         {"What", "Count", "Share"},
         {{"ordered pairs", std::to_string(summary.pairs), ""},
          {"everything allowed", std::to_string(summary.open), share(summary.open)},
          {"something allowed", std::to_string(summary.restricted), share(summary.restricted)},
          {"nothing allowed", std::to_string(summary.closed), share(summary.closed)},
          {unit + "s that some address outside may reach", std::to_string(summary.from_outside),
           ""},
          {unit + "s that may reach some address outside", std::to_string(summary.to_outside), ""}},
         {1, 2}}};
    return view;
}

View generated_view(const analyzer::Generated& generated) {
    const analyzer::Proof& proof = generated.proof;
    View view;
    view.title = "Generated policies";
    view.warnings = generated.warnings;
    view.summary = {
        counted(generated.policies.size(), "policy", "policies") + ".",
        proof.sound ? "Sound: every recorded conversation that passed is allowed by them."
                    : "NOT sound: they would deny recorded conversations that passed (see below).",
        breadth_words(proof)};
    if (!proof.costs.empty()) view.summary.push_back(cost_words(proof));
    if (!proof.stability.empty()) view.summary.push_back(stability_words(proof));
    if (generated.policies.empty() && generated.namespaces.empty() && proof.sound) {
        view.summary = {
            "Nothing to write: no recorded conversation has an end that is a known "
            "workload.",
            "Manifests say who is behind the addresses (kubectl get pods -A -o yaml), "
            "and so does a live capture on the host."};
    }
    if (!proof.broken.empty())
        view.tables.push_back(left_out_table("broken", "Would be denied", proof.broken));
    for (const auto& each : proof.broken) {
        view.checks.push_back({"sound", each.subject, Check::Status::fail, each.reason, {}});
    }
    if (proof.broken.empty()) {
        view.checks.push_back(
            {"sound", "every conversation that passed is allowed", Check::Status::pass, "", {}});
    }
    if (!proof.left_out.empty()) {
        view.tables.push_back(left_out_table("left-out", "Left out on purpose", proof.left_out));
    }
    if (!proof.cut_off.empty()) {
        Table cut_off{"cut-off", "Cut off entirely", {"Workload", "Why"}, {}, {}};
        for (const auto& each : proof.cut_off) cut_off.rows.push_back({each.workload, each.reason});
        view.tables.push_back(std::move(cut_off));
    }
    if (!proof.excess.empty()) {
        Table excess{"excess", "Allowed beyond what was seen", {"What"}, {}, {}};
        for (const auto& each : proof.excess) excess.rows.push_back({each});
        view.tables.push_back(std::move(excess));
    }
    for (const auto& each : generated.policies) {
        view.documents.emplace_back(each.policy.namespace_name + "-" + each.policy.name + ".yaml",
                                    to_yaml(each));
    }
    return view;
}

}  // namespace nspect::viz
