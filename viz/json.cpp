// SPDX-License-Identifier: Apache-2.0
#include "viz/json.h"

#include <nlohmann/json.hpp>

#include "viz/json_value.h"
#include "viz/policy_yaml.h"

namespace nspect::viz {

namespace {

/// Where there are any.
void add_losses(Json& json, const GraphEdge& edge) {
    if (edge.lost > 0) {
        json["lost"] = {{"conversations", edge.lost},
                        {"between", {edge.lost_between.first, edge.lost_between.second}}};
    }
    if (edge.retransmitting > 0) {
        json["retransmits"] = {{"conversations", edge.retransmitting},
                               {"packets", edge.retransmits}};
    }
}

Json edge_json(const GraphEdge& edge, const Graph& graph) {
    Json json;
    json["src"] = graph.nodes[edge.from].id;
    json["dst"] = graph.nodes[edge.to].id;
    json["protocol"] = to_string(edge.point.protocol);
    if (edge.declared_traffic) {
        json["conn"] = to_conn(*edge.declared_traffic);
    } else if (edge.point.protocol != Protocol::other) {
        json[has_ports(edge.point.protocol) ? "port" : "icmp_type"] = edge.point.port.number;
    }
    json["state"] = to_string(edge.state);
    json["rules"] = edge.rules;
    json["conversations"] = edge.conversations;
    json["outcomes"] = Json::object();
    for (std::size_t i = 0; i < outcome_count; ++i) {
        if (edge.outcomes[i] > 0) {
            json["outcomes"][std::string(to_string(static_cast<Outcome>(i)))] = edge.outcomes[i];
        }
    }
    json["packets"] = {{"sent", edge.sent.packets}, {"received", edge.received.packets}};
    json["bytes"] = {{"sent", edge.sent.bytes}, {"received", edge.received.bytes}};
    if (edge.conversations > 0) {
        json["first"] = to_string(edge.first);
        json["last"] = to_string(edge.last);
    }
    if (!edge.app.empty()) json["app"] = edge.app;
    if (!edge.services.empty()) json["services"] = edge.services;
    if (edge.tls > 0) {
        json["tls"] = {{"conversations", edge.tls},
                       {"mutual", edge.mutual_tls},
                       {"unknown", edge.unknown_tls}};
    }
    add_losses(json, edge);
    return json;
}

const char* kind_name(GraphNode::Kind kind) {
    switch (kind) {
        case GraphNode::Kind::workload:
            return "workload";
        case GraphNode::Kind::node:
            return "node";
        case GraphNode::Kind::external:
            return "external";
        case GraphNode::Kind::group:
            break;
    }
    return "group";
}

Json nodes_json(const Graph& graph) {
    Json json = Json::array();
    for (const GraphNode& each : graph.nodes) {
        json.push_back(
            {{"id", each.id},
             {"kind", kind_name(each.kind)},
             {"group", each.group},
             {"isolated", {{"ingress", each.isolated_ingress}, {"egress", each.isolated_egress}}}});
    }
    return json;
}

Json edges_json(const Graph& graph) {
    Json json = Json::array();
    for (const GraphEdge& each : graph.edges) json.push_back(edge_json(each, graph));
    return json;
}

}  // namespace

Json finding_json(const Finding& finding) {
    Json json;
    json["code"] = finding.code;
    json["severity"] = to_string(finding.severity);
    json["subject"] = finding.subject;
    json["message"] = finding.message;
    json["evidence"] = finding.evidence;
    json["location"] = nullptr;
    if (finding.location) json["location"] = to_string(*finding.location);
    return json;
}

namespace {

std::string lower(std::string text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

Json left_out_json(const std::vector<analyzer::LeftOut>& list) {
    Json json = Json::array();
    for (const auto& each : list) {
        json.push_back({{"subject", each.subject},
                        {"reason", each.reason},
                        {"conversations", each.conversations}});
    }
    return json;
}

}  // namespace

std::string dumped(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

static Json rows_json(const analyzer::ConnectivityDiff& diff) {
    Json rows = Json::array();
    for (const auto& row : diff.rows) {
        rows.push_back({{"type", to_string(row.type)},
                        {"src", row.src},
                        {"dst", row.dst},
                        {"ref1", to_conn(row.before)},
                        {"ref2", to_conn(row.after)}});
    }
    return rows;
}

std::string to_json(const analyzer::ConnectivityDiff& diff) {
    Json json;
    json["schema"] = 1;
    json["rows"] = rows_json(diff);
    json["workloads_added"] = diff.peers_added;
    json["workloads_removed"] = diff.peers_removed;
    return dumped(json) + "\n";
}

std::string to_json(const Table& table) {
    Json json;
    json["schema"] = 1;
    json[table.id] = Json::array();
    for (const auto& row : table.rows) {
        Json object = Json::object();
        for (std::size_t i = 0; i < row.size(); ++i) object[lower(table.columns[i])] = row[i];
        json[table.id].push_back(std::move(object));
    }
    return dumped(json) + "\n";
}

static Json certificates_json(const std::vector<analyzer::CertificateUse>& all) {
    Json json = Json::array();
    for (const analyzer::CertificateUse& each : all) {
        const CertificateSeen& seen = each.certificate;
        json.push_back({{"presented_by", each.subject},
                        {"side", each.client ? "client" : "server"},
                        {"subject", seen.subject},
                        {"issuer", seen.issuer},
                        {"names", seen.names},
                        {"not_before", to_seconds(seen.not_before)},
                        {"not_after", to_seconds(seen.not_after)},
                        {"key", seen.key},
                        {"key_bits", seen.key_bits},
                        {"signature", seen.signature},
                        {"self_signed", seen.self_signed},
                        {"fingerprint", seen.fingerprint},
                        {"sessions", each.sessions},
                        {"first", to_seconds(each.first)},
                        {"last", to_seconds(each.last)}});
    }
    return json;
}

std::string to_json(const analyzer::Audit& audit, const JudgedFindings& judged,
                    const std::vector<std::string>& warnings) {
    Json json;
    json["schema"] = 1;
    if (!warnings.empty()) json["warnings"] = warnings;
    Json& summary = json["summary"];
    summary["conversations"] = audit.conversations;
    summary["first"] = to_string(audit.first);
    summary["last"] = to_string(audit.last);
    summary["lossy"] = audit.lossy;
    summary["edges"] = Json::object();
    for (const auto& [state, count] : audit.edges_by_state) {
        summary["edges"][std::string(to_string(state))] = count;
    }
    json["findings"] = Json::array();
    for (const Finding& each : audit.findings) json["findings"].push_back(finding_json(each));
    json["edges"] = edges_json(audit.graph);
    if (!audit.certificates.empty()) json["certificates"] = certificates_json(audit.certificates);
    add_judged(judged, json);
    return dumped(json) + "\n";
}

std::string to_json(const Graph& graph, const std::vector<std::string>& warnings) {
    Json json;
    json["schema"] = 1;
    if (!warnings.empty()) json["warnings"] = warnings;
    json["nodes"] = nodes_json(graph);
    json["edges"] = edges_json(graph);
    return dumped(json) + "\n";
}

std::string to_json(const analyzer::Generated& generated, const std::vector<std::string>& warnings,
                    const analyzer::ConnectivityDiff* changes) {
    const analyzer::Proof& proof = generated.proof;
    const auto breadth = [](const analyzer::Breadth& each) {
        return Json{{"allowed", each.allowed}, {"used", each.used}};
    };
    Json costs = Json::array();
    for (const auto& each : proof.costs) costs.push_back({{"of", each.of}, {"ways", each.ways}});
    Json cut_off = Json::array();
    for (const auto& each : proof.cut_off) {
        cut_off.push_back({{"workload", each.workload}, {"reason", each.reason}});
    }
    const auto seconds = [](Duration duration) {
        return std::chrono::duration<double>(duration).count();
    };
    const auto& stable = proof.stable;
    Json json;
    json["schema"] = 1;
    json["policies"] = Json::array();
    for (const auto& each : generated.policies) {
        json["policies"].push_back({{"namespace", each.policy.namespace_name},
                                    {"name", each.policy.name},
                                    {"notes", each.notes},
                                    {"yaml", to_yaml(each)}});
    }
    json["proof"] = {{"sound", proof.sound},
                     {"broken", left_out_json(proof.broken)},
                     {"left_out", left_out_json(proof.left_out)},
                     {"cut_off", std::move(cut_off)},
                     {"generated", breadth(proof.generated)},
                     {"in_force", breadth(proof.in_force)},
                     {"without_policy", breadth(proof.without_policy)},
                     {"costs", std::move(costs)},
                     {"excess", proof.excess},
                     {"stable",
                      {{"settled", stable.settled()},
                       {"quiet_seconds", seconds(stable.quiet)},
                       {"recorded_seconds", seconds(stable.recorded)},
                       {"edges", stable.edges},
                       {"seen_once", stable.seen_once}}},
                     {"stability", proof.stability}};
    if (changes != nullptr) json["changes"] = rows_json(*changes);
    json["warnings"] = warnings;
    for (const auto& each : generated.warnings) json["warnings"].push_back(each);
    return dumped(json) + "\n";
}

}  // namespace nspect::viz
