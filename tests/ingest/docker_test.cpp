// SPDX-License-Identifier: Apache-2.0
// What `docker inspect` and `docker network inspect` print.
#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/ingest/helpers.h"

using namespace nspect;
using namespace nspect::ingest;
using test::load_named;

namespace {

std::string container(const std::string& name, const std::string& labels,
                      const std::string& networks, const std::string& mode = "default",
                      const std::string& ports = "{}") {
    return R"({"Id":"id-of-)" + name + R"(","Name":"/)" + name + R"(","Config":{"Labels":)" +
           labels + R"(,"ExposedPorts":{"80/tcp":{}}},"HostConfig":{"NetworkMode":")" + mode +
           R"("},"NetworkSettings":{"Ports":)" + ports + R"(,"Networks":)" + networks + "}}";
}

const Endpoint& endpoint(const test::Loaded& loaded, const WorkloadId& id) {
    const auto index = loaded.bundle.inventory.find_workload(id);
    INFO(loaded.words());
    REQUIRE(index);
    return loaded.bundle.inventory.endpoints()[loaded.bundle.inventory.endpoints_of(*index).at(0)];
}

}  // namespace

TEST_CASE("inspected containers are endpoints with addresses, networks and ports", "[docker]") {
    const auto loaded = load_named(
        "a.json",
        "[" +
            container("shop-web-1",
                      R"({"com.docker.compose.project":"shop","com.docker.compose.service":"web"})",
                      R"({"shop_default":{"IPAddress":"172.18.0.2","GlobalIPv6Address":""}})",
                      "shop_default", R"({"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}]})") +
            "," + container("plain", "{}", R"({"bridge":{"IPAddress":"172.17.0.2"}})") + "]");
    const Endpoint& web = endpoint(loaded, {"shop", "web", "Container"});
    CHECK(web.name == "shop-web-1");
    CHECK(web.runtime == "docker");
    CHECK(web.networks == std::vector<std::string>{"shop_default"});
    CHECK(web.ports == std::vector<ContainerPort>{{"", Port{80}, Protocol::tcp}});
    const Endpoint& plain = endpoint(loaded, {"default", "plain", "Container"});
    CHECK(*plain.labels.find("nspect.io/name") == "plain");
    CHECK(loaded.bundle.inventory.owner_of(*IpAddress::parse("172.17.0.2"), Timestamp{}));
    CHECK(loaded.bundle.inventory.entrances().size() == 1);
    CHECK(loaded.codes() == std::vector<std::string>{"DK008"});
}

TEST_CASE("inspected networks say what they let through", "[docker]") {
    const auto loaded = load_named(
        "a.json", "[" + container("one", "{}", R"({"back":{"IPAddress":"172.20.0.2"}})", "back") +
                      R"(,{"Name":"back","Id":"x","Driver":"bridge","Internal":true,
                          "EnableIPv6":false,"IPAM":{"Config":[{"Subnet":"172.20.0.0/16",
                          "Gateway":"172.20.0.1"}]},
                          "Options":{"com.docker.network.bridge.enable_icc":"false"}}])");
    CHECK(loaded.diagnostics.empty());
    REQUIRE(loaded.bundle.policies.size() == 1);
    const Policy& policy = loaded.bundle.policies[0];
    CHECK(policy_title(policy) == "DockerNetwork back");
    CHECK(policy.stage.layer == Layer::attachment);
    REQUIRE(policy.egress.size() == 1);
    CHECK(policy.egress[0].name == "the host");
}

TEST_CASE("a container in another's network has what that has", "[docker]") {
    const auto loaded = load_named(
        "a.json", "[" + container("app", "{}", R"({"bridge":{"IPAddress":"172.17.0.2"}})") + "," +
                      container("side", "{}", "{}", "container:id-of-app") + "," +
                      container("host", "{}", R"({"host":{"IPAddress":""}})", "host") + "]");
    CHECK(endpoint(loaded, {"default", "app", "Container"}).networks ==
          endpoint(loaded, {"default", "side", "Container"}).networks);
    CHECK(endpoint(loaded, {"default", "host", "Container"}).host_network);
}

TEST_CASE("of a service whose containers were inspected, the Compose file adds none", "[docker]") {
    test::Loaded loaded;
    loaded.bundle = load_texts(
        {{"compose.yaml", "name: shop\nservices: {web: {image: a}, db: {image: a}}\n"},
         {"a.json",
          "[" +
              container(
                  "shop-web-1",
                  R"({"com.docker.compose.project":"shop","com.docker.compose.service":"web"})",
                  R"({"shop_default":{"IPAddress":"172.18.0.2"}})") +
              "]"}},
        loaded.diagnostics);
    CHECK(loaded.bundle.inventory.endpoints().size() == 2);
    CHECK_FALSE(endpoint(loaded, {"shop", "web", "Container"}).from_template);
    CHECK(endpoint(loaded, {"shop", "db", "Container"}).from_template);
    CHECK(loaded.diagnostics.empty());
}
