// SPDX-License-Identifier: Apache-2.0
#include "viz/policy_yaml.h"

#include <string>

#include <catch2/catch.hpp>

#include "ingest/load.h"
#include "tests/viz/shop.h"

using namespace nspect;

namespace {

PodPeer pods(std::optional<std::string> namespace_name, Labels labels) {
    PodPeer peer;
    peer.namespace_name = std::move(namespace_name);
    peer.pods = Selector::matching(labels);
    return peer;
}

TrafficSet tcp(std::uint16_t first, std::uint16_t last) {
    return TrafficSet::of(Protocol::tcp, {Port{first}, Port{last}});
}

analyzer::GeneratedPolicy policy_with(Rule rule) {
    analyzer::GeneratedPolicy made;
    made.policy.namespace_name = "shop";
    made.policy.name = "db";
    made.policy.subjects = {pods("shop", {{"app", "db"}})};
    made.policy.isolates_ingress = true;
    made.policy.ingress = {std::move(rule)};
    return made;
}

Rule rule(std::vector<Peer> peers, std::vector<PortMatch> ports) {
    Rule made;
    made.peers = std::move(peers);
    made.all_ports = ports.empty();
    made.ports = std::move(ports);
    return made;
}

Policy read_back(const analyzer::GeneratedPolicy& policy) {
    const std::string yaml = viz::to_yaml(policy);
    INFO(yaml);
    Diagnostics diagnostics;
    const auto bundle = ingest::load_texts({{"made.yaml", yaml}}, diagnostics);
    for (const auto& each : diagnostics.items()) UNSCOPED_INFO(to_string(each));
    CHECK(diagnostics.empty());
    REQUIRE(bundle.policies.size() == 1);
    return bundle.policies[0];
}

/// Equal in everything a verdict is made of. Locations differ: one has none.
void check_same(const Policy& read, const Policy& made) {
    CHECK(read.namespace_name == made.namespace_name);
    CHECK(read.name == made.name);
    CHECK(read.subjects == made.subjects);
    CHECK(read.isolates_ingress == made.isolates_ingress);
    CHECK(read.isolates_egress == made.isolates_egress);
    for (const auto direction : {Direction::ingress, Direction::egress}) {
        REQUIRE(read.rules(direction).size() == made.rules(direction).size());
        for (std::size_t i = 0; i < read.rules(direction).size(); ++i) {
            const Rule& a = read.rules(direction)[i];
            const Rule& b = made.rules(direction)[i];
            CHECK(a.peers == b.peers);
            CHECK(a.all_ports == b.all_ports);
            CHECK(a.ports == b.ports);
        }
    }
}

}  // namespace

TEST_CASE("a printed policy reads back equal", "[viz][yaml]") {
    const auto peer = pods("shop", {{"app", "api"}});
    const PortMatch port{tcp(6379, 6379), "", std::nullopt};
    SECTION("of the shop") {
        check_same(read_back(test::shop_generated().policies[0]),
                   test::shop_generated().policies[0].policy);
    }
    SECTION("with ports of several kinds") {
        const auto made = policy_with(
            rule({peer}, {port,
                          {tcp(8000, 8999), "", std::nullopt},
                          {TrafficSet::of(Protocol::udp, {Port{53}, Port{53}}), "", std::nullopt},
                          {TrafficSet::of(Protocol::sctp, all_ports), "", std::nullopt},
                          {{}, "http", Protocol::tcp}}));
        check_same(read_back(made), made.policy);
    }
    SECTION("with labels that YAML would read as something else") {
        const auto made = policy_with(rule({pods("shop", {{"a", "true"},
                                                          {"b", "1"},
                                                          {"c", "1e3"},
                                                          {"d", "null"},
                                                          {"example.com/e", "0x10"},
                                                          {"f", ""}})},
                                           {port}));
        check_same(read_back(made), made.policy);
    }
    SECTION("for everyone, on all ports") {
        const auto made = policy_with(rule({AnyPeer{}}, {}));
        const Policy read = read_back(made);
        REQUIRE(read.ingress.size() == 1);
        CHECK(read.ingress[0].all_ports);
        CHECK(read.ingress[0].peers == std::vector<Peer>{AnyPeer{}});
    }
    SECTION("with expressions") {
        PodPeer wide;
        wide.namespace_name = "shop";
        wide.pods = Selector({{"tier", Requirement::Op::in, {"back", "front"}},
                              {"old", Requirement::Op::does_not_exist, {}},
                              {"app", Requirement::Op::exists, {}},
                              {"zone", Requirement::Op::not_in, {"x"}}});
        const auto made = policy_with(rule({wide}, {port}));
        check_same(read_back(made), made.policy);
    }
}

TEST_CASE("another namespace is named by its label", "[viz][yaml]") {
    const auto made = policy_with(rule({pods("ops", {{"app", "monitor"}})}, {}));
    const std::string yaml = viz::to_yaml(made);
    CHECK(yaml.find("namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ops}}") !=
          std::string::npos);
    const Policy policy = read_back(made);
    const auto* read = std::get_if<PodPeer>(&policy.ingress.at(0).peers.at(0));
    REQUIRE(read != nullptr);
    CHECK(read->pods == Selector::matching({{"app", "monitor"}}));
}

TEST_CASE("address ranges become blocks that cover them exactly", "[viz][yaml]") {
    AddressPeer peer;
    peer.addresses.insert(
        {IpAddress::parse("10.0.0.1").value(), IpAddress::parse("10.0.0.6").value()});
    peer.addresses.insert(
        {IpAddress::parse("fd00::").value(), IpAddress::parse("fd00::ff").value()});
    const Policy read = read_back(policy_with(rule({peer}, {})));
    IpSet together;
    for (const Peer& each : read.ingress.at(0).peers) {
        together = together | std::get<AddressPeer>(each).addresses;
    }
    CHECK(together == peer.addresses);
}

TEST_CASE("a rule that matches nothing is not printed as one for all", "[viz][yaml]") {
    auto no_peer = rule({}, {});
    auto node_peer = rule({NodePeer{}}, {});
    auto icmp_only = rule({AnyPeer{}}, {{TrafficSet::of(Protocol::icmp), "", std::nullopt}});
    for (const Rule& each : {no_peer, node_peer, icmp_only}) {
        const Policy read = read_back(policy_with(each));
        CHECK(read.isolates_ingress);
        CHECK(read.ingress.empty());
    }
}

TEST_CASE("a key with two requirements does not stand twice in matchLabels", "[viz][yaml]") {
    PodPeer never;
    never.namespace_name = "shop";
    never.pods =
        Selector({{"app", Requirement::Op::in, {"a"}}, {"app", Requirement::Op::in, {"b"}}});
    const auto made = policy_with(rule({never}, {}));
    check_same(read_back(made), made.policy);
}
