// SPDX-License-Identifier: Apache-2.0
#include "capture/decode/reassembly.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "capture/decode/decode.h"
#include "tests/capture/packet_builder.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;

namespace {

struct Part {
    std::uint16_t offset;
    std::size_t length;
    bool more;
    char fill = 0;  ///< 0: what belongs there
    std::uint32_t id = 7;
};

/// What belongs at each offset.
std::string content(std::size_t offset, std::size_t length) {
    std::string text(length, ' ');
    for (std::size_t i = 0; i < length; ++i) text[i] = static_cast<char>('a' + (offset + i) % 26);
    return text;
}

struct Outcome {
    std::size_t completed = 0;
    std::string text;
};

class Feed {
public:
    explicit Feed(bool v6 = false, Reassembler::Limits limits = {}) : v6_(v6), parts_(limits) {}

    std::string add(const Part& part, std::uint32_t vantage = 1, std::int64_t seconds = 0) {
        auto built = packet();
        v6_ ? built.ip6("fd00::1", "fd00::2") : built.ip4("10.0.0.1", "10.0.0.2");
        if (!v6_) built.ip_protocol(253);
        built.fragment(part.id, part.offset, part.more);
        if (v6_) built.ip_protocol(253);
        const auto text = part.fill == 0 ? content(part.offset, part.length)
                                         : std::string(part.length, part.fill);
        const auto bytes = built.payload(text).bytes();
        const auto fragment =
            decode(bytes, static_cast<std::uint32_t>(bytes.size()), LinkType::raw_ip);
        const auto whole =
            parts_.add(fragment, vantage, Timestamp{} + std::chrono::seconds(seconds));
        return {reinterpret_cast<const char*>(whole.data()), whole.size()};
    }
    Reassembler& parts() { return parts_; }

private:
    bool v6_;
    Reassembler parts_;
};

}  // namespace

TEST_CASE("fragments become a datagram, in whatever order and however often they come",
          "[fragments]") {
    const std::vector<std::vector<Part>> orders{
        {{0, 16, true}, {16, 16, true}, {32, 5, false}},
        {{32, 5, false}, {16, 16, true}, {0, 16, true}},
        {{16, 16, true}, {32, 5, false}, {16, 16, true}, {0, 16, true}},
    };
    for (const bool v6 : {false, true}) {
        for (const auto& order : orders) {
            Feed feed(v6);
            for (std::size_t i = 0; i + 1 < order.size(); ++i) CHECK(feed.add(order[i]).empty());
            CHECK(feed.add(order.back()) == content(0, 37));
            CHECK(feed.parts().held_bytes() == 0);
        }
    }
}

TEST_CASE("overlapping fragments are given up, as RFC 5722 wants it", "[fragments]") {
    struct Row {
        std::string name;
        std::vector<Part> parts;
    };
    const std::vector<Row> rows{
        {"teardrop: the second lies inside the first", {{0, 32, true}, {8, 8, false}}},
        {"the second begins inside the first", {{0, 24, true}, {16, 24, true}, {40, 8, false}}},
        {"one covers another", {{8, 8, true}, {0, 32, true}, {32, 8, false}}},
        {"two ends", {{32, 8, false}, {48, 8, false}, {0, 32, true}}},
        {"the end comes before what was there", {{104, 8, true}, {8, 8, false}}},
        {"beyond the end", {{8, 8, false}, {16, 8, true}, {0, 8, true}}},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        Feed feed;
        for (const Part& part : row.parts) CHECK(feed.add(part).empty());
        CHECK(feed.parts().overlapping() == 1);
        for (const Part& part : row.parts) CHECK(feed.add(part).empty());
        CHECK(feed.parts().held_bytes() == 0);
    }
}

TEST_CASE("vantages do not complete each other, nor do datagrams of another time", "[fragments]") {
    Feed feed;
    CHECK(feed.add({0, 16, true}, 1).empty());
    CHECK(feed.add({16, 8, false}, 2).empty());
    CHECK(feed.add({16, 8, false, 0, 8}, 1).empty());
    CHECK(feed.add({16, 8, false}, 1, 31).empty());
    CHECK(feed.add({0, 16, true}, 1, 32) == content(0, 24));
}

TEST_CASE("a reassembly bomb stays within its bounds", "[fragments]") {
    Reassembler::Limits limits;
    limits.bytes = 10'000;
    limits.datagrams = 8;
    Feed feed(false, limits);
    for (std::uint32_t id = 0; id < 200; ++id) {
        for (std::uint16_t i = 0; i < 80; ++i) {
            CHECK(feed.add({static_cast<std::uint16_t>(i * 1000), 1000, true, 'x', id}).empty());
            CHECK(feed.parts().held_bytes() <= limits.bytes);
        }
    }
    CHECK(feed.add({0, 8, true, 0, 999}).empty());
    CHECK(feed.add({8, 8, false, 0, 999}) == content(0, 16));
}

TEST_CASE("what a snap length cut is never made whole", "[fragments]") {
    const auto bytes = packet()
                           .ip4("10.0.0.1", "10.0.0.2")
                           .ip_protocol(17)
                           .fragment(7, 0, true)
                           .payload(content(0, 64))
                           .bytes();
    const auto cut = decode(std::span(bytes).first(40), 84, LinkType::raw_ip);
    CHECK_FALSE(Reassembler::is_usable(cut));
}
