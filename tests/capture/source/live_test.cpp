// SPDX-License-Identifier: Apache-2.0
// Captures on the loopback interface of a network namespace made for it.
#include "capture/source/live.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/decode/decode.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

bool bring_loopback_up() {
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    const bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return up;
}

// A namespace belongs to a thread: the test's own is not touched.
void in_new_netns(const std::function<void()>& body) {
    std::thread([&] {
        if (unshare(CLONE_NEWNET) == 0 && bring_loopback_up()) return body();
        std::printf("left out: live capture (no right to make a network namespace)\n");
        CHECK(std::getenv("NSPECT_REQUIRE_LIVE") == nullptr);
    }).join();
}

sockaddr* generic(sockaddr_in& address) {
    return static_cast<sockaddr*>(static_cast<void*>(&address));
}

// One connection over loopback which carries `text` in one write.
void connect_and_send(const std::string& text) {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{.sin_family = AF_INET,
                        .sin_port = htons(8080),
                        .sin_addr = {htonl(INADDR_LOOPBACK)},
                        .sin_zero = {}};
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    REQUIRE(bind(listener, generic(address), sizeof address) == 0);
    listen(listener, 1);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(connect(client, generic(address), sizeof address) == 0);
    const int server = accept(listener, nullptr, nullptr);
    CHECK(write(client, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    for (const int fd : {client, server, listener}) close(fd);
}

struct Captured {
    std::size_t packets = 0;
    std::size_t syn = 0;
    std::uint32_t longest = 0;         ///< on the wire
    std::size_t longest_captured = 0;  ///< of that packet
};

Captured capture_one_connection(LiveOptions options, const std::string& text) {
    auto source = PcapLive::open(options);
    REQUIRE(source);
    connect_and_send(text);
    Captured captured;
    const auto total = drain(**source, [&](const RawPacket& raw) {
        const auto packet = decode(raw.data, raw.wire_length, raw.link);
        ++captured.packets;
        captured.syn += (packet.tcp_flags & tcp_flag::syn) != 0 ? 1 : 0;
        if (raw.wire_length <= captured.longest) return;
        captured.longest = raw.wire_length;
        captured.longest_captured = raw.data.size();
        CHECK(packet.dst_port == Port{8080});
        CHECK(raw.time > Timestamp(std::chrono::hours(24 * 365 * 50)));
    });
    REQUIRE(total);
    CHECK(*total == captured.packets);
    CHECK((*source)->stats().received == captured.packets);
    CHECK((*source)->stats().dropped_kernel == 0);
    return captured;
}

}  // namespace

TEST_CASE("a connection made just before stopping is drained whole", "[live]") {
    in_new_netns([] {
        for (const std::string device : {"lo", "any"}) {
            CAPTURE(device);
            const auto captured =
                capture_one_connection({.device = device, .timeout_ms = 200}, "hello");
            CHECK(captured.syn >= 2);
            CHECK(captured.packets >= 7);
        }
    });
}

TEST_CASE("the kernel copies handshakes whole and only the head of bulk data", "[live]") {
    in_new_netns([] {
        for (const std::string device : {"lo", "any"}) {
            CAPTURE(device);
            const auto bulk = capture_one_connection({.device = device}, std::string(20000, 'x'));
            CHECK(bulk.longest > 20000);
            CHECK(bulk.longest_captured < 300);
            const auto handshake = capture_one_connection({.device = device},
                                                          "\x16\x03\x01" + std::string(20000, 'x'));
            CHECK(handshake.longest_captured > 16384);
            const auto whole = capture_one_connection(
                {.device = device, .snaplen = 65535, .only_what_decoders_need = false},
                std::string(20000, 'x'));
            CHECK(whole.longest_captured == whole.longest);
        }
    });
}

TEST_CASE("a filter keeps what does not match out", "[live]") {
    in_new_netns([] {
        const auto none =
            capture_one_connection({.device = "lo", .filter = "udp port 53"}, "hello");
        CHECK(none.packets == 0);
        const auto some =
            capture_one_connection({.device = "any", .filter = "tcp port 8080"}, "hello");
        CHECK(some.packets >= 7);
        const auto wrong = PcapLive::open({.device = "lo", .filter = "tcp prt 1"});
        REQUIRE_FALSE(wrong);
        CHECK(wrong.error().kind == Error::Kind::invalid);
    });
}

TEST_CASE("an interface that is not there is an error with its name", "[live]") {
    in_new_netns([] {
        const auto source = PcapLive::open({.device = "no-such-if0"});
        REQUIRE_FALSE(source);
        CHECK(source.error().where == "no-such-if0");
        CHECK(source.error().kind == Error::Kind::not_found);
    });
}
