// SPDX-License-Identifier: Apache-2.0
#include "capture/socket_book.h"

#include <algorithm>
#include <map>

#include <catch2/catch.hpp>

#include "capture/decode/decode.h"
#include "tests/capture/packet_builder.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

constexpr std::uint64_t host_netns = 1;
constexpr std::uint64_t pod_netns = 2;

Timestamp at(int seconds) {
    return Timestamp(std::chrono::seconds(seconds));
}

SharingContainer container(const std::string& name, bool sandbox = false) {
    SharingContainer made;
    made.runtime = "docker";
    made.container = "id-of-" + name;
    made.name = name;
    made.sandbox = sandbox;
    return made;
}

TargetInfo network(std::uint64_t netns, const char* address,
                   std::vector<SharingContainer> sharing) {
    TargetInfo made;
    made.id = static_cast<std::uint32_t>(netns);
    made.netns = netns;
    made.is_host = netns == host_netns;
    made.interfaces.emplace_back();
    made.interfaces.back().addresses = {*IpAddress::parse(address), *IpAddress::parse("127.0.0.1")};
    if (!made.is_host && !sharing.empty()) {
        made.runtime = sharing.front().runtime;
        made.container = sharing.front().container;
    }
    made.sharing = std::move(sharing);
    return made;
}

OwnSocket listener(std::uint16_t port, const char* address = "0.0.0.0") {
    return {Protocol::tcp, {*IpAddress::parse(address), Port{port}}, true};
}

OwnSocket connection(std::uint16_t port, const char* address) {
    return {Protocol::tcp, {*IpAddress::parse(address), Port{port}}, false};
}

Batch changes(SocketBook& book) {
    Batch batch;
    book.take_changes(batch);
    return batch;
}

/// Whether a look is wanted after a SYN from one to the other, seen in a namespace.
bool asks(SocketBook& book, const char* from, std::uint16_t from_port, const char* to,
          std::uint16_t to_port, std::uint64_t netns = host_netns, Timestamp time = at(2)) {
    book.take_wanted();
    const auto built = packet().sll2(3).ip4(from, to).tcp(from_port, to_port).syn();
    const auto bytes = built.bytes();
    book.flow_began(decode(bytes, built.wire_length(), built.link()), netns, time);
    return book.wants_look();
}

}  // namespace

TEST_CASE("a namespace is shared by containers that are not a pod's pause container", "[sockets]") {
    CHECK_FALSE(SocketBook::is_shared(network(host_netns, "10.0.0.1", {})));
    CHECK(SocketBook::is_shared(network(host_netns, "10.0.0.1", {container("a")})));
    CHECK_FALSE(SocketBook::is_shared(
        network(pod_netns, "10.0.0.2", {container("a"), container("pause", true)})));
    CHECK(SocketBook::is_shared(network(pod_netns, "10.0.0.2", {container("a"), container("b")})));
}

TEST_CASE("sockets get their owners over time", "[sockets]") {
    SocketBook book;
    book.learn(network(host_netns, "10.0.0.1", {container("a"), container("b")}), at(1));
    CHECK(book.take_wanted() == std::vector{host_netns});
    book.looked(host_netns, {{container("a"), {listener(80)}}, {container("b"), {listener(90)}}},
                at(2));
    auto batch = changes(book);
    REQUIRE(batch.targets.size() == 2);
    const auto a = batch.targets[0].id;
    const auto b = batch.targets[1].id;
    CHECK(batch.targets[0].name == "a");
    CHECK(batch.targets[1].netns == host_netns);
    REQUIRE(batch.socket_owners.size() == 2);
    CHECK(batch.socket_owners[0] ==
          SocketOwner{a, 1, Protocol::tcp, listener(80).local, at(1), forever});
    CHECK(batch.socket_owners[1].target == b);

    // The same at the next look is no news; what is new may be as old as the last look.
    book.looked(host_netns,
                {{container("a"), {listener(80)}},
                 {container("b"), {listener(90), connection(5000, "10.0.0.1")}}},
                at(5));
    batch = changes(book);
    CHECK(batch.targets.empty());
    REQUIRE(batch.socket_owners.size() == 1);
    CHECK(batch.socket_owners[0] ==
          SocketOwner{b, 1, Protocol::tcp, connection(5000, "10.0.0.1").local, at(2), forever});
    book.looked(host_netns, {{container("a"), {listener(80)}}, {container("b"), {listener(90)}}},
                at(6));
    batch = changes(book);
    REQUIRE(batch.socket_owners.size() == 1);
    CHECK(batch.socket_owners[0].to == at(5));  // when it was seen last
}

