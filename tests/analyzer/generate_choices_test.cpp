// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "analyzer/generate_hosts.h"
#include "analyzer/generate_notes.h"
#include "analyzer/generate_ports.h"
#include "tests/analyzer/generated_shop.h"
#include "tests/analyzer/policy_text.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;
using namespace nspect::worlds;
using Lines = std::vector<std::string>;

namespace {

std::string text_of(const PortUse& use) {
    if (!use.name.empty()) return use.name;
    const auto first = std::to_string(use.first.number);
    const auto last = std::to_string(use.last.number);
    return std::string(to_string(use.protocol)) + ' ' +
           (first == last ? first : first + '-' + last);
}

Lines texts_of(const std::vector<PortUse>& uses) {
    Lines lines;
    for (const auto& use : uses) lines.push_back(text_of(use));
    return lines;
}

std::vector<TrafficPoint> tcp_points(std::initializer_list<std::uint16_t> ports) {
    std::vector<TrafficPoint> points;
    for (const auto port : ports) points.push_back(tcp_point(port));
    return points;
}

}  // namespace

TEST_CASE("a port has a name where each target pod gives it the same one") {
    const auto [names, expected] = GENERATE(table<Lines, std::string>({
        {{"http", "http"}, "http"},   // both agree
        {{"http", "web"}, "TCP 80"},  // they do not
        {{"http", ""}, "TCP 80"},     // one has no name for it
    }));
    CAPTURE(names);
    Inventory inventory;
    std::set<std::size_t> targets;
    for (const auto& name : names) {
        Endpoint endpoint;
        endpoint.workload = inventory.ensure_workload({"shop", "web", "Deployment"});
        endpoint.ports = {{name, Port{80}, Protocol::tcp}};
        targets.insert(endpoint.workload);
        inventory.add_endpoint(std::move(endpoint));
    }
    CHECK(texts_of(port_uses(tcp_points({80}), targets, inventory, true)) == Lines{expected});
    CHECK(texts_of(port_uses(tcp_points({80}), targets, inventory, false)) == Lines{"TCP 80"});
}

TEST_CASE("a name that two ports of a pod share stands for neither") {
    Inventory inventory;
    Endpoint endpoint;
    endpoint.workload = inventory.ensure_workload({"shop", "dns", "Deployment"});
    endpoint.ports = {{"dns", Port{53}, Protocol::tcp}, {"dns", Port{53}, Protocol::udp}};
    inventory.add_endpoint(std::move(endpoint));
    CHECK(texts_of(port_uses(tcp_points({53}), {0}, inventory, true)) == Lines{"TCP 53"});
}

TEST_CASE("a range of ports needs a service that hands them out, and three of them") {
    const Inventory nobody;
    const auto uses = [&](std::initializer_list<std::uint16_t> ports) {
        return texts_of(port_uses(tcp_points(ports), {}, nobody, true));
    };
    CHECK(uses({21, 40001, 41000, 42000}) == Lines{"TCP 21", "TCP 40001-42000"});
    CHECK(uses({21, 40001, 41000}) == Lines{"TCP 21", "TCP 40001", "TCP 41000"});
    CHECK(uses({22, 40001, 41000, 42000}) ==
          Lines{"TCP 22", "TCP 40001", "TCP 41000", "TCP 42000"});
    CHECK(uses({111, 512, 40001, 41000, 42000}) == Lines{"TCP 111", "TCP 512", "TCP 40001-42000"});
}

TEST_CASE("rules say where dynamic ports come from") {
    Shop shop;
    int isn = 0;
    for (const auto* server :
         {"10.0.0.2:21", "10.0.0.2:40001", "10.0.0.2:40002", "10.0.0.2:40003"}) {
        isn += 2;
        shop.recording.tcp("10.0.0.1:33000", server).isn(isn, isn + 1).veth("web").veth("db");
    }
    const auto made = shop.generate();
    CHECK(text_of(named(made, "nspect-db").policy) ==
          "data/nspect-db app=db in [{kubernetes.io/metadata.name=shop}/app=web : TCP 21"
          ": TCP 40001-40003] out");
    CHECK(mentions(named(made, "nspect-db").ingress_notes.at(0), "FTP hands out ports"));
    CHECK(made.proof.sound);
}

