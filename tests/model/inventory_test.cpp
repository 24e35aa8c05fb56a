// SPDX-License-Identifier: Apache-2.0
#include "model/inventory.h"

#include <catch2/catch.hpp>

using namespace nspect;
using namespace std::chrono_literals;

namespace {

const IpAddress shared_ip = IpAddress::v4(0x0a000005);

Timestamp at(int seconds) {
    return Timestamp(std::chrono::seconds(seconds));
}

Location line(std::size_t number) {
    return {"shop.yaml", number, 1, ""};
}

/// One endpoint of a workload of its own.
std::size_t add(Inventory& inventory, const std::string& name) {
    Endpoint endpoint;
    endpoint.name = name + "-0";
    endpoint.workload = inventory.ensure_workload({"shop", name, "Deployment"});
    return inventory.add_endpoint(std::move(endpoint));
}

}  // namespace

TEST_CASE("a namespace always carries the label of its name", "[inventory]") {
    Inventory inventory;
    const auto shop = inventory.ensure_namespace("shop");
    CHECK(inventory.ensure_namespace("shop") == shop);
    CHECK(to_string(inventory.namespaces()[shop].labels) == "kubernetes.io/metadata.name=shop");
    CHECK(inventory.declare_namespace("shop", {{"team", "a"}}, line(3)));
    CHECK(to_string(inventory.namespaces()[shop].labels) ==
          "kubernetes.io/metadata.name=shop,team=a");
    CHECK(inventory.find_namespace("shop") == shop);
    CHECK_FALSE(inventory.find_namespace("sho").has_value());
}

TEST_CASE("a namespace declared twice keeps its first declaration", "[inventory]") {
    Inventory inventory;
    CHECK(inventory.declare_namespace("shop", {{"team", "a"}}, line(3)));
    CHECK_FALSE(inventory.declare_namespace("shop", {{"team", "b"}}, line(9)));
    CHECK(*inventory.namespaces()[0].labels.find("team") == "a");
    CHECK(inventory.namespaces()[0].where == line(3));
    CHECK(inventory.namespaces().size() == 1);
}

TEST_CASE("a workload is made once, with its namespace", "[inventory]") {
    Inventory inventory;
    const WorkloadId web{"shop", "web", "Deployment"};
    CHECK_FALSE(inventory.find_workload(web).has_value());
    const auto index = inventory.ensure_workload(web);
    CHECK(inventory.ensure_workload(web, line(7)) == index);
    CHECK(inventory.ensure_workload(web, line(8)) == index);
    CHECK(inventory.workloads()[index].where == line(7));
    CHECK(inventory.find_workload(web) == index);
    CHECK(inventory.find_namespace("shop").has_value());
    CHECK(inventory.ensure_workload({"shop", "web", "StatefulSet"}) != index);
}

TEST_CASE("names that only print alike are different workloads", "[inventory]") {
    Inventory inventory;
    const auto first = inventory.ensure_workload({"a", "b/c", "Pod"});
    const auto second = inventory.ensure_workload({"a/b", "c", "Pod"});
    const auto third = inventory.ensure_workload({"a", "b/c[Pod]", ""});
    CHECK(first != second);
    CHECK(first != third);
    CHECK(inventory.workloads_named("a/b/c[Pod]") == std::vector{first, second, third});
}

TEST_CASE("a person may leave out the namespace and the kind of a workload", "[inventory]") {
    Inventory inventory;
    const auto web = inventory.ensure_workload({"shop", "web", "Deployment"});
    const auto web_job = inventory.ensure_workload({"shop", "web", "Job"});
    const auto other_web = inventory.ensure_workload({"test", "web", "Deployment"});
    inventory.ensure_workload({"shop", "website", "Deployment"});
    using Found = std::vector<std::size_t>;
    CHECK(inventory.workloads_named("web") == Found{web, web_job, other_web});
    CHECK(inventory.workloads_named("shop/web") == Found{web, web_job});
    CHECK(inventory.workloads_named("shop/web[Job]") == Found{web_job});
    CHECK(inventory.workloads_named("web[Deployment]") == Found{web, other_web});
    CHECK(inventory.workloads_named("shop").empty());
    CHECK(inventory.workloads_named("").empty());
}

TEST_CASE("endpoints know their workload and namespace, and the other way round", "[inventory]") {
    Inventory inventory;
    inventory.ensure_namespace("first");
    const auto web = add(inventory, "web");
    const auto db = add(inventory, "db");
    const auto web_again = add(inventory, "web");
    const auto workload = inventory.endpoints()[web].workload;
    CHECK(inventory.endpoints_of(workload) == std::vector{web, web_again});
    CHECK(inventory.workload_of(inventory.endpoints()[db]).name == "db");
    CHECK(inventory.namespace_of(inventory.endpoints()[db]).name == "shop");
    inventory.endpoint(db).node = "worker-1";
    CHECK(inventory.endpoints()[db].node == "worker-1");
}

