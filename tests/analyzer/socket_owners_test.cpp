// SPDX-License-Identifier: Apache-2.0
#include "analyzer/socket_owners.h"

#include <catch2/catch.hpp>

#include "analyzer/identity.h"
#include "analyzer/stitch.h"
#include "tests/analyzer/recording_builder.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

namespace {

constexpr std::uint32_t web = 1;
constexpr std::uint32_t node = 2;
constexpr std::uint32_t first_guest = 100;

/// A container of its own, and a host whose network some others have.
RecordingBuilder shop() {
    RecordingBuilder r;
    r.container("web", "10.0.0.1");
    r.host("10.0.0.254");
    r.recording().targets.back().netns = 1;  // where its interfaces are
    return r;
}

struct Guests {
    RecordingBuilder& r;
    std::uint32_t last = first_guest;

    std::uint32_t add(const std::string& name, std::uint32_t network, const std::string& pod = {}) {
        TargetInfo target;
        target.id = last++;
        for (const auto& each : r.recording().targets) {
            if (each.id == network) target.netns = each.netns;
        }
        target.runtime = "docker";
        target.name = name;
        target.container = "id-of-" + name;
        target.pod = pod;
        r.recording().targets.push_back(target);
        return target.id;
    }
    void owns(std::uint32_t target, std::uint32_t network, const char* local, Duration from = 0s,
              Timestamp to = forever, Protocol protocol = Protocol::tcp) const {
        r.recording().socket_owners.push_back(
            {target, network, protocol, socket_of(local), at(from), to});
    }
};

struct Told {
    Inventory inventory;
    std::vector<Conversation> all;

    explicit Told(RecordingBuilder& r)
        : inventory(with_recording({}, r.recording())), all(stitch(r.recording(), inventory)) {}

    std::string who(const Party& party) const {
        if (party.endpoint) return inventory.endpoints()[*party.endpoint].name;
        return party.node ? "node" : "outside";
    }
    std::string words(std::size_t i) const {
        return who(all.at(i).client) + " -> " + who(all.at(i).server);
    }
};

}  // namespace

TEST_CASE("a conversation with the host's network is that of the container with the socket",
          "[owners]") {
    auto r = shop();
    Guests guests{r};
    const auto api = guests.add("api", node);
    const auto job = guests.add("job", node);
    guests.owns(api, node, "0.0.0.0:80");
    guests.owns(job, node, "10.0.0.254:50000");
    r.tcp("10.0.0.1:4000", "10.0.0.254:80").isn(1, 2).veth("web");
    r.tcp("10.0.0.254:50000", "10.0.0.1:90").isn(3, 4).at(2s).veth("web");
    r.tcp("10.0.0.254:50001", "10.0.0.1:90").isn(5, 6).at(3s).veth("web");
    r.tcp("10.0.0.1:4001", "10.0.0.254:22").isn(7, 8).at(4s).veth("web");
    const Told told(r);
    REQUIRE(told.all.size() == 4);
    CHECK(told.words(0) == "web -> api");
    CHECK(told.words(1) == "job -> web");
    CHECK(told.words(2) == "node -> web");
    CHECK(told.words(3) == "web -> node");
    CHECK(told.all[0].server.owner == api);
    CHECK_FALSE(told.all[0].server.node);
    const auto& endpoint = told.inventory.endpoints()[*told.all[0].server.endpoint];
    CHECK(endpoint.host_network);
    CHECK(endpoint.node == "node-1");
    CHECK(endpoint.container == "id-of-api");
    CHECK(to_string(told.inventory.workload_of(endpoint)) == "default/api[Container]");
}

