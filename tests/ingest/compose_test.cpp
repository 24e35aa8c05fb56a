// SPDX-License-Identifier: Apache-2.0
// Compose files; who reaches whom then is asked in tests/analyzer/docker_test.cpp.
#include <algorithm>

#include <catch2/catch.hpp>

#include "ingest/docker/interpolation.h"
#include "ingest/docker/ports.h"
#include "tests/ingest/helpers.h"

using namespace nspect;
using namespace nspect::ingest;
using test::load_yaml;

namespace {

test::Loaded compose(const std::string& services, const std::string& networks = "{}") {
    return load_yaml("name: shop\nservices: " + services + "\nnetworks: " + networks + "\n");
}

const Endpoint& endpoint(const test::Loaded& loaded, const std::string& service) {
    const auto index = loaded.bundle.inventory.find_workload({"shop", service, "Container"});
    INFO(loaded.words());
    REQUIRE(index);
    return loaded.bundle.inventory.endpoints()[loaded.bundle.inventory.endpoints_of(*index).at(0)];
}

bool has_code(const test::Loaded& loaded, const std::string& code) {
    const auto codes = loaded.codes();
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a service without networks is on the default one of its project", "[compose]") {
    const auto loaded = compose("{web: {image: a}}");
    CHECK(endpoint(loaded, "web").networks == Names{"shop_default"});
    CHECK(endpoint(loaded, "web").from_template);
    CHECK(*endpoint(loaded, "web").labels.find("com.docker.compose.service") == "web");
    CHECK(loaded.bundle.policies.size() == 1);
    CHECK(loaded.diagnostics.empty());
}

TEST_CASE("networks are named as on the machine", "[compose]") {
    const auto loaded = compose(
        "{web: {image: a, networks: {front: {ipv4_address: 10.9.0.5}, given: null}}, "
        "db: {image: a, networks: [back, old]}}",
        "{front: {}, given: {name: lan}, back: {internal: true}, "
        "old: {external: {name: elder}}}");
    CHECK(endpoint(loaded, "web").networks == Names{"shop_front", "lan"});
    CHECK(endpoint(loaded, "db").networks == Names{"shop_back", "elder"});
    CHECK(loaded.bundle.inventory.owner_of(*IpAddress::parse("10.9.0.5"), Timestamp{}));
    CHECK(has_code(loaded, "DK008"));
}

TEST_CASE("network modes are the network itself", "[compose]") {
    const auto loaded = compose(
        "{h: {image: a, network_mode: host}, n: {image: a, network_mode: none}, "
        "s: {image: a, network_mode: 'service:n'}, "
        "x: {image: a, network_mode: 'container:gone'}}");
    CHECK(endpoint(loaded, "h").host_network);
    CHECK(endpoint(loaded, "n").networks == endpoint(loaded, "s").networks);
    CHECK(endpoint(loaded, "n").networks.size() == 2);
    CHECK(endpoint(loaded, "x").networks == Names{"networks not known"});
}

TEST_CASE("ports in the short form", "[compose]") {
    struct Case {
        std::string text;
        std::string target;
        std::uint16_t host;
        bool to_host_only;
    };
    const auto [text, target, host, only] = GENERATE(
        Case{"80", "80", 0, false}, Case{"8080:80", "80", 8080, false},
        Case{"127.0.0.1:8080:80", "80", 8080, true}, Case{"127.0.0.1::80", "80", 0, true},
        Case{"[::1]:8080:80", "80", 8080, true}, Case{"0.0.0.0:8080:80/tcp", "80", 8080, false},
        Case{"9000-9002:8000-8002", "8000-8002", 9000, false});
    const auto port = read_port_mapping(text);
    INFO(text);
    REQUIRE(port);
    CHECK(to_string(PortSet{port->target}) == target);
    CHECK(port->host.value_or(Port{0}).number == host);
    CHECK(port->to_host_only == only);
    for (const auto* bad : {"", "http", "80:http", "0", "70000", "80/icmp", "9-1", "1:2:3:4x"}) {
        INFO(bad);
        CHECK_FALSE(read_port_mapping(bad));
    }
}

TEST_CASE("published ports are declared, and a way in unless only the host may use them",
          "[compose]") {
    const auto loaded = compose(
        "{web: {image: a, ports: ['8080:80', {target: 443, published: '8443'}]}, "
        "db: {image: a, expose: [5432], ports: ['127.0.0.1:5432:5432']}}");
    CHECK(endpoint(loaded, "web").ports.size() == 2);
    CHECK(endpoint(loaded, "db").ports.size() == 1);
    REQUIRE(loaded.bundle.inventory.entrances().size() == 1);
    CHECK(loaded.bundle.inventory.entrances()[0].name == "web");
}

TEST_CASE("ports of a service that is only on internal networks lead nowhere", "[compose]") {
    const auto loaded =
        compose("{db: {image: a, ports: ['1:1'], networks: [back]}}", "{back: {internal: true}}");
    CHECK(has_code(loaded, "DK009"));
    CHECK(loaded.bundle.inventory.entrances().empty());
}

TEST_CASE("a service takes over what it extends", "[compose]") {
    const auto loaded = compose(
        "{base: {image: a, networks: [back], labels: {tier: data}}, "
        "db: {extends: {service: base}, labels: [app=db]}}",
        "{back: {}}");
    CHECK(endpoint(loaded, "db").networks == Names{"shop_back"});
    CHECK(*endpoint(loaded, "db").labels.find("tier") == "data");
    CHECK(*endpoint(loaded, "db").labels.find("app") == "db");
    CHECK(has_code(compose("{a: {extends: {service: b}}, b: {extends: {service: a}}}"), "DK007"));
}

TEST_CASE("an override file adds to the services of the first", "[compose]") {
    test::Loaded loaded;
    loaded.bundle =
        load_texts({{"compose.override.yaml",
                     "name: shop\nservices: {web: {image: a, networks: [more], labels: {x: y}}}\n"
                     "networks: {more: {}}\n"},
                    {"compose.yaml", "name: shop\nservices: {web: {image: a}}\n"}},
                   loaded.diagnostics);
    CHECK(endpoint(loaded, "web").networks == Names{"shop_more"});
    CHECK(*endpoint(loaded, "web").labels.find("x") == "y");
}

TEST_CASE("variables are replaced by their defaults", "[compose]") {
    struct Case {
        std::string text;
        std::string expected;
        std::size_t unknown;
    };
    const auto [text, expected, unknown] =
        GENERATE(Case{"a", "a", 0}, Case{"${A:-b}", "b", 0}, Case{"x${A-b}y", "xby", 0},
                 Case{"$$A", "$A", 0}, Case{"$A", "", 1}, Case{"${A}", "", 1},
                 Case{"${A:-${B:-c}}", "c", 0}, Case{"${A:?gone}", "", 1}, Case{"${A", "", 0});
    const auto read = interpolate(text);
    INFO(text);
    CHECK(read.text == expected);
    CHECK(read.unknown.size() == unknown);
}

TEST_CASE("mistakes in a Compose file are reported, and nothing of it is used", "[compose]") {
    CHECK(has_code(compose("{web: {image: a, network: [b]}}"), "DK001"));
    CHECK(has_code(compose("{web: {image: a, networks: [b]}}"), "DK002"));
    CHECK(compose("{web: {image: a, networks: [b]}}").bundle.inventory.endpoints().empty());
    CHECK(has_code(compose("{web: {image: a, ports: ['80:http']}}"), "DK003"));
    CHECK(has_code(compose("{web: {image: a, network_mode: \"${MODE}\"}}"), "DK004"));
    CHECK(has_code(compose("{web: {extends: {file: b.yaml, service: a}, image: a}}"), "DK005"));
    CHECK(has_code(compose("{web: {image: a, profiles: [debug]}}"), "DK006"));
    CHECK(has_code(compose("{web: {image: a, network_mode: host, networks: [b]}}", "{b: {}}"),
                   "DK007"));
    Diagnostics diagnostics;
    const std::string twice = "name: shop\nservices: {web: {image: a}}\n";
    load_texts({{"a.yaml", twice}, {"b.yaml", twice}}, diagnostics);
    CHECK(diagnostics.items().at(0).code == "DK010");
}

TEST_CASE("other files with services are no Compose files", "[compose]") {
    const auto text =
        GENERATE(as<std::string>{}, "services: [a, b]\n", "services: {web: {port: 80}}\n",
                 "services: {}\n", "services: {web: {image: {tag: a}}}\n");
    CHECK(load_yaml(text).bundle.documents == 0);
}