TEST_CASE("an address belongs to who held it at that time", "[inventory]") {
    Inventory inventory;
    const auto web = add(inventory, "web");
    const auto db = add(inventory, "db");
    inventory.add_lease({shared_ip, db, at(200), at(300)});
    inventory.add_lease({shared_ip, web, at(100), at(200)});
    const auto [time, owner] = GENERATE(table<int, std::optional<std::size_t>>({
        {99, std::nullopt},
        {100, 0},
        {199, 0},
        {200, 1},
        {299, 1},
        {300, std::nullopt},
    }));
    CHECK(inventory.owner_of(shared_ip, at(time)) == owner);
    REQUIRE(inventory.leases_of(shared_ip).size() == 2);
    CHECK(inventory.leases_of(shared_ip).front().endpoint == web);
}

TEST_CASE("where leases overlap the most recent one wins", "[inventory]") {
    Inventory inventory;
    const auto web = add(inventory, "web");
    const auto db = add(inventory, "db");
    inventory.add_lease({shared_ip, web, at(0), forever});
    inventory.add_lease({shared_ip, db, at(50), at(60)});
    CHECK(inventory.owner_of(shared_ip, at(49)) == web);
    CHECK(inventory.owner_of(shared_ip, at(55)) == db);
    CHECK(inventory.owner_of(shared_ip, at(60)) == web);
    CHECK(inventory.owner_of(shared_ip, forever) == web);
    inventory.add_lease({shared_ip, web, at(50), at(60)});
    CHECK(inventory.owner_of(shared_ip, at(55)) == web);
}

TEST_CASE("a lease without times holds always, an empty one never", "[inventory]") {
    Inventory inventory;
    const auto web = add(inventory, "web");
    inventory.add_lease({.address = shared_ip, .endpoint = web});
    CHECK(inventory.owner_of(shared_ip, Timestamp::min()) == web);
    CHECK(inventory.owner_of(shared_ip, forever) == web);
    const auto other = *successor(shared_ip);
    inventory.add_lease({other, web, at(5), at(5)});
    CHECK_FALSE(inventory.owner_of(other, at(5)).has_value());
    CHECK_FALSE(inventory.owner_of(*successor(other), at(5)).has_value());
    CHECK(inventory.leases_of(*successor(other)).empty());
}

TEST_CASE("the addresses of an endpoint are listed sorted, each once", "[inventory]") {
    Inventory inventory;
    const auto web = add(inventory, "web");
    const auto v6 = IpAddress::v6(1, 2);
    inventory.add_lease({v6, web, at(0), at(9)});
    inventory.add_lease({shared_ip, web, at(0), at(9)});
    inventory.add_lease({shared_ip, web, at(20), at(29)});
    CHECK(inventory.addresses_of(web) == std::vector{shared_ip, v6});
    CHECK(inventory.addresses_of(add(inventory, "db")).empty());
}

TEST_CASE("services, nodes and entrances are kept in the order they came", "[inventory]") {
    Inventory inventory;
    Service service;
    service.addresses = {shared_ip};
    inventory.add_service(service);
    inventory.add_service(service);
    Node node;
    node.addresses = {IpAddress::v4(1), shared_ip};
    inventory.add_node(node);
    inventory.add_entrance({"Ingress", "shop", "front", {}, {}});
    CHECK(inventory.service_at(shared_ip) == 0);
    CHECK_FALSE(inventory.service_at(IpAddress::v4(1)).has_value());
    CHECK(inventory.node_at(IpAddress::v4(1)) == 0);
    CHECK(inventory.node_at(shared_ip) == 0);
    CHECK_FALSE(inventory.node_at(IpAddress::v4(2)).has_value());
    CHECK(inventory.services().size() == 2);
    CHECK(inventory.entrances().size() == 1);
}

TEST_CASE("a hundred thousand endpoints keep every answer right", "[inventory]") {
    Inventory inventory;
    constexpr std::uint32_t count = 100'000;
    for (std::uint32_t i = 0; i < count; ++i) {
        Endpoint endpoint;
        endpoint.workload = inventory.ensure_workload(
            {"ns" + std::to_string(i % 1000), "w" + std::to_string(i / 10), "Deployment"});
        const auto index = inventory.add_endpoint(std::move(endpoint));
        inventory.add_lease({.address = IpAddress::v4(0x0a000000U + i), .endpoint = index});
    }
    CHECK(inventory.namespaces().size() == 1000);
    std::uint32_t right = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        right += inventory.owner_of(IpAddress::v4(0x0a000000U + i), at(1)) == i ? 1 : 0;
    }
    CHECK(right == count);
}
