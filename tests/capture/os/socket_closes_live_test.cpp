// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>

#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/os/fd.h"
#include "capture/os/socket_closes.h"
#include "tests/capture/os/live.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

sockaddr* as_name(sockaddr_in6& address) {
    return reinterpret_cast<sockaddr*>(&address);
}

sockaddr_in6 loopback(int family, std::uint16_t port = 0) {
    sockaddr_in6 address{};
    if (family == AF_INET6) {
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(port);
        address.sin6_addr = in6addr_loopback;
    } else {
        auto& four = reinterpret_cast<sockaddr_in&>(address);
        four.sin_family = AF_INET;
        four.sin_port = htons(port);
        four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    return address;
}

/// The port is at the same place in both families.
std::uint16_t port_of(const Fd& socket) {
    sockaddr_in6 address{};
    socklen_t length = sizeof address;
    ::getsockname(socket.get(), as_name(address), &length);
    return ntohs(address.sin6_port);
}

Fd bound(int family, int type) {
    Fd socket(::socket(family, type | SOCK_CLOEXEC, 0));
    auto address = loopback(family);
    REQUIRE(::bind(socket.get(), as_name(address),
                   family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in)) == 0);
    return socket;
}

int connect_to(const Fd& socket, int family, std::uint16_t port) {
    auto address = loopback(family, port);
    return ::connect(socket.get(), as_name(address),
                     family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
}

/// In a container process numbers are not told.
bool is_ours(const SocketEvent& event) {
    return !event.opened &&
           event.pid.value_or(::getpid()) == static_cast<std::uint32_t>(::getpid());
}

/// What our process closed with this port.
std::vector<SocketEvent> of_port(const std::vector<SocketEvent>& events, std::uint16_t port) {
    std::vector<SocketEvent> found;
    std::copy_if(events.begin(), events.end(), std::back_inserter(found),
                 [&](const SocketEvent& event) {
                     return event.local.port.number == port && is_ours(event);
                 });
    return found;
}

}  // namespace

TEST_CASE("each socket that is closed is told with its port, however brief it was", "[live]") {
    if (!live_tests_run()) return;
    auto closes = SocketCloses::open();
    INFO((closes ? "" : to_string(closes.error())));
    REQUIRE(closes);
    const int family = GENERATE(AF_INET, AF_INET6);
    std::uint16_t server_port = 0;
    std::uint16_t client_port = 0;
    std::uint16_t udp_port = 0;
    const auto before = std::chrono::steady_clock::now();
    {
        const auto server = bound(family, SOCK_STREAM);
        REQUIRE(::listen(server.get(), 5) == 0);
        server_port = port_of(server);
        const Fd client(::socket(family, SOCK_STREAM, 0));
        REQUIRE(connect_to(client, family, server_port) == 0);
        client_port = port_of(client);
        udp_port = port_of(bound(family, SOCK_DGRAM));
    }
    const auto events = closes->read();
    const auto client = of_port(events, client_port);
    REQUIRE(client.size() == 1);
    CHECK(client[0].protocol == Protocol::tcp);
    CHECK_FALSE(client[0].listening);
    CHECK(client[0].local.ip == *IpAddress::parse(family == AF_INET ? "127.0.0.1" : "::"));
    CHECK(client[0].time >= before);
    CHECK(client[0].time <= std::chrono::steady_clock::now());
    const auto server = of_port(events, server_port);
    REQUIRE(server.size() == 1);
    CHECK(server[0].listening);
    const auto datagrams = of_port(events, udp_port);
    REQUIRE(datagrams.size() == 1);
    CHECK(datagrams[0].protocol == Protocol::udp);
    CHECK(datagrams[0].listening);
    CHECK(closes->take_lost() == 0);
}

TEST_CASE("a connection that is refused still had a port", "[live]") {
    if (!live_tests_run()) return;
    auto closes = SocketCloses::open();
    REQUIRE(closes);
    const int family = GENERATE(AF_INET, AF_INET6);
    const auto nobody = port_of(bound(family, SOCK_STREAM));
    std::uint16_t port = 0;
    {
        // The port it would have been given is told when it is gone: so it asks for one.
        const auto client = bound(family, SOCK_STREAM);
        port = port_of(client);
        REQUIRE(connect_to(client, family, nobody) != 0);
    }
    CHECK(of_port(closes->read(), port).size() == 1);
    {
        const Fd client(::socket(family, SOCK_STREAM, 0));
        REQUIRE(connect_to(client, family, nobody) != 0);
    }
    const auto events = closes->read();
    CHECK(std::any_of(events.begin(), events.end(), [&](const SocketEvent& event) {
        return is_ours(event) && event.local.port.number != 0;
    }));
}

TEST_CASE("records that nobody reads are counted as lost when there is no room", "[live]") {
    if (!live_tests_run()) return;
    auto closes = SocketCloses::open();
    REQUIRE(closes);
    for (int i = 0; i < 30000; ++i) bound(AF_INET, SOCK_DGRAM);
    CHECK(closes->take_lost() > 0);
    CHECK(closes->take_lost() == 0);
    CHECK_FALSE(closes->read().empty());
}
