// SPDX-License-Identifier: Apache-2.0
// Every kind of interface this kernel can make, and what becomes of interfaces over time.
#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>

#include <catch2/catch.hpp>
#include <poll.h>

#include "capture/os/netlink.h"
#include "capture/targets/watcher.h"
#include "tests/capture/os/live.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

using Clock = std::chrono::steady_clock;
using Kind = TargetEvent::Kind;

TargetWatcher open_watcher(const Lab& lab) {
    WatcherOptions options;
    options.host_netns = lab.path("host");
    auto watcher = TargetWatcher::open(std::move(options));
    if (!watcher) FAIL(to_string(watcher.error()));
    return std::move(*watcher);
}

std::uint64_t inode(const Lab& lab, const std::string& netns) {
    return Netns::open(lab.path(netns))->inode();
}

const InterfaceInfo* find(const TargetWatcher& watcher, std::uint64_t netns,
                          const std::string& name) {
    for (const auto& target : watcher.targets()) {
        if (target.netns != netns) continue;
        for (const auto& each : target.interfaces) {
            if (each.name == name) return &each;
        }
    }
    return nullptr;
}

/// Reads what comes until something is so.
bool comes_to(TargetWatcher& watcher, const std::function<bool()>& is_so) {
    const auto end = Clock::now() + std::chrono::seconds(10);
    while (!is_so() && Clock::now() < end) {
        pollfd waiting{watcher.poll_fd(), POLLIN, 0};
        ::poll(&waiting, 1, 100);
        if (auto events = watcher.read(); !events) FAIL(to_string(events.error()));
    }
    return is_so();
}

/// The one live skip there is: a kernel without such devices, by name.
bool kernel_has(const std::string& kind) {
    const auto knows = kernel_knows_kind(kind);
    if (!knows) FAIL(to_string(knows.error()));
    if (!*knows) std::cout << "left out: this kernel has no " << kind << " devices\n";
    return *knows;
}

Attachment attachment(const TargetWatcher& watcher, std::uint64_t netns, std::uint32_t index) {
    for (const auto& each : watcher.attachments()) {
        if (each.netns == netns && each.index == index) return each;
    }
    return {};
}

}  // namespace

TEST_CASE("every kind of interface is recognised by kind, with what it is joined to", "[live]") {
    if (!live_tests_run()) return;
    struct Row {
        std::string kind;
        std::string how;  ///< `ip link add` in the host's namespace; "" below: nothing
        std::string lower;
    };
    const auto row = GENERATE(values<Row>({
        {"bridge", "link add x0 type bridge", ""},
        {"bond", "link add x0 type bond", ""},
        {"macvlan", "link add x0 link up0 type macvlan mode bridge", "up0"},
        {"ipvlan", "link add x0 link up0 type ipvlan mode l2", "up0"},
        {"vlan", "link add x0 link up0 type vlan id 5", "up0"},
        {"vxlan", "link add x0 type vxlan id 7 dev up0 dstport 4789", "up0"},
        {"geneve", "link add x0 type geneve id 7 remote 192.0.2.1", ""},
        {"ipip", "link add x0 type ipip remote 192.0.2.1 local 192.0.2.2 dev up0", "up0"},
        {"gre", "link add x0 type gre remote 192.0.2.1 local 192.0.2.2 dev up0", "up0"},
        {"wireguard", "link add x0 type wireguard", ""},
        {"dummy", "link add x0 type dummy", ""},
        {"vrf", "link add x0 type vrf table 10", ""},
    }));
    INFO(row.kind);
    if (!kernel_has(row.kind)) return;
    Lab lab;
    for (const auto* netns : {"host", "web"}) lab.add(netns);
    lab.ip("host", "link add up0 type veth peer name up1");
    lab.ip("host", row.how);
    const auto host = inode(lab, "host");
    auto watcher = open_watcher(lab);
    const auto* made = find(watcher, host, "x0");
    REQUIRE(made != nullptr);
    CHECK(made->kind == row.kind);
    CHECK(made->peer_index == 0);
    const auto lower = row.lower.empty() ? 0 : find(watcher, host, row.lower)->index;
    CHECK(attachment(watcher, host, made->index).lower_index == lower);
    if (row.kind == "bridge" || row.kind == "bond") {
        lab.ip("host", "link set up1 master x0");
        const auto port = find(watcher, host, "up1")->index;
        CHECK(comes_to(
            watcher, [&] { return attachment(watcher, host, port).master_index == made->index; }));
        return;
    }
    // As a plugin does it: made here, moved there; what it stands on stays.
    lab.ip("host", "link set x0 netns @web");
    const auto web = inode(lab, "web");
    REQUIRE(comes_to(watcher, [&] { return find(watcher, web, "x0") != nullptr; }));
    CHECK(find(watcher, host, "x0") == nullptr);
    CHECK(find(watcher, web, "x0")->kind == row.kind);
    if (lower == 0) return;
    CHECK(comes_to(watcher, [&] {
        const auto now = attachment(watcher, web, find(watcher, web, "x0")->index);
        return now.lower_index == lower && now.lower_netns == host;
    }));
}

