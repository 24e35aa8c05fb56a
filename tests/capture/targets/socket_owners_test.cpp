// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/socket_owners.h"

#include <catch2/catch.hpp>

#include "tests/capture/os/temp_folder.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

const std::string heading =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n";

std::string row(const std::string& local, const std::string& state, int inode) {
    return "   0: " + local + " 00000000:0000 " + state +
           " 00000000:00000000 00:00000000 00000000 " + "    0        0 " + std::to_string(inode) +
           " 1 0000000000000000 100 0 0 10 0\n";
}

ListeningSocket listener(const std::string& address, std::uint16_t port) {
    return {Protocol::tcp, *IpAddress::parse(address), Port{port}};
}

}  // namespace

TEST_CASE("the kernel's table of sockets is read", "[sockets]") {
    const auto rows = parse_socket_table(
        heading + row("0100007F:1F90", "0A", 41) + row("0200000A:0050", "01", 42), Protocol::tcp);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0] == SocketRow{listener("127.0.0.1", 8080), true, 41});
    CHECK(rows[1] == SocketRow{listener("10.0.0.2", 80), false, 42});
    const auto six =
        parse_socket_table(row("000080FE00000000FF00A7FE0100FE0A:0016", "0A", 7), Protocol::tcp);
    REQUIRE(six.size() == 1);
    CHECK(to_string(six[0].local.address) == "fe80::fea7:ff:afe:1");
    CHECK(parse_socket_table(row("00000000:0035", "07", 1), Protocol::udp)[0].listening);
}

TEST_CASE("lines that make no sense in a table of sockets are passed over", "[sockets]") {
    for (const std::string text :
         {"", "x\n", "0: 0100007F 0 0A 0 0 0 0 0 1\n", "0: 0100007:1F90 0 0A 0 0 0 0 0 1\n",
          "0: 0100007F:1F9000 0 0A 0 0 0 0 0 1\n", "0: 0100007F:1F90 0 0A 0 0 0 0 0 x\n"}) {
        CHECK(parse_socket_table(text, Protocol::tcp).empty());
    }
}

TEST_CASE("containers that share a namespace are told apart by the sockets they have open",
          "[sockets]") {
    const TempFolder host;
    const auto table = heading + row("00000000:0050", "0A", 100) + row("00000000:1770", "0A", 200) +
                       row("0100007F:2382", "0A", 300);
    for (const auto* pid : {"10", "11", "20"})
        host.write("proc/" + std::string(pid) + "/net/tcp", table);
    host.link("proc/10/fd/3", "socket:[100]");
    host.link("proc/11/fd/3", "socket:[100]");  // its worker
    host.link("proc/20/fd/3", "/dev/null");
    host.link("proc/20/fd/9", "socket:[200]");
    std::vector<SharingContainer> containers(3);
    containers[0].pids = {10, 11};
    containers[1].pids = {20};
    find_listeners(Procfs(host.path() + "/proc"), containers);
    CHECK(containers[0].listens == std::vector{listener("0.0.0.0", 80)});
    CHECK(containers[1].listens == std::vector{listener("0.0.0.0", 6000)});
    CHECK(containers[2].listens.empty());
}

TEST_CASE("connections are their containers' too, and what is over is nobody's", "[sockets]") {
    const TempFolder host;
    host.write("proc/10/net/tcp", heading + row("00000000:0050", "0A", 100) +
                                      row("0200000A:C350", "01", 101) +
                                      row("0200000A:C351", "06", 0));
    host.write("proc/10/net/tcp6",
               heading + row("0000000000000000FFFF00000200000A:0050", "01", 102));
    host.write("proc/10/net/udp", heading + row("00000000:0035", "07", 103));
    for (int i = 0; i < 4; ++i) {
        host.link("proc/10/fd/" + std::to_string(i), "socket:[10" + std::to_string(i) + "]");
    }
    std::vector<SharingContainer> containers(1);
    containers[0].pids = {10};
    const auto found = find_sockets(Procfs(host.path() + "/proc"), containers);
    REQUIRE(found.size() == 1);
    const auto socket = [](Protocol protocol, const char* ip, std::uint16_t port, bool listening) {
        return OwnSocket{protocol, {*IpAddress::parse(ip), Port{port}}, listening};
    };
    CHECK(found[0].sockets == std::vector{socket(Protocol::tcp, "0.0.0.0", 80, true),
                                          socket(Protocol::tcp, "10.0.0.2", 80, false),
                                          socket(Protocol::tcp, "10.0.0.2", 50000, false),
                                          socket(Protocol::udp, "0.0.0.0", 53, true)});
}
