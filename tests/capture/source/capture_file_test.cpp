// SPDX-License-Identifier: Apache-2.0
#include "capture/source/capture_file.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/capture/source/capture_bytes.h"

using namespace nspect;
using namespace nspect::capture;
using namespace std::chrono_literals;
using test::Bytes;

namespace {

struct Seen {
    std::string data;
    std::uint32_t wire_length;
    Timestamp time;
    LinkType link;
    std::uint32_t interface_id;
};

struct ReadAll {
    std::vector<Seen> packets;
    std::optional<Error> error;
    std::vector<SourceInterface> interfaces;
};

ReadAll read_all(PacketSource& source) {
    ReadAll result;
    while (!source.finished()) {
        const auto count = source.read(7, [&](const RawPacket& packet) {
            std::string data;
            for (const auto b : packet.data) data += static_cast<char>(b);
            result.packets.push_back(
                {data, packet.wire_length, packet.time, packet.link, packet.interface_id});
        });
        if (!count) result.error = count.error();
    }
    result.interfaces = source.interfaces();
    return result;
}

ReadAll read_all(const std::vector<std::byte>& bytes) {
    auto source = open_bytes(bytes, "memory");
    if (!source) return {{}, source.error(), {}};
    return read_all(**source);
}

Bytes three_packets() {
    Bytes bytes;
    bytes.section().interface(1, bytes.body());
    for (int i = 0; i < 3; ++i) bytes.packet(0, 1'000'000, std::string(20, 'a'));
    return bytes;
}

}  // namespace

TEST_CASE("pcap is read in both byte orders and every resolution", "[source]") {
    struct Kind {
        std::uint32_t magic;
        Duration fraction;
    };
    const auto kind = GENERATE(Kind{0xa1b2c3d4, 5us}, Kind{0xa1b23c4d, 5ns});
    const bool big = GENERATE(false, true);
    const auto all = read_all(Bytes(big)
                                  .pcap_header(kind.magic, 113)
                                  .pcap_packet(7, 5, "abc", 99)
                                  .pcap_packet(8, 0, "")
                                  .get());
    CHECK_FALSE(all.error);
    REQUIRE(all.packets.size() == 2);
    CHECK(all.packets[0].data == "abc");
    CHECK(all.packets[0].wire_length == 99);
    CHECK(all.packets[0].time == Timestamp(7s + kind.fraction));
    CHECK(all.packets[0].link == LinkType::linux_sll);
    CHECK(all.packets[1].data.empty());
}