TEST_CASE("the mesh's tunnel is a port like others, and the comment says what it is") {
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:15008").isn(1, 2).veth("web").veth("db");
    const auto made = shop.generate();
    CHECK(text_of(named(made, "nspect-db").policy.ingress).find("TCP 15008") != std::string::npos);
    CHECK(mentions(named(made, "nspect-db").ingress_notes.at(0), "HBONE"));
}

TEST_CASE("ingress controllers and metrics scrapers are named in comments") {
    const auto [name, role] = GENERATE(
        table<std::string, std::string>({{"ingress-nginx-controller", "an ingress controller"},
                                         {"prometheus-k8s", "a metrics scraper"}}));
    Shop shop;
    shop.container(name, "10.0.0.77", "infra", {{"app.kubernetes.io/name", name}});
    shop.recording.tcp("10.0.0.77:40000", "10.0.0.1:8080").isn(1, 2).veth(name).veth("web");
    const auto made = shop.generate();
    CHECK(mentions(named(made, "nspect-web").ingress_notes.at(0), role));
}

TEST_CASE("the API server and nodes stand alone and are named in comments") {
    Shop shop;
    Node node;
    node.name = "worker-1";
    node.addresses = {ip("192.168.0.1")};
    shop.world.inventory.add_node(node);
    Service api;
    api.namespace_name = "default";
    api.name = "kubernetes";
    api.backends = {ip("192.168.0.2")};
    shop.world.inventory.add_service(api);
    shop.recording.tcp("10.0.0.1:40000", "192.168.0.1:6443").isn(1, 2).veth("web");
    shop.recording.tcp("10.0.0.1:40001", "192.168.0.2:6443").isn(3, 4).veth("web");
    shop.recording.tcp("10.0.0.1:40002", "192.168.0.3:6443").isn(5, 6).veth("web");
    shop.options.external_budget = 1;
    const auto made = shop.generate();
    const auto& policy = named(made, "nspect-web");
    REQUIRE(policy.egress_notes.size() == 2);
    CHECK(mentions(policy.egress_notes[1], "192.168.0.1/32 is node worker-1"));
    CHECK(mentions(policy.egress_notes[1], "192.168.0.2/32 is the Kubernetes API server"));
    CHECK(text_of({policy.policy.egress[0]}) == " [192.168.0.3-192.168.0.3 : TCP 6443]");
}

TEST_CASE("a Job seen running once is marked rare") {
    Inventory inventory;
    const auto add = [&](const std::string& kind, const std::string& name, int runs) {
        const auto workload = inventory.ensure_workload({"shop", name, kind});
        for (int i = 0; i < runs; ++i) {
            Endpoint endpoint;
            endpoint.workload = workload;
            inventory.add_endpoint(std::move(endpoint));
        }
        return workload;
    };
    const auto once = add("CronJob", "backup", 1);
    const auto often = add("CronJob", "sync", 3);
    const auto server = add("Deployment", "web", 1);
    const Roles roles(inventory);
    CHECK(roles.rarity_of(once).starts_with("rare: shop/backup[CronJob] ran once"));
    CHECK(roles.rarity_of(often).empty());
    CHECK(roles.rarity_of(server).empty());
}

TEST_CASE("SCTP and IPv6 are written like all else") {
    Shop shop;
    shop.container("v6", "fd00::1", "shop", {{"app", "v6"}});
    shop.container("v6-db", "fd00::2", "data", {{"app", "v6-db"}});
    shop.recording.tcp("[fd00::1]:40000", "[fd00::2]:5432").isn(1, 2).veth("v6").veth("v6-db");
    shop.recording.tcp("[fd00::1]:40000", "[2001:db8::1]:443").isn(3, 4).veth("v6");
    shop.recording.udp("10.0.0.1:40000", "10.0.0.2:3868").payload(1).veth("web").veth("db");
    for (auto& sighting : shop.recording.recording().sightings) {
        if (sighting.protocol == Protocol::udp) sighting.protocol = Protocol::sctp;
    }
    const auto made = shop.generate();
    CHECK(text_of(named(made, "nspect-v6").policy.egress) ==
          " [{kubernetes.io/metadata.name=data}/app=v6-db : TCP 5432] "
          "[2001:db8::1-2001:db8::1 : TCP 443]");
    CHECK(text_of(named(made, "nspect-db").policy.ingress) ==
          " [{kubernetes.io/metadata.name=shop}/app=web : SCTP 3868]");
    CHECK(made.proof.sound);
}