TEST_CASE("a container that leaves takes its sockets along", "[sockets]") {
    SocketBook book;
    book.learn(network(host_netns, "10.0.0.1", {container("a"), container("b")}), at(1));
    book.looked(host_netns, {{container("a"), {listener(80)}}, {container("b"), {listener(90)}}},
                at(2));
    changes(book);
    book.take_wanted();
    book.learn(network(host_netns, "10.0.0.1", {container("b")}), at(9));
    CHECK(book.wants_look());
    auto batch = changes(book);
    REQUIRE(batch.targets.size() == 1);
    CHECK(batch.targets[0].to == at(9));
    REQUIRE(batch.socket_owners.size() == 1);
    CHECK(batch.socket_owners[0].to == at(2));
    // Another one on its port, though it was looked for last before that one came.
    book.learn(network(host_netns, "10.0.0.1", {container("b"), container("c")}), at(10));
    book.looked(host_netns, {{container("c"), {listener(80)}}}, at(11));
    batch = changes(book);
    const auto owner = std::find_if(batch.socket_owners.begin(), batch.socket_owners.end(),
                                    [](const auto& each) { return each.to == forever; });
    REQUIRE(owner != batch.socket_owners.end());
    CHECK(owner->from == at(10));
    book.forget(host_netns, at(20));
    CHECK(book.empty());
    CHECK(changes(book).socket_owners.size() == 1);
}

TEST_CASE("the container that a namespace began with is its own target", "[sockets]") {
    SocketBook book;
    book.learn(network(pod_netns, "10.0.0.2", {container("a"), container("b")}), at(1));
    book.looked(pod_netns, {{container("a"), {listener(80)}}, {container("b"), {listener(90)}}},
                at(2));
    const auto batch = changes(book);
    REQUIRE(batch.targets.size() == 1);
    CHECK(batch.targets[0].name == "b");
    REQUIRE(batch.socket_owners.size() == 2);
    CHECK(batch.socket_owners[0].target == pod_netns);
    CHECK(batch.socket_owners[0].network == pod_netns);
}

TEST_CASE("a look is asked for where nobody is known to wait for the flow", "[sockets]") {
    SocketBook book;
    book.learn(network(host_netns, "10.0.0.1", {container("a")}), at(1));
    book.looked(host_netns, {{container("a"), {listener(80)}}}, at(2));
    CHECK_FALSE(asks(book, "10.0.0.9", 4000, "10.0.0.1", 80));
    CHECK(asks(book, "10.0.0.9", 4000, "10.0.0.1", 81));
    CHECK(asks(book, "10.0.0.1", 4000, "10.0.0.9", 80));
    CHECK_FALSE(asks(book, "10.0.0.8", 4000, "10.0.0.9", 80));
    CHECK(asks(book, "127.0.0.1", 4000, "127.0.0.1", 80));
    CHECK_FALSE(asks(book, "127.0.0.1", 4000, "127.0.0.1", 80, pod_netns));
    CHECK(book.take_wanted().empty());
    // Somebody else may wait there by now.
    CHECK(asks(book, "10.0.0.9", 4000, "10.0.0.1", 80, host_netns, at(4)));
}

TEST_CASE("there is an end to sockets that are remembered, and the rest is counted", "[sockets]") {
    SocketBook book;
    book.learn(network(host_netns, "10.0.0.1", {container("a")}), at(1));
    std::vector<OwnSocket> many;
    for (std::uint32_t i = 0; i < 70000; ++i) {
        many.push_back(connection(static_cast<std::uint16_t>(i), "10.0.0.1"));
        many.back().protocol = i < 65536 ? Protocol::tcp : Protocol::udp;
    }
    book.looked(host_netns, {{container("a"), many}}, at(2));
    CHECK(changes(book).socket_owners.size() == 65536);
    CHECK(book.take_lost() == 70000 - 65536);
    book.looked(host_netns, {{container("a"), {}}}, at(3));
    changes(book);
    book.looked(host_netns, {{container("a"), {listener(80)}}}, at(4));
    CHECK(changes(book).socket_owners.size() == 1);
}

namespace {

ClosedSocket close_of(const std::string& name, std::uint16_t port, Timestamp time,
                      const char* address = "10.0.0.1", bool listening = false) {
    return {host_netns,
            "docker",
            "id-of-" + name,
            Protocol::tcp,
            {*IpAddress::parse(address), Port{port}},
            listening,
            time};
}

/// Who has the port at that time, by name; "" for nobody. What is told later of the same replaces.
std::string owner_at(const Batch& batch, std::uint16_t port, Timestamp time) {
    std::map<std::pair<std::uint32_t, Timestamp>, SocketOwner> owners;
    for (const auto& owner : batch.socket_owners) {
        if (owner.local.port.number == port) owners[{owner.target, owner.from}] = owner;
    }
    for (const auto& [key, owner] : owners) {
        for (const auto& target : batch.targets) {
            if (target.id == owner.target && owner.from <= time && time <= owner.to)
                return target.name;
        }
    }
    return {};
}

}  // namespace

