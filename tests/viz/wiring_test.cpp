// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/viz/golden.h"
#include "tests/viz/hostile.h"
#include "viz/escape.h"
#include "viz/formats.h"
#include "viz/json.h"
#include "viz/layout.h"
#include "viz/text.h"
#include "viz/view_wiring.h"
#include "viz/views.h"

using namespace nspect;
using test::check_golden;

namespace {

constexpr std::uint64_t host_netns = 4026531840;

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size())
        ++found;
    return found;
}

InterfaceInfo interface(std::uint32_t index, std::string name, std::string kind) {
    InterfaceInfo made;
    made.index = index;
    made.name = std::move(name);
    made.kind = std::move(kind);
    made.up = true;
    return made;
}

TargetInfo target(std::uint64_t netns, std::string runtime, std::string name) {
    TargetInfo made;
    made.netns = netns;
    made.runtime = std::move(runtime);
    made.name = std::move(name);
    made.interfaces = {interface(1, "lo", "loopback")};
    return made;
}

/// A pair between the host and one namespace; the host's end comes last there.
void plug(TargetInfo& host, const std::string& end, TargetInfo& into, const std::string& kind) {
    auto outer = interface(static_cast<std::uint32_t>(host.interfaces.size() + 1), end, kind);
    auto inner = interface(2, "eth0", kind);
    outer.peer_index = inner.index;
    outer.peer_netns = into.netns;
    outer.peer_name = inner.name;
    inner.peer_index = outer.index;
    inner.peer_netns = host.netns;
    inner.peer_name = outer.name;
    host.interfaces.push_back(outer);
    into.interfaces.push_back(inner);
}

SharingContainer sharer(const std::string& runtime, const std::string& name) {
    SharingContainer made;
    made.runtime = runtime;
    made.container = name;
    made.name = name;
    return made;
}

struct Machine {
    std::vector<TargetInfo> targets;
    std::vector<Attachment> attachments;
};

/// A bridge with two containers, an overlay, a macvlan, a netkit, a pod of three containers, a
/// namespace without any network, and one whose peer nobody may see.
Machine machine() {
    Machine made;
    auto host = target(host_netns, "", "host");
    host.is_host = true;
    host.interfaces.push_back(interface(2, "eth0", "physical"));
    host.interfaces.back().addresses = {IpAddress::v4(0xC0000201)};
    host.interfaces.push_back(interface(3, "br0", "bridge"));
    host.interfaces.push_back(interface(4, "vxlan0", "vxlan"));
    auto web = target(4026532001, "docker", "web");
    web.namespace_name = "shop";
    auto db = target(4026532002, "docker", "db");
    auto pod = target(4026532003, "containerd", "api");
    pod.pod = "api-7d";
    pod.namespace_name = "shop";
    auto lan = target(4026532004, "lxc", "printer");
    const auto idle = target(4026532005, "netns", "idle");
    auto odd = target(4026532006, "netns", "odd");
    plug(host, "veth-web", web, "veth");
    plug(host, "veth-db", db, "veth");
    plug(host, "nk-api", pod, "netkit");
    web.interfaces[1].addresses = {IpAddress::v4(0x0A090002), *IpAddress::parse("fd09::2"),
                                   *IpAddress::parse("fe80::2")};
    host.interfaces.back().up = false;
    lan.interfaces.push_back(interface(2, "eth0", "macvlan"));
    odd.interfaces.push_back(interface(9, "eth0", "veth"));
    odd.interfaces.back().peer_index = 77;
    auto pause = sharer("containerd", "pause");
    pause.sandbox = true;
    auto app = sharer("containerd", "app");
    app.listens = {{Protocol::tcp, IpAddress::v4(0), Port{8080}}};
    pod.sharing = {pause, app, sharer("containerd", "envoy")};
    host.sharing = {sharer("docker", "node-exporter")};
    made.targets = {host, web, db, pod, lan, idle, odd};
    made.attachments = {{host_netns, 4, 3, 2, host_netns},  // vxlan0: on br0, over eth0
                        {host_netns, 5, 3, 0, 0},
                        {host_netns, 6, 3, 0, 0},
                        {lan.netns, 2, 0, 2, host_netns},
                        {odd.netns, 9, 99, 0, 0}};  // nobody knows 99
    return made;
}