TEST_CASE("a host's packet filter gets the addresses of whom policies let talk") {
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "10.0.0.2:5432").isn(1, 2).veth("web").veth("db");
    shop.recording.tcp("10.0.0.1:40001", "203.0.113.5:443").isn(3, 4).veth("web");
    const auto made = shop.generate();
    const World world{shop.world.inventory, made.proposed, {}, {}};
    const auto rules = host_rules(PolicyEngine(world));
    REQUIRE(rules.covered.size() == 2);
    CHECK(rules.covered[0].first == ip("10.0.0.1"));
    CHECK(rules.covered[1].first == ip("10.0.0.2"));
    Lines passes;
    for (const auto& pass : rules.passes) {
        passes.push_back(to_string(pass.from) + " " + to_string(pass.to) + " " +
                         std::to_string(pass.ports.first.number));
    }
    CHECK(passes == Lines{"10.0.0.1/32 10.0.0.2/32 5432", "10.0.0.1/32 203.0.113.5/32 443"});
}

TEST_CASE("a project is divided so that only services meet that may") {
    Shop shop;
    shop.container("front", "10.0.1.1", "app", {{"com.docker.compose.service", "front"}});
    shop.container("back", "10.0.1.2", "app", {{"com.docker.compose.service", "back"}});
    shop.container("cache", "10.0.1.3", "app", {{"com.docker.compose.service", "cache"}});
    shop.container("store", "10.0.1.4", "app", {{"com.docker.compose.service", "store"}});
    auto& made = shop.recording;
    made.tcp("10.0.1.1:40000", "10.0.1.2:80").isn(1, 2).veth("front").veth("back");
    made.tcp("10.0.1.2:40000", "10.0.1.3:80").isn(3, 4).veth("back").veth("cache");
    made.tcp("10.0.1.2:40001", "10.0.1.4:80").isn(5, 6).veth("back").veth("store");
    made.tcp("10.0.1.3:40001", "10.0.1.4:80").isn(7, 8).veth("cache").veth("store");
    made.tcp("203.0.113.9:40001", "10.0.1.1:80").isn(9, 10).veth("front");
    const auto generated = shop.generate();
    const World world{shop.world.inventory, generated.proposed, {}, {}};
    const auto splits = split_networks(PolicyEngine(world));
    REQUIRE(splits.size() == 1);
    using Set = std::set<std::string>;
    CHECK(splits[0].project == "app");
    CHECK(splits[0].networks == std::vector<Set>{{"back", "cache", "store"}, {"back", "front"}});
    CHECK(splits[0].outside == Set{"front"});
}

TEST_CASE("a service that talks to another project keeps a network that leads outside") {
    Shop shop;
    shop.container("front", "10.0.1.1", "app", {{"com.docker.compose.service", "front"}});
    shop.container("back", "10.0.1.2", "app", {{"com.docker.compose.service", "back"}});
    shop.container("other", "10.0.2.1", "else", {{"com.docker.compose.service", "other"}});
    shop.recording.tcp("10.0.1.1:40000", "10.0.1.2:80").isn(1, 2).veth("front").veth("back");
    shop.recording.tcp("10.0.2.1:40000", "10.0.1.1:80").isn(3, 4).veth("other").veth("front");
    const auto generated = shop.generate();
    const World world{shop.world.inventory, generated.proposed, {}, {}};
    const auto splits = split_networks(PolicyEngine(world));
    using Set = std::set<std::string>;
    REQUIRE(splits.size() == 2);
    CHECK(splits[0].outside == Set{"front"});
    CHECK(splits[0].networks == std::vector<Set>{{"back", "front"}});
    CHECK(splits[1].outside == Set{"other"});
    CHECK(splits[1].networks.empty());
}

