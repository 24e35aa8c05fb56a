// SPDX-License-Identifier: Apache-2.0
#include <thread>

#include <catch2/catch.hpp>

#include "capture/os/netlink.h"
#include "capture/os/netns.h"
#include "tests/capture/os/live.h"

using namespace nspect;
using namespace nspect::capture;

TEST_CASE("what runs in a namespace leaves the caller where it was", "[live]") {
    if (!live_tests_run()) return;
    Lab lab;
    lab.add("a");
    const auto before = Netns::of_this_thread();
    const auto other = Netns::open(lab.path("a"));
    REQUIRE(before);
    REQUIRE(other);
    CHECK(before->inode() != other->inode());
    const auto caller = std::this_thread::get_id();
    const auto inside = run_in(*other, [&]() -> Result<std::uint64_t> {
        CHECK(std::this_thread::get_id() != caller);
        return Netns::of_this_thread()->inode();
    });
    REQUIRE(inside);
    CHECK(*inside == other->inode());
    CHECK(Netns::of_this_thread()->inode() == before->inode());
}

TEST_CASE("the error of what ran inside is handed out", "[live]") {
    if (!live_tests_run()) return;
    Lab lab;
    lab.add("a");
    const Error refused{Error::Kind::invalid, "no", {}, {}};
    const auto answer = run_in(*Netns::open(lab.path("a")), [&]() -> Status { return refused; });
    REQUIRE_FALSE(answer);
    CHECK(answer.error() == refused);
}

TEST_CASE("a socket opened inside is read outside", "[live]") {
    if (!live_tests_run()) return;
    Lab lab;
    lab.add("a");
    lab.ip("a", "link add only-here type bridge");
    auto socket = NetlinkSocket::open_in(*Netns::open(lab.path("a")));
    REQUIRE(socket);
    const auto links = socket->links();
    REQUIRE(links);
    REQUIRE(links->size() == 2);
    CHECK(links->at(1).name == "only-here");
}

TEST_CASE("a namespace has a number only where something links to it", "[live]") {
    if (!live_tests_run()) return;
    Lab lab;
    lab.add("a");
    lab.add("b");
    auto socket = NetlinkSocket::open_in(*Netns::open(lab.path("a")));
    const auto other = Netns::open(lab.path("b"));
    REQUIRE(socket);
    const auto none = socket->nsid_of(*other);
    REQUIRE(none);
    CHECK_FALSE(*none);
    lab.ip("a", "link add x type veth peer name y netns @b");
    const auto some = socket->nsid_of(*other);
    REQUIRE(some);
    CHECK(*some);
}

TEST_CASE("the kernel is asked which kinds of links it knows", "[live]") {
    if (!live_tests_run()) return;
    const auto veth = kernel_knows_kind("veth");
    const auto nonsense = kernel_knows_kind("nspect-none");
    REQUIRE(veth);
    REQUIRE(nonsense);
    CHECK(*veth);
    CHECK_FALSE(*nonsense);
}