TEST_CASE("a socket too brief for any look has its owner when its close is told", "[sockets]") {
    SocketBook book;
    book.hear_closes();
    book.learn(network(host_netns, "10.0.0.1", {container("a"), container("b")}), at(1));
    book.looked(host_netns, {{container("a"), {}}, {container("b"), {}}}, at(2));
    changes(book);
    book.closed(close_of("a", 5000, at(5)));
    book.closed(close_of("b", 5000, at(8)));
    book.closed(close_of("stranger", 5001, at(8)));
    const auto batch = changes(book);
    REQUIRE(batch.socket_owners.size() == 2);
    CHECK(owner_at(batch, 5000, at(4)) == "a");
    CHECK(owner_at(batch, 5000, at(7)) == "b");
    CHECK(owner_at(batch, 5000, at(9)).empty());
}

TEST_CASE("a port that changes hands does so when it is closed", "[sockets]") {
    SocketBook book;
    book.hear_closes();
    book.learn(network(host_netns, "10.0.0.1", {container("a"), container("b")}), at(1));
    book.looked(host_netns, {{container("a"), {listener(80)}}, {container("b"), {}}}, at(2));
    changes(book);
    // Nobody can have it while its owner is not known to have closed it, however long ago the look.
    CHECK_FALSE(asks(book, "10.0.0.9", 4000, "10.0.0.1", 80, host_netns, at(60)));
    // One of its connections is over.
    book.closed(close_of("a", 80, at(61)));
    CHECK(changes(book).socket_owners.empty());
    CHECK_FALSE(asks(book, "10.0.0.9", 4000, "10.0.0.1", 80, host_netns, at(62)));
    book.closed(close_of("a", 80, at(63), "0.0.0.0", true));
    auto batch = changes(book);
    REQUIRE(batch.socket_owners.size() == 1);
    CHECK(batch.socket_owners[0].to == at(63));
    CHECK(asks(book, "10.0.0.9", 4000, "10.0.0.1", 80, host_netns, at(64)));
    book.looked(host_netns, {{container("a"), {}}, {container("b"), {listener(80)}}}, at(65));
    batch = changes(book);
    REQUIRE(batch.socket_owners.size() == 1);
    CHECK(batch.socket_owners[0].from == at(63));
    // When some closes went untold, it is looked for again.
    CHECK_FALSE(asks(book, "10.0.0.9", 4000, "10.0.0.1", 80, host_netns, at(66)));
    book.missed_closes();
    CHECK(asks(book, "10.0.0.9", 4000, "10.0.0.1", 80, host_netns, at(67)));
}

TEST_CASE("a container that is met late had its port since another one closed it", "[sockets]") {
    SocketBook book;
    book.hear_closes();
    book.learn(network(host_netns, "10.0.0.1", {container("a")}), at(1));
    book.looked(host_netns, {{container("a"), {listener(80)}}}, at(2));
    book.closed(close_of("a", 80, at(5), "0.0.0.0", true));
    book.learn(network(host_netns, "10.0.0.1", {container("b")}), at(9));
    book.looked(host_netns, {{container("b"), {listener(80)}}}, at(9));
    const auto batch = changes(book);
    CHECK(owner_at(batch, 80, at(4)) == "a");
    CHECK(owner_at(batch, 80, at(6)) == "b");
}

TEST_CASE("who left waits nowhere any more", "[sockets]") {
    SocketBook book;
    book.hear_closes();
    book.learn(network(host_netns, "10.0.0.1", {container("a"), container("b")}), at(1));
    book.looked(host_netns, {{container("a"), {listener(80)}}, {container("b"), {}}}, at(2));
    book.learn(network(host_netns, "10.0.0.1", {container("b")}), at(3));
    CHECK(asks(book, "10.0.0.9", 4000, "10.0.0.1", 80, host_netns, at(4)));
}

TEST_CASE("closes that nobody takes are bounded, and the rest is counted", "[sockets]") {
    SocketBook book;
    book.learn(network(host_netns, "10.0.0.1", {container("a")}), at(1));
    for (int i = 0; i < 70000; ++i)
        book.closed(close_of("a", static_cast<std::uint16_t>(i), at(2)));
    CHECK(changes(book).socket_owners.size() == 65536);
    CHECK(book.take_lost() == 70000 - 65536);
}