TEST_CASE("what Compose does not run is in no override") {
    Shop shop;
    shop.container("box", "10.0.1.1", "app", {});
    shop.recording.recording().targets.back().runtime = "lxc";
    shop.recording.tcp("10.0.1.1:40000", "203.0.113.9:80").isn(1, 2).veth("box");
    const auto generated = shop.generate();
    const World world{shop.world.inventory, generated.proposed, {}, {}};
    CHECK(split_networks(PolicyEngine(world)).empty());
}

TEST_CASE("a client that a node stands before is let in by the node's address, with a comment") {
    Shop shop;
    Node node;
    node.name = "worker-2";
    node.addresses = {ip("192.168.0.2")};
    shop.world.inventory.add_node(node);
    shop.recording.tcp("192.168.0.2:40000", "10.0.0.1:8080").isn(1, 2).veth("web");
    const auto made = shop.generate();
    const auto& policy = named(made, "nspect-web");
    CHECK(text_of(policy.policy.ingress) == " [192.168.0.2-192.168.0.2 : TCP 8080]");
    CHECK(mentions(policy.ingress_notes.at(0), "a node: host network or masquerade"));
    CHECK(made.proof.sound);
}

TEST_CASE("a Service's address whose pods are not known stands for itself, with a comment") {
    Shop shop;
    Service service;
    service.namespace_name = "data";
    service.name = "far";
    service.addresses = {ip("10.96.0.20")};
    service.ports = {{"", Port{443}, Protocol::tcp, "", std::nullopt, std::nullopt}};
    shop.world.inventory.add_service(service);
    shop.recording.tcp("10.0.0.1:40000", "10.96.0.20:443").isn(1, 2).veth("web");
    const auto made = shop.generate();
    const auto& policy = named(made, "nspect-web");
    CHECK(text_of(policy.policy.egress) == " [10.96.0.20-10.96.0.20 : TCP 443]");
    CHECK(mentions(policy.egress_notes.at(0), "a Service's address, its pods were not seen"));
}

TEST_CASE("DNS at a resolver outside is allowed there alone, and said to be outside") {
    Shop shop;
    shop.recording.udp("10.0.0.1:40000", "9.9.9.9:53").payload(1).veth("web");
    const auto made = shop.generate();
    const auto& policy = named(made, "nspect-web");
    CHECK(text_of(policy.policy) == "shop/nspect-web app=web in out [9.9.9.9-9.9.9.9 : UDP 53]");
    CHECK(mentions(policy.egress_notes.at(0), "one outside the cluster"));
    CHECK(made.proof.sound);
}

TEST_CASE("a label that one pod or one run has alone selects nothing") {
    const auto* const key =
        GENERATE("statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
                 "controller-uid", "job-name", "batch.kubernetes.io/controller-uid",
                 "batch.kubernetes.io/job-name", "batch.kubernetes.io/job-completion-index",
                 "pod-template-hash", "controller-revision-hash");
    CAPTURE(key);
    Shop shop;
    shop.container("one", "10.0.0.7", "shop", {{"app", "x"}, {key, "value-7"}});
    shop.container("two", "10.0.0.8", "shop", {{"app", "x"}, {key, "value-8"}});
    shop.recording.tcp("10.0.0.7:40000", "10.0.0.2:5432").isn(1, 2).veth("one").veth("db");
    const auto made = shop.generate();
    for (const auto& line : text_of(made)) {
        CAPTURE(line);
        CHECK(line.find("value-") == std::string::npos);
    }
    CHECK(text_of(named(made, "nspect-db").policy.ingress) ==
          " [{kubernetes.io/metadata.name=shop}/app=x : TCP 5432]");
}

