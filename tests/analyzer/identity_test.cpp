// SPDX-License-Identifier: Apache-2.0
#include "analyzer/identity.h"

#include <catch2/catch.hpp>

#include "tests/analyzer/recording_builder.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

namespace {

IpAddress ip(std::string_view text) {
    return IpAddress::parse(text).value();
}

std::string owner(const Inventory& inventory, std::string_view address, Duration when) {
    const auto endpoint = inventory.owner_of(ip(address), test::at(when));
    if (!endpoint) return "nobody";
    return to_string(inventory.workload_of(inventory.endpoints()[*endpoint]));
}

Inventory with_pod(const WorkloadId& workload, const std::string& pod, Labels labels,
                   const char* address = nullptr) {
    Inventory inventory;
    Endpoint endpoint;
    endpoint.name = pod;
    endpoint.from_template = pod.empty();
    endpoint.workload = inventory.ensure_workload(workload);
    endpoint.labels = std::move(labels);
    endpoint.where.file = "pods.yaml";
    const auto index = inventory.add_endpoint(std::move(endpoint));
    if (address != nullptr) inventory.add_lease({ip(address), index});
    return inventory;
}

}  // namespace

TEST_CASE("a container that no manifest names is a workload of its own") {
    RecordingBuilder r;
    r.container("web-1", "10.0.0.1",
                {{"com.docker.compose.project", "shop"}, {"com.docker.compose.service", "web"}});
    r.container("web-2", "10.0.0.2",
                {{"com.docker.compose.project", "shop"}, {"com.docker.compose.service", "web"}});
    r.container("lonely", "10.0.0.3");
    const auto inventory = with_recording({}, r.recording());
    CHECK(owner(inventory, "10.0.0.1", 1s) == "shop/web[Container]");
    CHECK(owner(inventory, "10.0.0.2", 1s) == "shop/web[Container]");
    CHECK(owner(inventory, "10.0.0.3", 1s) == "default/lonely[Container]");
    REQUIRE(inventory.endpoints().size() == 3);
    CHECK(to_string(inventory.endpoints()[2].labels) == "nspect.io/name=lonely");
}

TEST_CASE("a container is the pod that a manifest names, however it says so") {
    RecordingBuilder r;
    SECTION("by namespace and pod name") {
        r.pod("shop", "web", "10.0.0.1");
        const auto all = with_recording(with_pod({"shop", "web", "Pod"}, "web", {{"app", "web"}}),
                                        r.recording());
        REQUIRE(all.endpoints().size() == 1);
        CHECK(to_string(all.endpoints()[0].labels) == "app=web");
        CHECK(owner(all, "10.0.0.1", 1s) == "shop/web[Pod]");
    }
    SECTION("by the address in its status") {
        r.container("lab-ns-17", "10.0.0.1");
        const auto all = with_recording(
            with_pod({"shop", "web", "Pod"}, "web", {{"app", "web"}}, "10.0.0.1"), r.recording());
        REQUIRE(all.endpoints().size() == 1);
        CHECK(all.endpoints()[0].container == "id-of-lab-ns-17");
    }
    SECTION("by uid, all that a cgroup path tells") {
        r.container("sandbox", "10.0.0.1");
        r.recording().targets.back().pod_uid = "1234";
        auto declared = with_pod({"shop", "web", "Pod"}, "web", {{"app", "web"}});
        declared.endpoint(0).uid = "1234";
        const auto all = with_recording(std::move(declared), r.recording());
        CHECK(all.endpoints().size() == 1);
        CHECK(owner(all, "10.0.0.1", 1s) == "shop/web[Pod]");
    }
}

TEST_CASE("pods of a template take its labels and its workload") {
    RecordingBuilder r;
    r.pod("shop", "web-5d4f7b9c6d-x2b4z", "10.0.0.1");
    r.pod("shop", "web-5d4f7b9c6d-k8w7q", "10.0.0.2");
    const auto all = with_recording(with_pod({"shop", "web", "Deployment"}, "", {{"app", "web"}}),
                                    r.recording());
    REQUIRE(all.endpoints().size() == 2);
    CHECK_FALSE(all.endpoints()[0].from_template);
    CHECK(to_string(all.endpoints()[1].labels) == "app=web");
    CHECK(owner(all, "10.0.0.2", 1s) == "shop/web[Deployment]");
}