Machine crowd(std::size_t namespaces) {
    Machine made;
    auto host = target(host_netns, "", "host");
    host.is_host = true;
    host.interfaces.push_back(interface(2, "br0", "bridge"));
    for (std::size_t i = 0; i < namespaces; ++i) {
        auto each = target(4026532000 + i, "docker", "c" + std::to_string(i));
        plug(host, "veth" + std::to_string(i), each, "veth");
        made.attachments.push_back({host_netns, host.interfaces.back().index, 2, 0, 0});
        made.targets.push_back(std::move(each));
    }
    made.targets.insert(made.targets.begin(), std::move(host));
    return made;
}

viz::View view_of(const Machine& from) {
    return viz::targets_view(from.targets, from.attachments);
}

}  // namespace

TEST_CASE("what is plugged into what on a machine, in each format", "[viz][golden]") {
    const auto view = view_of(machine());
    check_golden("wiring.dot", viz::to_dot(view));
    check_golden("wiring.txt", viz::to_text(view, {120, false, true}));
    check_golden("wiring.json", viz::to_json(machine().targets, machine().attachments));
}

TEST_CASE("every pair is one line, whichever end comes first", "[viz][wiring]") {
    auto turned = machine();
    std::swap(turned.targets.front(), turned.targets.back());
    for (const auto& each : {machine(), turned}) {
        const auto view = view_of(each);
        CHECK(std::count_if(view.wires.begin(), view.wires.end(), [](const viz::Wire& wire) {
                  return wire.kind == viz::Wire::Kind::pair;
              }) == 3);
        for (const auto& wire : view.wires) {
            REQUIRE(wire.from < view.graph.nodes.size());
            REQUIRE(wire.to < view.graph.nodes.size());
        }
    }
}

TEST_CASE("the picture of a machine has every interface, container and wire", "[viz][wiring]") {
    const auto view = view_of(machine());
    const auto svg = viz::render(view, "svg");
    REQUIRE(svg);
    CHECK(count(*svg, "class=\"node\"") == view.graph.nodes.size());
    CHECK(count(*svg, "class=\"edge\"") == view.wires.size());
    CHECK(count(*svg, "class=\"cluster\"") == machine().targets.size());
    for (const auto* part :
         {"veth&#45;web", "netkit, down", "node&#45;exporter", "TCP 0.0.0.0:8080", "idle",
          "port of a bridge or bond", "on top of another device"}) {
        CAPTURE(part);
        CHECK(svg->find(part) != std::string::npos);
    }
    CHECK(viz::render(view, "png")->starts_with("\x89PNG"));
}

TEST_CASE("two namespaces of one name are two boxes", "[viz][wiring]") {
    Machine twins;
    twins.targets = {target(7, "netns", "same"), target(8, "netns", "same")};
    CHECK(count(*viz::render(view_of(twins), "svg"), "class=\"cluster\"") == 2);
}

TEST_CASE("no targets are an empty picture", "[viz][wiring]") {
    const auto view = view_of({});
    CHECK(viz::to_dot(view).starts_with("digraph"));
    CHECK(viz::render(view, "svg"));
    CHECK(view.summary == std::vector<std::string>{"no network namespaces."});
}

TEST_CASE("a thousand namespaces are drawn whole", "[viz][wiring]") {
    const auto view = view_of(crowd(1000));
    REQUIRE(view.graph.nodes.size() == 2001);
    REQUIRE(view.wires.size() == 2000);
    const auto svg = viz::render(view, "svg");
    if (!svg) FAIL(to_string(svg.error()));
    CHECK(count(*svg, "class=\"node\"") == 2001);
    CHECK(count(*svg, "class=\"edge\"") == 2000);
    CHECK(count(*svg, "class=\"cluster\"") == 1001);
    CHECK(svg->size() < std::size_t{8} << 20U);
}

TEST_CASE("hostile names of interfaces and containers stay names in a picture", "[viz][hostile]") {
    for (const auto& text : test::hostile_texts()) {
        CAPTURE(text.substr(0, 60));
        Machine hostile;
        auto each = target(7, text, text);
        each.interfaces.push_back(interface(2, text, text));
        each.sharing = {sharer(text, text)};
        hostile.targets = {each};
        hostile.attachments = {{7, 2, 1, 0, 0}};
        const auto view = view_of(hostile);
        const auto dot = viz::to_dot(view);
        CHECK(viz::valid_utf8(dot) == dot);
        CHECK(count(dot, "\n    n") == 2);
        CHECK(count(dot, "\n  subgraph ") == 1);
        const auto svg = viz::render(view, "svg");
        REQUIRE(svg);
        CHECK(count(*svg, "class=\"node\"") == 2);
        CHECK(svg->find("<script") == std::string::npos);
        CHECK(svg->find("<img") == std::string::npos);
    }
}