TEST_CASE("a link-local address that is no resolver stands alone and is warned of") {
    Shop shop;
    shop.recording.tcp("10.0.0.1:40000", "169.254.7.7:8080").isn(1, 2).veth("web");
    shop.recording.tcp("10.0.0.1:40001", "203.0.113.5:8080").isn(3, 4).veth("web");
    shop.options.external_budget = 1;
    const auto made = shop.generate();
    const auto& policy = named(made, "nspect-web");
    REQUIRE(policy.policy.egress.size() == 2);
    CHECK(text_of({policy.policy.egress[1]}) == " [169.254.7.7-169.254.7.7 : TCP 8080]");
    CHECK(policy.egress_notes[1].at(0).starts_with("WARNING: link-local"));
    CHECK_FALSE(mentions(policy.egress_notes[0], "link-local"));
}

TEST_CASE("a Service's port that goes to a named target becomes the number behind the name") {
    Shop shop;
    Service service;
    service.namespace_name = "data";
    service.name = "db";
    service.has_selector = true;
    service.selector = Selector::matching({{"app", "db"}});
    service.addresses = {ip("10.96.0.10")};
    service.ports = {{"", Port{80}, Protocol::tcp, "sql", std::nullopt, std::nullopt}};
    shop.world.inventory.add_service(service);
    shop.recording.tcp("10.0.0.1:40000", "10.96.0.10:80")
        .isn(1, 2)
        .veth("web")
        .as("10.0.0.1:40000", "10.0.0.2:5432")
        .veth("db");
    const auto made = shop.generate();
    CHECK(text_of(named(made, "nspect-web").policy.egress) ==
          " [{kubernetes.io/metadata.name=data}/app=db : TCP 5432]");
    CHECK(made.proof.sound);
}

TEST_CASE(
    "a peer on the host network is named by labels and by its node's address, with a comment") {
    Inventory inventory;
    add_pod(inventory, {"shop", "web", {{"app", "web"}}, {"10.0.0.1"}});
    PodSpec agent{"ops", "agent", {{"app", "agent"}}, {"192.168.0.1"}};
    agent.host_network = true;
    add_pod(inventory, agent);
    World world;
    world.inventory = std::move(inventory);
    const PolicyEngine engine(world);
    Conversation seen;
    seen.protocol = Protocol::tcp;
    seen.client = {{ip("192.168.0.1"), Port{40000}}, 1, std::nullopt, std::nullopt, ""};
    seen.server = {{ip("10.0.0.1"), Port{9100}}, 0, std::nullopt, std::nullopt, ""};
    seen.outcome = Outcome::established;
    const auto made = analyzer::generate(engine, {seen}, {{"shop"}, false});
    const auto& policy = named(made, "nspect-web");
    CHECK(text_of(policy.policy.ingress) ==
          " [{kubernetes.io/metadata.name=ops}/app=agent : TCP 9100] "
          "[192.168.0.1-192.168.0.1 : TCP 9100]");
    CHECK(mentions(policy.ingress_notes.at(1), "host network"));
    CHECK(made.proof.sound);
}

TEST_CASE("the policy of a Job that ran once says that it is rare") {
    Inventory inventory;
    Endpoint run;
    run.name = "backup-1";
    run.workload = inventory.ensure_workload({"shop", "backup", "CronJob"});
    run.labels = {{"app", "backup"}};
    const auto index = inventory.add_endpoint(std::move(run));
    inventory.add_lease({ip("10.0.0.1"), index});
    World world;
    world.inventory = std::move(inventory);
    const PolicyEngine engine(world);
    Conversation seen;
    seen.protocol = Protocol::tcp;
    seen.client = {{ip("10.0.0.1"), Port{40000}}, index, std::nullopt, std::nullopt, ""};
    seen.server = {{ip("203.0.113.5"), Port{443}}, std::nullopt, std::nullopt, std::nullopt, ""};
    seen.outcome = Outcome::established;
    const auto made = analyzer::generate(engine, {seen}, {{}, false});
    CHECK(mentions(named(made, "nspect-backup").notes, "rare: shop/backup[CronJob] ran once"));
}