TEST_CASE("pcapng keeps interfaces of several sections, link types and clocks apart", "[source]") {
    const bool big = GENERATE(false, true);
    Bytes bytes(big);
    bytes.section();
    bytes.interface(1, bytes.body().option(2, "eth0").option(9, "\x09"));
    bytes.interface(276, bytes.body().option(9, "\x8a").option(0, ""));
    bytes.packet(1, 3 * 1024 + 512, "two").packet(0, 1'000'000'007, "one");
    bytes.section();
    bytes.interface(101, bytes.body().option(2, "tun0").u16(14).u16(8).u64(100));
    bytes.block(5, bytes.body().u32(0)).block(0x0bad, bytes.body().text(std::string(300, 'x')));
    bytes.packet(0, 1'000'000, "three");
    bytes.block(3, bytes.body().u32(6).padded("simple"));
    bytes.block(2, bytes.body().u16(0).u16(0).u32(0).u32(2'000'000).u32(3).u32(3).padded("old"));
    const auto all = read_all(bytes.get());
    CHECK_FALSE(all.error);
    REQUIRE(all.packets.size() == 5);
    REQUIRE(all.interfaces.size() == 3);
    CHECK(all.interfaces[0].name == "eth0");
    CHECK(all.interfaces[1].name == "interface 1");
    CHECK(all.interfaces[2].name == "tun0");
    CHECK(all.packets[0].interface_id == 1);
    CHECK(all.packets[0].link == LinkType::linux_sll2);
    CHECK(all.packets[0].time == Timestamp(3500ms));
    CHECK(all.packets[1].time == Timestamp(1s + 7ns));
    CHECK(all.packets[2].interface_id == 2);
    CHECK(all.packets[2].link == LinkType::raw_ip);
    CHECK(all.packets[2].time == Timestamp(101s));
    CHECK(all.packets[3].data == "simple");
    CHECK(all.packets[4].data == "old");
    CHECK(all.packets[4].time == Timestamp(102s));
}

TEST_CASE("what the writer of a pcapng file missed is counted, by interface and section",
          "[source]") {
    const bool big = GENERATE(false, true);
    Bytes bytes(big);
    const auto packet = [&](const Bytes& options) {
        Bytes inside = bytes.body().u32(0).u32(0).u32(1).u32(5).u32(5).padded("hello");
        bytes.block(6, inside.append(options));
    };
    const auto drops = [&](std::uint64_t count) { return bytes.body().u16(4).u16(8).u64(count); };
    const auto statistics = [&](std::uint32_t interface, std::uint64_t by_interface,
                                std::uint64_t by_system) {
        const Bytes counts =
            bytes.body().u16(5).u16(8).u64(by_interface).u16(7).u16(8).u64(by_system);
        bytes.block(5, bytes.body().u32(interface).u32(0).u32(9).append(counts));
    };
    bytes.section().interface(1, bytes.body()).interface(1, bytes.body());
    packet(drops(2));
    packet(bytes.body());
    packet(drops(3));
    statistics(1, 1, 0);
    statistics(1, 7, 4);      // since the beginning: it replaces the one before
    statistics(9, 100, 100);  // of an interface that is not there
    bytes.section().interface(1, bytes.body());
    bytes.block(2, bytes.body().u16(0).u16(6).u32(0).u32(1).u32(3).u32(3).padded("old"));
    bytes.block(2, bytes.body().u16(0).u16(0xffff).u32(0).u32(1).u32(3).u32(3).padded("old"));
    statistics(0, 0, 8);  // the six among them
    auto source = open_bytes(bytes.get(), "memory");
    REQUIRE(source);
    CHECK(read_all(**source).packets.size() == 5);
    const auto stats = (*source)->stats();
    CHECK(stats.received == 5);
    CHECK(stats.dropped_interface == 7);
    CHECK(stats.dropped_kernel == 5 + 4 + 8);
}

TEST_CASE("absurd clocks do not overflow", "[source]") {
    for (const std::string code : {"\xff", "\x7f", "\x80", "\x13"}) {
        Bytes bytes;
        bytes.section().interface(
            1, bytes.body().option(9, code).u16(14).u16(8).u64(0x7fffffffffffffff));
        bytes.packet(0, ~std::uint64_t{0}, "x");
        CHECK(read_all(bytes.get()).packets.size() == 1);
    }
}

TEST_CASE("what is no capture is refused with a reason", "[source]") {
    const auto message = [](const std::string& text) {
        const auto all = read_all(Bytes().text(text).get());
        REQUIRE(all.error);
        return all.error->message + "|" + all.error->hint;
    };
    using Catch::Contains;
    CHECK_THAT(message(""), Contains("the file is empty"));
    CHECK_THAT(message("hello world, this is text"), Contains("not a capture file"));
    CHECK_THAT(message("\x1f\x8b\x08stuff"),
               Contains("gzip") && Contains("gzip -dc FILE | nspect capture --read -"));
    CHECK_THAT(message("\xd4\xc3\xb2\xa1\x02"), Contains("cut inside its file header"));
    CHECK_THAT(message("\x0a\x0d\x0d\x0a\x1c"), Contains("cut inside a section header"));
    const auto user0 = read_all(Bytes().pcap_header(0xa1b2c3d4, 147).get());
    REQUIRE(user0.error);
    CHECK(user0.error->message == "link type 147 is not one nspect decodes");
    const auto missing = open_file("/nonexistent/file.pcap");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == Error::Kind::not_found);
    CHECK_FALSE(open_file("/"));
}

