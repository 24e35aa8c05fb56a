// SPDX-License-Identifier: Apache-2.0
// Traffic that proxies carry: the network sees one port, the mesh another.
#include "analyzer/mesh_ports.h"

#include <catch2/catch.hpp>

#include "analyzer/audit.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::worlds;

namespace {

/// Two pods; the network lets in `wire`, the mesh `application`.
World world(std::uint16_t wire, TrafficSet application) {
    World made;
    add_pod(made.inventory, {.name = "web", .addresses = {"10.0.0.1"}});
    add_pod(made.inventory, {.name = "db", .addresses = {"10.0.0.2"}});
    Policy network = network_policy("default", "wire", {}, true, false);
    network.ingress = {rule(Action::allow, {AnyPeer{}}, tcp(wire))};
    Policy mesh = network_policy("default", "mesh", {}, true, false);
    mesh.kind = PolicyKind::istio_authorization_policy;
    mesh.stage = {3, "allow", Layer::mesh};
    mesh.ingress = {rule(Action::allow, {AnyPeer{}}, std::move(application))};
    made.policies = {network, mesh};
    return made;
}

Conversation carried(std::optional<std::uint16_t> dialled) {
    Conversation made;
    made.client = {{ip("10.0.0.1"), {40000}}, 0, std::nullopt, std::nullopt, ""};
    made.server = {{ip("10.0.0.2"), {15008}}, 1, std::nullopt, std::nullopt, ""};
    made.outcome = Outcome::established;
    if (dialled) made.dialled = Socket{ip("10.0.0.2"), {*dialled}};
    return made;
}

}  // namespace

TEST_CASE("only ports that carry applications stand for others", "[mesh]") {
    CHECK(carries_others(tcp_point(15008)));
    CHECK(carries_others(tcp_point(4143)));
    CHECK_FALSE(carries_others(tcp_point(15090)));
    CHECK_FALSE(carries_others(tcp_point(80)));
    CHECK_FALSE(carries_others({Protocol::udp, {15008}}));
    CHECK(mesh_port(tcp_point(15021))->use == "health");
}

TEST_CASE("the network is asked for the wire port, the mesh for the application's", "[mesh]") {
    struct Case {
        std::uint16_t wire;
        TrafficSet mesh;
        std::optional<Port> application;
        bool allowed;
        bool uncertain;
    };
    const auto all = TrafficSet::of(Protocol::tcp);
    const auto [wire, mesh, application, allowed, uncertain] =
        GENERATE_COPY(Case{15008, tcp(5432), Port{5432}, true, false},
                      Case{15008, tcp(5432), Port{80}, false, false},
                      Case{5432, tcp(5432), Port{5432}, false, false},
                      Case{15008, tcp(5432), std::nullopt, false, true},
                      Case{15008, all, std::nullopt, true, false});
    const World made = world(wire, mesh);
    const PolicyEngine engine(made);
    const Verdict verdict = decide_through_mesh(engine, Who::of_endpoint(0), Who::of_endpoint(1),
                                                tcp_point(15008), application);
    CHECK(verdict.allowed() == allowed);
    CHECK(verdict.uncertain() == uncertain);
}

TEST_CASE("an edge through proxies is shown as the application's port and judged on the wire's",
          "[mesh][audit]") {
    const World made = world(15008, tcp(5432));
    const PolicyEngine engine(made);
    const Audit known = audit(engine, {carried(5432)}, {});
    REQUIRE_FALSE(known.graph.edges.empty());
    CHECK(known.graph.edges[0].point == tcp_point(5432));
    CHECK(known.graph.edges[0].state == EdgeState::allowed_used);
    const Audit unknown = audit(engine, {carried(std::nullopt)}, {});
    REQUIRE_FALSE(unknown.graph.edges.empty());
    bool seen = false;
    for (const auto& edge : unknown.graph.edges) {
        if (edge.conversations == 0) continue;
        seen = true;
        CHECK(edge.point == tcp_point(15008));
        CHECK(edge.state == EdgeState::undecided);
    }
    CHECK(seen);
}