TEST_CASE("a socket that moves to another container is each one's in its time", "[owners]") {
    auto r = shop();
    Guests guests{r};
    const auto before = guests.add("before", node);
    const auto after = guests.add("after", node);
    guests.owns(before, node, "0.0.0.0:80", 0s, at(10s));
    guests.owns(after, node, "0.0.0.0:80", 20s);
    r.tcp("10.0.0.1:4000", "10.0.0.254:80").isn(1, 2).at(5s).veth("web");
    r.tcp("10.0.0.1:4004", "10.0.0.254:80").isn(9, 10).at(11s).veth("web");  // a look came before
    r.tcp("10.0.0.1:4001", "10.0.0.254:80").isn(3, 4).at(15s).veth("web");
    r.tcp("10.0.0.1:4002", "10.0.0.254:80").isn(5, 6).at(19s).veth("web");  // a look comes later
    r.tcp("10.0.0.1:4003", "10.0.0.254:80").isn(7, 8).at(25s).veth("web");
    const Told told(r);
    REQUIRE(told.all.size() == 5);
    CHECK(told.words(0) == "web -> before");
    CHECK(told.words(1) == "web -> before");
    CHECK(told.words(2) == "web -> node");
    CHECK(told.words(3) == "web -> after");
    CHECK(told.words(4) == "web -> after");
}

TEST_CASE("a socket of the very address counts more than one of any", "[owners]") {
    auto r = shop();
    Guests guests{r};
    const auto any = guests.add("any", node);
    const auto exact = guests.add("exact", node);
    guests.owns(exact, node, "10.0.0.254:80");
    guests.owns(any, node, "[::]:80", 1s);
    guests.owns(any, node, "0.0.0.0:53", 1s, forever, Protocol::udp);
    const SocketOwners owners(r.recording());
    const auto find = [&](Protocol protocol, const char* socket) {
        return owners.find(protocol, socket_of(socket), at(5s), 0);
    };
    CHECK(find(Protocol::tcp, "10.0.0.254:80") == exact);
    CHECK(find(Protocol::udp, "10.0.0.254:53") == any);
    CHECK_FALSE(find(Protocol::udp, "10.0.0.254:80"));
    CHECK_FALSE(find(Protocol::tcp, "10.0.0.1:80"));  // of another namespace
    CHECK_FALSE(find(Protocol::tcp, "192.0.2.1:80"));
}

TEST_CASE("containers in one namespace are told apart, on its own loopback too", "[owners]") {
    auto r = shop();
    Guests guests{r};
    const auto side = guests.add("side", web);
    guests.owns(web, web, "0.0.0.0:80");
    guests.owns(side, web, "127.0.0.1:90");
    guests.owns(side, web, "10.0.0.1:50000");
    r.container("db", "10.0.0.2");
    r.tcp("127.0.0.1:4000", "127.0.0.1:90").isn(1, 2).inside("web");
    r.tcp("10.0.0.2:4000", "10.0.0.1:80").isn(3, 4).at(2s).veth("web");
    r.tcp("10.0.0.1:50000", "10.0.0.2:5432").isn(5, 6).at(3s).veth("web").veth("db");
    const Told told(r);
    REQUIRE(told.all.size() == 3);
    CHECK(told.words(0) == "web -> side");
    CHECK(told.words(1) == "db -> web");
    CHECK(told.words(2) == "side -> db");
    CHECK_FALSE(told.inventory.endpoints()[*told.all[0].server.endpoint].host_network);
}

TEST_CASE("two containers on the host's loopback are told apart", "[owners]") {
    auto r = shop();
    Guests guests{r};
    guests.owns(guests.add("api", node), node, "127.0.0.1:80");
    guests.owns(guests.add("job", node), node, "127.0.0.1:50000");
    r.tcp("127.0.0.1:50000", "127.0.0.1:80").isn(1, 2).bridge();
    const Told told(r);
    REQUIRE(told.all.size() == 1);
    CHECK(told.words(0) == "job -> api");
}

TEST_CASE("several containers of a pod stay one endpoint, and which it was is known", "[owners]") {
    auto r = shop();
    r.pod("shop", "cart-0", "10.0.0.9");
    const auto network = r.recording().targets.back().id;
    Guests guests{r};
    const auto proxy = guests.add("proxy", network, "cart-0");
    r.recording().targets.back().namespace_name = "shop";
    guests.owns(proxy, network, "0.0.0.0:15006");
    r.tcp("10.0.0.1:4000", "10.0.0.9:15006").isn(1, 2).veth("web");
    const Told told(r);
    REQUIRE(told.all.size() == 1);
    CHECK(told.words(0) == "web -> cart-0");
    CHECK(told.all[0].server.owner == proxy);
    CHECK(told.inventory.endpoints()[*told.all[0].server.endpoint].container == "id-of-cart-0");
}