TEST_CASE("controllers are recognised by the names of their pods") {
    const auto [kind, pod, owns] = GENERATE(
        table<std::string, std::string, bool>({{"Deployment", "web-5d4f7b9c6d-x2b4z", true},
                                               {"Deployment", "web-x2b4z", false},
                                               {"Deployment", "web-api-5d4f7b9c6d-x2b4z", false},
                                               {"StatefulSet", "web-0", true},
                                               {"StatefulSet", "web-a", false},
                                               {"DaemonSet", "web-x2b4z", true},
                                               {"Job", "web-x2b4z", true},
                                               {"Job", "web-3-x2b4z", true},
                                               {"CronJob", "web-28391045-x2b4z", true},
                                               {"Pod", "web", true},
                                               {"Pod", "web-0", false}}));
    CAPTURE(kind, pod);
    CHECK(may_own_pod({"shop", "web", kind}, pod) == owns);
}

TEST_CASE("pods no manifest names are one workload a controller") {
    TargetInfo target;
    target.namespace_name = "shop";
    const auto [pod, name] = GENERATE(table<std::string, std::string>(
        {{"web-5d4f7b9c6d-x2b4z", "web"}, {"db-0", "db"}, {"plain", "plain"}, {"a-b", "a-b"}}));
    target.pod = pod;
    CHECK(to_string(container_workload(target)) == "shop/" + name + "[Pod]");
}

TEST_CASE("an address that moves to another container is each one's in its own time") {
    RecordingBuilder r;
    r.container("first", "10.0.0.9", {}, test::at(10s), test::at(20s));
    r.container("second", "10.0.0.9", {}, test::at(20500ms), forever);
    const auto all = with_recording({}, r.recording());
    CHECK(owner(all, "10.0.0.9", 5s) == "nobody");
    CHECK(owner(all, "10.0.0.9", 9s) == "default/first[Container]");  // heard of a moment late
    CHECK(owner(all, "10.0.0.9", 19999ms) == "default/first[Container]");
    CHECK(owner(all, "10.0.0.9", 20s) == "default/second[Container]");
    CHECK(owner(all, "10.0.0.9", 100s) == "default/second[Container]");
}

TEST_CASE("the declared owner of a reused address is the last container that had it") {
    RecordingBuilder r;
    r.container("old", "10.0.0.9", {}, test::at(10s), test::at(20s));
    r.container("new", "10.0.0.9", {}, test::at(30s), forever);
    const auto all = with_recording(
        with_pod({"shop", "web", "Pod"}, "web", {{"app", "web"}}, "10.0.0.9"), r.recording());
    CHECK(owner(all, "10.0.0.9", 15s) == "default/old[Container]");
    CHECK(owner(all, "10.0.0.9", 35s) == "shop/web[Pod]");
}

TEST_CASE("the host is a node and keeps the labels a manifest gives it") {
    RecordingBuilder r;
    r.host("192.0.2.1");
    Inventory declared;
    declared.add_node({"node-1", {{"zone", "a"}}, {ip("192.0.2.7")}, {}});
    const auto all = with_recording(std::move(declared), r.recording());
    const auto node = all.node_at(ip("192.0.2.1"));
    REQUIRE(node);
    CHECK(all.nodes()[*node].name == "node-1");
    CHECK(to_string(all.nodes()[*node].labels) == "zone=a");
}

TEST_CASE("each target leads to its endpoint, also where two had the same address") {
    RecordingBuilder r;
    r.container("a", "10.0.0.9").container("b", "10.0.0.9");
    const auto all = with_recording({}, r.recording());
    const auto endpoints = endpoints_of_targets(all, r.recording());
    REQUIRE(endpoints.size() == 2);
    CHECK(all.endpoints()[endpoints.at(1)].name == "a");
    CHECK(all.endpoints()[endpoints.at(2)].name == "b");
}
