// SPDX-License-Identifier: Apache-2.0
#include "capture/packet_keeper.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "capture/source/capture_file.h"
#include "tests/capture/os/temp_folder.h"
#include "tests/capture/packet_builder.h"

using namespace nspect;
using namespace nspect::test;
using namespace nspect::capture;

namespace {

Timestamp at(std::int64_t ns) {
    return Timestamp{std::chrono::hours(500'000)} + std::chrono::nanoseconds(ns);
}

/// Interface 5 of the host leads to the container "web".
VantageBook shop() {
    TargetInfo host;
    host.id = 1;
    host.netns = 1;
    host.is_host = true;
    host.interfaces.resize(1);
    host.interfaces[0].index = 5;
    host.interfaces[0].name = "veth5";
    host.interfaces[0].kind = "veth";
    host.interfaces[0].peer_netns = 2;
    TargetInfo web;
    web.id = 2;
    web.netns = 2;
    web.name = "web";
    VantageBook book(
        {.host_netns = 1, .side = CaptureSide::host_end, .host_interfaces = false, .wants = {}});
    book.begin({host, web}, at(0));
    return book;
}

PacketKeeper keeper_in(const std::string& folder, std::uint64_t file_bytes = 1U << 20U,
                       std::uint32_t files = 0) {
    KeeperOptions options;
    options.folder = folder;
    options.file_bytes = file_bytes;
    options.files = files;
    auto keeper = PacketKeeper::open(options);
    REQUIRE(keeper);
    return std::move(*keeper);
}

void keep(PacketKeeper& keeper, VantageBook& book, std::int64_t ns, std::size_t size) {
    const auto built = packet().sll2(5).ip4("10.0.0.1", "10.0.0.2").udp(1, 2).zeros(size);
    const auto bytes = built.bytes();
    keeper.keep({bytes, built.wire_length() + 7, at(ns), built.link(), 0},
                *book.find(1, 5, "any@host"), book);
}

struct ReadBack {
    std::vector<RawPacket> packets;  // their bytes are gone
    std::vector<std::size_t> sizes;
    std::string interface;
};

ReadBack read_back(const std::string& path) {
    auto source = open_file(path);
    REQUIRE(source);
    ReadBack all;
    while (!(*source)->finished()) {
        const auto got = (*source)->read(100, [&](const RawPacket& raw) {
            all.packets.push_back(raw);
            all.sizes.push_back(raw.data.size());
        });
        REQUIRE(got);
    }
    if (!(*source)->interfaces().empty()) all.interface = (*source)->interfaces().front().name;
    return all;
}

}  // namespace

TEST_CASE("kept packets are read back as they were", "[keeper]") {
    const TempFolder folder;
    auto book = shop();
    {
        auto keeper = keeper_in(folder.path());
        keep(keeper, book, 1, 3);
        keep(keeper, book, 2, 4);
        CHECK(keeper.lost() == 0);
    }
    const auto all = read_back(folder.path() + "/packets-00001.pcapng");
    REQUIRE(all.packets.size() == 2);
    CHECK(all.packets[0].time == at(1));
    CHECK(all.packets[1].time == at(2));
    CHECK(all.packets[1].link == LinkType::linux_sll2);
    CHECK(all.sizes[1] == all.sizes[0] + 1);
    CHECK(all.packets[0].wire_length == all.sizes[0] + 7);
    CHECK(all.interface == "veth5");
}

TEST_CASE("a full file is followed by the next, and the oldest leave", "[keeper]") {
    const TempFolder folder;
    auto book = shop();
    {
        auto keeper = keeper_in(folder.path(), 500, 2);
        for (int i = 0; i < 20; ++i) keep(keeper, book, i, 100);
    }
    CHECK_FALSE(open_file(folder.path() + "/packets-00001.pcapng"));
    std::size_t newest = 1;
    while (newest < 30 && !open_file(folder.path() + "/packets-" + (newest < 10 ? "0000" : "000") +
                                     std::to_string(newest) + ".pcapng")) {
        ++newest;
    }
    CHECK(newest > 2);
    CHECK(newest < 30);
}

TEST_CASE("a folder that is not there is an error", "[keeper]") {
    KeeperOptions options;
    options.folder = "/nonexistent";
    CHECK_FALSE(PacketKeeper::open(options));
}
