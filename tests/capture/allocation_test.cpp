// SPDX-License-Identifier: Apache-2.0
// The way of a packet from the file to its flow, with every call of operator new counted.
#include <cstdlib>
#include <new>

#include <catch2/catch.hpp>

#include "capture/pipeline.h"
#include "capture/source/capture_file.h"
#include "tests/capture/packet_builder.h"

namespace {

std::size_t allocations = 0;

void* counted(std::size_t size) {
    ++allocations;
    void* memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) std::abort();
    return memory;
}

}  // namespace

void* operator new(std::size_t size) {
    return counted(size);
}
void* operator new[](std::size_t size) {
    return counted(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return counted(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return counted(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

constexpr std::size_t conversations = 500;
constexpr std::uint32_t request_bytes = 100;

std::uint16_t port_of(std::size_t conversation) {
    return static_cast<std::uint16_t>(40000 + conversation);
}

/// Of ten conversations: six TCP over IPv4, two TCP over IPv6, two UDP.
PacketBuilder start_of(std::size_t conversation, bool answer) {
    const bool v6 = conversation % 10 >= 6 && conversation % 10 < 8;
    PacketBuilder made = packet().eth();
    const char* client = v6 ? "fd00::1" : "10.0.0.1";
    const char* server = v6 ? "fd00::2" : "10.0.0.2";
    if (v6) {
        made.ip6(answer ? server : client, answer ? client : server);
    } else {
        made.ip4(answer ? server : client, answer ? client : server);
    }
    const std::uint16_t port = port_of(conversation);
    if (conversation % 10 >= 8) return made.udp(answer ? 9000 : port, answer ? port : 9000);
    return made.tcp(answer ? 8080 : port, answer ? port : 8080);
}

class Capture {
public:
    Capture() {
        word(0xa1b2c3d4);
        word(0x00040002);
        for (const std::uint32_t each : {0U, 0U, 65535U, 1U}) word(each);
    }

    void add(const PacketBuilder& packet) {
        const auto bytes = packet.bytes();
        ++packets_;
        word(static_cast<std::uint32_t>(1'800'000'000 + packets_ / 1'000'000));
        word(static_cast<std::uint32_t>(packets_ % 1'000'000));
        word(static_cast<std::uint32_t>(bytes.size()));
        word(static_cast<std::uint32_t>(bytes.size()));
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }

    /// SYN, SYN-ACK, ACK of each that is TCP.
    void open_all() {
        for (std::size_t i = 0; i < conversations; ++i) {
            if (i % 10 >= 8) continue;
            add(start_of(i, false).seq(100).syn());
            add(start_of(i, true).seq(500).syn().ack(101));
            add(start_of(i, false).seq(101).ack(501));
        }
    }

    /// One request and its answer for each.
    void exchange(std::uint32_t round) {
        const std::string request = "GET /" + std::string(request_bytes - 5, 'x');
        for (std::size_t i = 0; i < conversations; ++i) {
            auto asked = start_of(i, false);
            auto answered = start_of(i, true);
            if (i % 10 < 8) {
                const std::uint32_t before = round * request_bytes;
                asked.seq(101 + before).ack(501 + before).psh();
                answered.seq(501 + before).ack(101 + before + request_bytes).psh();
            }
            add(asked.payload(request));
            add(answered.payload(request));
        }
    }

    const std::vector<std::byte>& bytes() const { return bytes_; }
    std::size_t packets() const { return packets_; }

private:
    void word(std::uint32_t value) {
        for (int shift = 0; shift < 32; shift += 8) {
            bytes_.push_back(static_cast<std::byte>(value >> static_cast<unsigned>(shift)));
        }
    }

    std::vector<std::byte> bytes_;
    std::size_t packets_ = 0;
};

struct Counts {
    std::size_t packets = 0;
    std::size_t opening = 0;  ///< allocations until `warm` packets were read
    std::size_t after = 0;
    std::size_t flows = 0;
};

Counts read_counting(const Capture& capture, std::size_t warm) {
    auto source = open_bytes(capture.bytes(), "made");
    REQUIRE(source);
    Pipeline pipeline({}, {}, {});
    Counts counts;
    std::size_t before = allocations;
    const PacketCallback handler = [&](const RawPacket& raw) {
        auto packet = Pipeline::understand(raw);
        pipeline.count(packet, 1, raw.time);
        if (++counts.packets != warm) return;
        counts.opening = allocations - before;
        before = allocations;
    };
    while (!(*source)->finished()) {
        if (!(*source)->read(256, handler)) break;
    }
    counts.after = allocations - before;
    counts.flows = pipeline.table().live();
    return counts;
}

}  // namespace

TEST_CASE("a packet of a conversation that is known takes no memory") {
    Capture capture;
    capture.open_all();
    for (std::uint32_t round = 0; round < 4; ++round) capture.exchange(round);
    const std::size_t warm = capture.packets();
    for (std::uint32_t round = 4; round < 24; ++round) capture.exchange(round);

    const Counts counts = read_counting(capture, warm);
    CHECK(counts.packets == capture.packets());
    CHECK(counts.flows == conversations);
    CHECK(capture.packets() - warm == 20 * 2 * conversations);
    CHECK(counts.after == 0);
}

TEST_CASE("new conversations take their memory in few large pieces") {
    Capture capture;
    capture.open_all();
    const Counts counts = read_counting(capture, capture.packets());
    CHECK(counts.flows == conversations / 10 * 8);
    CHECK(counts.opening < conversations / 10);
    CHECK(counts.opening > 0);
}
