// SPDX-License-Identifier: Apache-2.0
#include "capture/source/copy_length.h"

#include <catch2/catch.hpp>
#include <pcap/bpf.h>

#include "tests/capture/packet_builder.h"

using namespace nspect;
using namespace nspect::capture;
using test::packet;
using test::PacketBuilder;

namespace {

// libpcap's interpreter of the same instructions the kernel runs.
std::uint32_t run(const BpfProgram& program, const std::vector<std::byte>& bytes) {
    std::vector<bpf_insn> raw;
    for (const auto& one : program) raw.push_back({one.code, one.jump_true, one.jump_false, one.k});
    REQUIRE(bpf_validate(raw.data(), static_cast<int>(raw.size())) == 1);
    const auto length = static_cast<unsigned>(bytes.size());
    return bpf_filter(raw.data(),
                      static_cast<const u_char*>(static_cast<const void*>(bytes.data())), length,
                      length);
}

PacketBuilder tcp(PacketBuilder ip, std::initializer_list<int> start, std::size_t size) {
    return ip.tcp(1, 2).tcp_options(3).payload(start).zeros(size);
}

}  // namespace

TEST_CASE("as much of a packet is copied as its decoders need", "[copy_length]") {
    const bool six = GENERATE(false, true);
    const auto first =
        GENERATE(values<PacketBuilder>({packet().eth(), packet().sll2(1), packet().sll()}));
    const auto ip = six ? PacketBuilder(first).ip6("fd00::1", "fd00::2")
                        : PacketBuilder(first).ip4("10.0.0.1", "10.0.0.2").ip4_options(2);
    const auto program = copy_length_program(first.link(), 65535);
    const auto copied = [&](const PacketBuilder& builder) { return run(program, builder.bytes()); };
    const auto udp = [&](std::uint16_t src, std::uint16_t dst, int byte) {
        return PacketBuilder(ip).udp(src, dst).payload({byte}).zeros(1200);
    };
    CHECK(copied(tcp(ip, {}, 0)) == copy_length::head);
    CHECK(copied(tcp(ip, {}, 1400)) == copy_length::frame);
    CHECK(copied(tcp(ip, {0x17, 3, 3}, 9000)) == copy_length::head);
    CHECK(copied(tcp(ip, {0x16, 3, 1}, 9000)) == copy_length::handshake);
    CHECK(copied(tcp(ip, {0x14, 3, 3}, 9000)) == copy_length::handshake);
    CHECK(copied(udp(4000, 53, 0)) == copy_length::message);
    CHECK(copied(udp(5353, 5353, 0)) == copy_length::message);
    CHECK(copied(udp(4000, 443, 0xc3)) == copy_length::frame);
    CHECK(copied(udp(4000, 443, 0x16)) == copy_length::frame);
    CHECK(copied(udp(4000, 443, 0x43)) == copy_length::head);
    CHECK(copied(udp(4000, 8472, 8)) == copy_length::frame);
    CHECK(copied(PacketBuilder(ip).fragment(1, 1480, true).ip_protocol(17).zeros(1400)) ==
          (six ? copy_length::frame : copy_length::head));
    CHECK(copied(PacketBuilder(ip).ip_protocol(47).zeros(1400)) == copy_length::frame);
    CHECK(copied(PacketBuilder(first).arp()) == copy_length::head);
}

TEST_CASE("no packet is dropped for being short or strange, and the limit holds", "[copy_length]") {
    const auto program = copy_length_program(LinkType::ethernet, 100);
    for (std::size_t length = 0; length < 600; ++length) {
        CHECK(run(program, std::vector<std::byte>(length, std::byte{0x45})) == 100);
    }
    auto worst = packet()
                     .eth()
                     .ip4("10.0.0.1", "10.0.0.2")
                     .ip4_options(10)
                     .tcp(1, 2)
                     .tcp_options(10)
                     .zeros(3000)
                     .bytes();
    CHECK(run(program, worst) == 100);
    CHECK(run(copy_length_program(LinkType::raw_ip, 9000), worst) == copy_length::frame);
}

TEST_CASE("a filter decides whether, the program how much", "[copy_length]") {
    const BpfProgram none{{BPF_RET | BPF_K, 0, 0, 0}};
    const BpfProgram all{{BPF_RET | BPF_K, 0, 0, 65535}};
    const auto lengths = copy_length_program(LinkType::ethernet, 65535);
    const auto bytes = packet().eth().arp().bytes();
    CHECK(run(filtered(none, lengths), bytes) == 0);
    CHECK(run(filtered(all, lengths), bytes) == copy_length::head);
    CHECK(run(filtered({}, lengths), bytes) == copy_length::head);
}