TEST_CASE("a netkit is a pair like a veth", "[live]") {
    if (!live_tests_run() || !kernel_has("netkit")) return;
    Lab lab;
    for (const auto* netns : {"host", "web"}) lab.add(netns);
    lab.ip("host", "link add nk0 type netkit mode l2 peer name eth0 netns @web");
    const auto watcher = open_watcher(lab);
    const auto* end = find(watcher, inode(lab, "host"), "nk0");
    REQUIRE(end != nullptr);
    CHECK(end->kind == "netkit");
    CHECK(end->peer_netns == inode(lab, "web"));
    CHECK(end->peer_name == "eth0");
}

TEST_CASE("an interface that is renamed keeps its index and its peer", "[live]") {
    if (!live_tests_run()) return;
    Lab lab;
    for (const auto* netns : {"host", "web"}) lab.add(netns);
    lab.ip("host", "link add v-web type veth peer name tmp0 netns @web");
    auto watcher = open_watcher(lab);
    const auto host = inode(lab, "host");
    const auto web = inode(lab, "web");
    const auto index = find(watcher, web, "tmp0")->index;
    lab.ip("web", "link set tmp0 name eth0");
    REQUIRE(comes_to(watcher, [&] { return find(watcher, web, "eth0") != nullptr; }));
    CHECK(find(watcher, web, "tmp0") == nullptr);
    CHECK(find(watcher, web, "eth0")->index == index);
    CHECK(find(watcher, host, "v-web")->peer_name == "eth0");
}

TEST_CASE("a veth moved into a container, and on into another, leads where it is", "[live]") {
    if (!live_tests_run()) return;
    Lab lab;
    for (const auto* netns : {"host", "web", "db"}) lab.add(netns);
    // Docker and the CNI plugins make both ends on the host, then move one.
    lab.ip("host", "link add v0 type veth peer name c0");
    auto watcher = open_watcher(lab);
    const auto host = inode(lab, "host");
    REQUIRE(find(watcher, host, "v0")->peer_netns == host);
    for (const auto* name : {"web", "db"}) {
        const auto netns = inode(lab, name);
        const std::string from = std::string(name) == "web" ? "host" : "web";
        lab.ip(from, std::string("link set c0 netns @") + name);
        INFO(name);
        REQUIRE(comes_to(watcher, [&] { return find(watcher, netns, "c0") != nullptr; }));
        CHECK(find(watcher, inode(lab, from), "c0") == nullptr);
        CHECK(comes_to(watcher, [&] {
            const auto* end = find(watcher, host, "v0");
            return end->peer_netns == netns && end->peer_name == "c0";
        }));
        CHECK(find(watcher, netns, "c0")->peer_name == "v0");
    }
    lab.ip("db", "link set c0 netns @host");
    CHECK(comes_to(watcher, [&] { return find(watcher, host, "v0")->peer_netns == host; }));
}