TEST_CASE("a cut capture gives what was whole, then says where it was cut", "[source]") {
    const bool ng = GENERATE(false, true);
    const auto whole = ng ? three_packets().get()
                          : Bytes()
                                .pcap_header(0xa1b2c3d4, 1)
                                .pcap_packet(1, 2, std::string(20, 'a'))
                                .pcap_packet(1, 2, std::string(20, 'b'))
                                .pcap_packet(1, 2, std::string(20, 'c'))
                                .get();
    REQUIRE(read_all(whole).packets.size() == 3);
    const std::size_t header = ng ? 28 + 20 : 24;
    const std::size_t each = ng ? 52 : 36;
    for (std::size_t length = 1; length < whole.size(); ++length) {
        const auto all = read_all({whole.begin(), whole.begin() + static_cast<long>(length)});
        CAPTURE(length);
        const std::size_t expected = length < header ? 0 : (length - header) / each;
        CHECK(all.packets.size() == expected);
        const bool at_border =
            length == 28 * ng || (length >= header && (length - header) % each == 0);
        CHECK(all.error.has_value() == !(at_border && length > 0));
    }
    const auto all = read_all({whole.begin(), whole.end() - 1});
    REQUIRE(all.error);
    CHECK(all.error->message == (ng ? "the capture is cut inside a block, at byte 152"
                                    : "the capture is cut inside packet 3, at byte 96"));
    CHECK(all.error->hint == "the 2 packets before it were read");
}

TEST_CASE("damage ends the capture with an error, not a crash", "[source]") {
    Bytes huge;
    huge.pcap_header(0xa1b2c3d4, 1).u32(0).u32(0).u32(0x7fffffff).u32(0x7fffffff);
    CHECK(read_all(huge.get()).error);
    const auto rest = GENERATE(values<Bytes>(
        {Bytes().u32(6).u32(3), Bytes().u32(6).u32(13), Bytes().u32(6).u32(0xfffffffc),
         Bytes().packet(9, 0, "x"), Bytes().block(6, Bytes()), Bytes().block(1, Bytes()),
         Bytes().block(99, Bytes()).u32(99).u32(12).u32(16),
         Bytes().block(6, Bytes().u32(0).u32(0).u32(0).u32(400).u32(400).u32(0))}));
    Bytes bytes;
    bytes.section().interface(1, bytes.body()).packet(0, 1, "good");
    auto all_bytes = bytes.get();
    all_bytes.insert(all_bytes.end(), rest.get().begin(), rest.get().end());
    const auto all = read_all(all_bytes);
    CHECK(all.packets.size() == 1);
    CHECK(all.error);
}

TEST_CASE("a capture can be read from a pipe in small pieces", "[source]") {
    const std::string path = "/tmp/nspect-fifo-" + std::to_string(getpid());
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    const auto bytes = three_packets().get();
    std::thread writer([&] {
        const int fd = open(path.c_str(), O_WRONLY);
        for (std::size_t at = 0; at < bytes.size(); at += 5) {
            (void)!write(fd, bytes.data() + at, std::min<std::size_t>(5, bytes.size() - at));
        }
        close(fd);
    });
    auto source = open_file(path);
    REQUIRE(source);
    CHECK(read_all(**source).packets.size() == 3);
    writer.join();
    unlink(path.c_str());
}

TEST_CASE("what a file delivers stays valid until it is read from again", "[source]") {
    Bytes bytes;
    bytes.pcap_header(0xa1b2c3d4, 1);
    const auto content = [](std::uint32_t i) {
        return std::string(1 + i * 7919 % 60000, static_cast<char>('a' + i % 26));
    };
    constexpr std::uint32_t all = 200;  // of several times what is read at once
    for (std::uint32_t i = 0; i < all; ++i) bytes.pcap_packet(i, 0, content(i));
    std::string path = (std::filesystem::temp_directory_path() / "nspect-XXXXXX").string();
    const int fd = ::mkstemp(path.data());
    REQUIRE(fd >= 0);
    REQUIRE(::write(fd, bytes.get().data(), bytes.get().size()) ==
            static_cast<ssize_t>(bytes.get().size()));
    ::close(fd);
    auto source = open_file(path);
    ::unlink(path.c_str());
    REQUIRE(source);
    REQUIRE((*source)->keeps_packets());
    std::uint32_t seen = 0;
    while (!(*source)->finished()) {
        std::vector<std::span<const std::byte>> held;
        const auto count =
            (*source)->read(all, [&](const RawPacket& packet) { held.push_back(packet.data); });
        REQUIRE(count);
        for (const auto& each : held) {
            const std::string expected = content(seen++);
            REQUIRE(each.size() == expected.size());
            CHECK(std::memcmp(each.data(), expected.data(), expected.size()) == 0);
        }
    }
    CHECK(seen == all);
}
