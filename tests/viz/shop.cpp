// SPDX-License-Identifier: Apache-2.0
#include "tests/viz/shop.h"

#include <algorithm>
#include <chrono>

#include "viz/views.h"

namespace nspect::test {

namespace {

using namespace std::chrono_literals;

Timestamp at(Duration since_start) {
    return Timestamp{std::chrono::seconds{1'767'225'600}} + since_start;
}

const std::vector<WorkloadId>& ids() {
    static const std::vector<WorkloadId> list{
        {"", "batch", "Container"},       {"kube-system", "dns", "Deployment"},
        {"ops", "monitor", "Deployment"}, {"shop", "api", "Deployment"},
        {"shop", "db", "StatefulSet"},    {"shop", "pay", "Pod"},
        {"shop", "web", "Deployment"},
    };
    return list;
}

std::vector<GraphNode> nodes() {
    std::vector<GraphNode> list{
        {"203.0.113.0/24", "203.0.113.0/24", "", GraphNode::Kind::external, std::nullopt}};
    for (std::size_t i = 0; i < ids().size(); ++i) {
        const WorkloadId& id = ids()[i];
        const bool shop = id.namespace_name == "shop";
        list.push_back(
            {to_string(id), id.name, id.namespace_name, GraphNode::Kind::workload, i, shop, shop});
    }
    std::sort(list.begin(), list.end(),
              [](const GraphNode& a, const GraphNode& b) { return a.id < b.id; });
    return list;
}

std::size_t node(const Graph& graph, const std::string& label) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        if (graph.nodes[i].label == label) return i;
    }
    return graph.nodes.size();
}

struct Row {
    const char* from;
    const char* to;
    TrafficPoint point;
    EdgeState state;
    std::uint64_t conversations;
    Outcome outcome;
    std::uint64_t bytes;
    const char* rule;
    std::uint64_t tls = 0;
    std::uint64_t mutual = 0;
    const char* service = "";
};

constexpr TrafficPoint tcp(std::uint16_t port) {
    return {Protocol::tcp, Port{port}};
}

std::vector<Row> rows() {
    using enum EdgeState;
    const char* const no_rule = "no policy selects either side";
    return {
        {"203.0.113.0/24", "web", tcp(8080), allowed_used, 9, Outcome::established, 81'220,
         "NetworkPolicy shop/web ingress rule 1 (policies.yaml:31:7) allows it"},
        {"web", "api", tcp(9000), allowed_used, 14, Outcome::established, 55'104,
         "NetworkPolicy shop/api ingress rule 1 (policies.yaml:48:7) allows it", 0, 0, "shop/api"},
        {"api", "db", tcp(6379), allowed_used, 22, Outcome::established, 19'730,
         "NetworkPolicy shop/db ingress rule 1 (policies.yaml:70:7) allows it", 0, 0, "shop/db"},
        {"api", "pay", tcp(8443), allowed_used, 6, Outcome::established, 48'001,
         "NetworkPolicy shop/pay ingress rule 1 (policies.yaml:88:7) allows it", 6, 6},
        {"api", "pay", tcp(8444), allowed_used, 3, Outcome::established, 12'844,
         "NetworkPolicy shop/pay ingress rule 1 (policies.yaml:88:7) allows it", 3, 0},
        {"web",
         "dns",
         {Protocol::udp, Port{53}},
         allowed_used,
         12,
         Outcome::established,
         1'930,
         "NetworkPolicy shop/dns-out egress rule 1 (policies.yaml:18:7) allows it"},
        {"api",
         "dns",
         {Protocol::udp, Port{53}},
         allowed_used,
         20,
         Outcome::established,
         3'212,
         "NetworkPolicy shop/dns-out egress rule 1 (policies.yaml:18:7) allows it"},
        {"batch", "db", tcp(6379), denied_flowed, 2, Outcome::established, 1'204,
         "NetworkPolicy shop/db (policies.yaml:64:1) isolates for ingress, and none of its rules "
         "names "
         "the peer"},
        {"web", "db", tcp(6379), denied_blocked, 3, Outcome::unanswered, 180,
         "NetworkPolicy shop/web (policies.yaml:23:1) isolates for egress, and none of its rules "
         "names "
         "the peer"},
        {"monitor", "dns", tcp(9153), unprotected, 4, Outcome::established, 30'911, no_rule},
        {"monitor", "db", tcp(6379), allowed_unused, 0, Outcome::established, 0,
         "NetworkPolicy shop/db ingress rule 2 (policies.yaml:75:7) allows it"},
        {"monitor", "web", tcp(8080), undecided, 1, Outcome::refused, 60,
         "NetworkPolicy shop/web ingress rule 1 (policies.yaml:31:7) allows it"},
    };
}

GraphEdge edge_of(const Graph& graph, const Row& row) {
    GraphEdge edge;
    edge.from = node(graph, row.from);
    edge.to = node(graph, row.to);
    edge.point = row.point;
    edge.conversations = row.conversations;
    edge.outcomes[static_cast<std::size_t>(row.outcome)] = row.conversations;
    edge.sent = {row.bytes / 120, row.bytes / 3};
    edge.received = {row.bytes / 100, row.bytes - row.bytes / 3};
    edge.first = row.conversations > 0 ? at(1s) : Timestamp{};
    edge.last = row.conversations > 0 ? at(58s) : Timestamp{};
    edge.state = row.state;
    edge.rules = {row.rule};
    edge.tls = row.tls;
    edge.mutual_tls = row.mutual;
    if (row.service[0] != '\0') edge.services = {row.service};
    if (edge.services == std::vector<std::string>{"shop/db"}) {
        edge.lost = 1;
        edge.lost_between = {"veth3b1c (api)", "veth9e02 (db)"};
        edge.retransmitting = 2;
        edge.retransmits = 5;
    }
    if (row.conversations == 0) {
        edge.declared_traffic =
            TrafficSet::of(row.point.protocol, {row.point.port, row.point.port});
    }
    return edge;
}

Graph shop_graph() {
    Graph graph;
    graph.nodes = nodes();
    for (const Row& row : rows()) graph.edges.push_back(edge_of(graph, row));
    std::sort(graph.edges.begin(), graph.edges.end(), [](const GraphEdge& a, const GraphEdge& b) {
        return std::tie(a.from, a.to, a.point) < std::tie(b.from, b.to, b.point);
    });
    return graph;
}

std::string subject(const Graph& graph, const GraphEdge& edge) {
    return graph.nodes[edge.from].id + " -> " + graph.nodes[edge.to].id + " " +
           to_string(edge.point);
}

std::vector<Finding> findings(const Graph& graph) {
    std::vector<Finding> list;
    for (std::size_t i = 0; i < graph.edges.size(); ++i) {
        const GraphEdge& edge = graph.edges[i];
        const std::string count = std::to_string(edge.conversations) + " conversations";
        if (edge.state == EdgeState::denied_flowed) {
            list.push_back({"denied-but-flowed",
                            Severity::high,
                            subject(graph, edge),
                            "policy denies this, and it passed all the same: the policy is not "
                            "enforced here",
                            {count, edge.rules[0]},
                            Location{"policies.yaml", 64, 1, ""},
                            i});
        }
        if (edge.state == EdgeState::denied_blocked) {
            list.push_back({"denied-and-blocked",
                            Severity::medium,
                            subject(graph, edge),
                            "attempts that policy denies did not pass",
                            {count, "3 seen at veth3b1c (web), never at veth9e02 (db)"},
                            Location{"policies.yaml", 23, 1, ""},
                            i});
        }
    }
    list.push_back({"allowed-never-used",
                    Severity::low,
                    "NetworkPolicy shop/db ingress rule 2",
                    "no recorded conversation needed this rule",
                    {},
                    Location{"policies.yaml", 75, 7, ""},
                    std::nullopt});
    list.push_back({"unprotected-workload",
                    Severity::info,
                    "ops/monitor[Deployment]",
                    "no policy selects it in either direction",
                    {},
                    std::nullopt,
                    std::nullopt});
    sort_findings(list);
    return list;
}

Conversation conversation(std::size_t from, std::size_t to, std::uint16_t port, Duration start) {
    Conversation made;
    made.client = {{IpAddress::v4(0x0AF4010AU + static_cast<std::uint32_t>(from)), Port{43210}},
                   from,
                   std::nullopt,
                   std::nullopt,
                   ""};
    made.server = {{IpAddress::v4(0x0AF4010AU + static_cast<std::uint32_t>(to)), Port{port}},
                   to,
                   std::nullopt,
                   std::nullopt,
                   ""};
    made.first = at(start);
    made.last = at(start + 250ms);
    made.sent = {12, 2312};
    made.received = {10, 9821};
    made.outcome = Outcome::established;
    for (const auto role : {VantagePoint::Role::client, VantagePoint::Role::server}) {
        auto& vantage = made.vantages.emplace_back();
        vantage.vantage = role == VantagePoint::Role::client ? 1 : 2;
        vantage.role = role;
        vantage.sent = made.sent;
        vantage.received = made.received;
    }
    return made;
}

Rule rule_from(const std::string& app, TrafficSet traffic) {
    Rule rule;
    PodPeer peer;
    peer.namespace_name = "shop";
    peer.pods = Selector::matching(Labels{{"app", app}});
    rule.peers = {peer};
    rule.ports = {{std::move(traffic), "", std::nullopt}};
    return rule;
}

analyzer::GeneratedPolicy db_policy() {
    analyzer::GeneratedPolicy made;
    made.policy.namespace_name = "shop";
    made.policy.name = "db";
    made.policy.stage = {namespace_stage, "namespace"};
    PodPeer subject;
    subject.namespace_name = "shop";
    subject.pods = Selector::matching(Labels{{"app", "db"}});
    made.policy.subjects = {subject};
    made.policy.isolates_ingress = true;
    made.policy.isolates_egress = true;
    made.policy.ingress = {rule_from("api", TrafficSet::of(Protocol::tcp, {{6379}, {6379}}))};
    made.notes = {"made by nspect from 22 conversations"};
    made.ingress_notes = {{"shop/api[Deployment]: 22 conversations on TCP 6379"}};
    return made;
}

}  // namespace

Inventory shop_inventory() {
    Inventory inventory;
    for (const WorkloadId& id : ids()) {
        Endpoint endpoint;
        endpoint.name = id.name + "-0";
        endpoint.workload = inventory.ensure_workload(id);
        inventory.add_endpoint(std::move(endpoint));
    }
    Service service;
    service.namespace_name = "shop";
    service.name = "db";
    service.addresses = {IpAddress::v4(0x0A600007)};
    inventory.add_service(std::move(service));
    return inventory;
}

Recording shop_recording() {
    Recording recording;
    recording.info.host = "node-1";
    recording.info.started = at(0s);
    recording.info.ended = at(60s);
    recording.info.packets = 4122;
    recording.vantages = {{1, "veth3b1c", 4026531840, VantageSide::host_end, 1, "any@host"},
                          {2, "veth9e02", 4026531840, VantageSide::host_end, 2, "any@host"}};
    recording.losses = {{at(12s), at(13s), "any@host", "kernel", 17, "the buffer was full"}};
    TargetInfo web;
    web.netns = 4026532185;
    web.runtime = "docker";
    web.name = "web";
    web.interfaces = {
        {2, "eth0", "veth", "", true, 7, 4026531840, "veth3b1c", {IpAddress::v4(0x0AF4010B)}, {}}};
    TargetInfo host;
    host.netns = 4026531840;
    host.is_host = true;
    host.interfaces = {{7, "veth3b1c", "veth", "", true, 2, 4026532185, "eth0", {}, {}}};
    recording.targets = {host, web};
    return recording;
}

std::vector<Conversation> shop_conversations() {
    std::vector<Conversation> list{conversation(6, 3, 9000, 1s), conversation(3, 4, 6379, 2s),
                                   conversation(3, 5, 8443, 3s), conversation(6, 4, 6379, 4s)};
    list[1].dialled = Socket{IpAddress::v4(0x0A600007), Port{6379}};
    list[1].service = 0;
    TlsSeen tls;
    tls.version = 0x0304;
    tls.client_cert = ClientCert::presented;
    tls.evidence = TlsEvidence::sizes;
    tls.confidence = Confidence::high;
    tls.sni = "pay.shop";
    list[2].tls = tls;
    list[3].outcome = Outcome::unanswered;
    list[3].sent = {3, 120};
    list[3].received = {};
    list[3].lost_between = {1, 2};
    return list;
}

analyzer::Audit shop_audit() {
    analyzer::Audit audit;
    audit.graph = shop_graph();
    audit.findings = findings(audit.graph);
    for (const GraphEdge& each : audit.graph.edges) {
        audit.conversations += each.conversations;
        ++audit.edges_by_state[each.state];
    }
    audit.first = at(1s);
    audit.last = at(58s);
    audit.lossy = true;
    return audit;
}

analyzer::Connectivity shop_connectivity() {
    const auto port = [](std::uint16_t number) {
        return TrafficSet::of(Protocol::tcp, {{number}, {number}});
    };
    return {{"ops/monitor[Deployment]", "shop/api[Deployment]", "shop/db[StatefulSet]",
             "shop/web[Deployment]"},
            {{"0.0.0.0-255.255.255.255", "ops/monitor[Deployment]", TrafficSet::all()},
             {"shop/api[Deployment]", "shop/db[StatefulSet]", port(6379)},
             {"shop/web[Deployment]", "shop/api[Deployment]", port(9000)}}};
}

analyzer::ConnectivityDiff shop_diff() {
    const auto before = shop_connectivity();
    auto after = before;
    after.rows[1].traffic = after.rows[1].traffic | TrafficSet::of(Protocol::tcp, {{6380}, {6380}});
    after.rows.pop_back();
    after.peers.push_back("shop/zip[Job]");
    return analyzer::diff(before, after);
}

analyzer::Generated shop_generated() {
    analyzer::Generated generated;
    generated.policies = {db_policy()};
    generated.proof.sound = true;
    generated.proof.left_out = {
        {"shop/web[Deployment] -> shop/db[StatefulSet] TCP 6379", "nobody answered", 3}};
    generated.proof.generated = {9, 8};
    generated.proof.in_force = {11, 8};
    generated.proof.without_policy = {336, 8};
    generated.proof.excess = {"shop/api[Deployment] -> shop/db[StatefulSet] TCP 6380"};
    generated.proof.stable = {48s, 60s, 9, 1};
    generated.proof.costs = {{"labels that several workloads share", 1}};
    generated.proof.stability = "the last new edge came 12 s after the start, 48 s before the end";
    return generated;
}

viz::View ring_view(std::size_t nodes, std::size_t namespaces, std::size_t edges_each) {
    viz::View view;
    view.title = "Ring";
    for (std::size_t i = 0; i < nodes; ++i) {
        const std::string group = "ns" + std::to_string(i % namespaces);
        const std::string name = "w" + std::to_string(i);
        view.graph.nodes.push_back({group + "/" + name + "[Deployment]", name, group,
                                    GraphNode::Kind::workload, std::nullopt, true, true});
    }
    for (std::size_t i = 0; i < nodes; ++i) {
        for (std::size_t k = 1; k <= edges_each; ++k) {
            GraphEdge edge;
            edge.from = i;
            edge.to = (i + k * k * 7) % nodes;
            edge.point = tcp(static_cast<std::uint16_t>(8000 + k));
            edge.state = static_cast<EdgeState>((i + k) % 6);
            edge.conversations = i * k % 97;
            view.graph.edges.push_back(edge);
        }
    }
    return view;
}

}  // namespace nspect::test
