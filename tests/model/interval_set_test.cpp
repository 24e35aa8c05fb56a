// SPDX-License-Identifier: Apache-2.0
// Interval sets against the plainest thing that can be right: one bit for each point.
#include "model/interval_set.h"

#include <vector>

#include <catch2/catch.hpp>

#include "model/ip.h"
#include "model/traffic.h"
#include "tests/model/random_seed.h"

using namespace nspect;

namespace {

using Bits = std::vector<bool>;

/// Points of one or more universes, ascending; an interval may span [run[i].begin, run[i].end).
template <class T>
struct Points {
    std::vector<T> all;
    std::vector<std::pair<std::size_t, std::size_t>> universes;
};

template <class T>
struct Pair {
    IntervalSet<T> set;
    Bits bits;
};

template <class T>
void append_run(std::vector<T>& points, T first, int count) {
    std::optional<T> next = first;
    for (int i = 0; i < count && next; ++i, next = successor(*next)) points.push_back(*next);
}

Points<Port> port_points() {
    Points<Port> points;
    append_run(points.all, Port{0}, 24);
    append_run(points.all, Port{30000}, 1);
    append_run(points.all, Port{65512}, 24);
    points.universes = {{0, points.all.size()}};
    return points;
}

Points<IpAddress> ip_points() {
    Points<IpAddress> points;
    append_run(points.all, IpAddress::v4(0), 12);
    append_run(points.all, IpAddress::v4(0x80000000U), 1);
    append_run(points.all, IpAddress::v4(0xfffffff4U), 100);
    const auto v4_end = points.all.size();
    append_run(points.all, IpAddress::v6(0, 0), 12);
    append_run(points.all, IpAddress::v6(0, 0xfffe'ffff'fffcU), 8);  // across the mapped block
    append_run(points.all, IpAddress::v6(7, ~0ULL - 2), 6);          // across the two halves
    append_run(points.all, IpAddress::v6(~0ULL, ~0ULL - 11), 100);
    points.universes = {{0, v4_end}, {v4_end, points.all.size()}};
    return points;
}

std::size_t pick(std::mt19937& random, std::size_t first, std::size_t last) {
    return std::uniform_int_distribution<std::size_t>(first, last)(random);
}

template <class T>
Pair<T> random_pair(const Points<T>& points, std::mt19937& random) {
    Pair<T> made{{}, Bits(points.all.size())};
    const auto count = pick(random, 0, 6);
    for (std::size_t i = 0; i < count; ++i) {
        const auto& [begin, end] = points.universes[pick(random, 0, points.universes.size() - 1)];
        const auto first = pick(random, begin, end - 1);
        const auto last = std::min(first + pick(random, 0, 8) * pick(random, 0, 5), end - 1);
        made.set.insert({points.all[first], points.all[last]});
        std::fill(made.bits.begin() + static_cast<std::ptrdiff_t>(first),
                  made.bits.begin() + static_cast<std::ptrdiff_t>(last) + 1, true);
    }
    return made;
}

template <class T>
Bits bits_of(const IntervalSet<T>& set, const Points<T>& points) {
    Bits bits;
    for (const auto& point : points.all) bits.push_back(set.contains(point));
    return bits;
}

template <class Combine>
Bits each(const Bits& a, const Bits& b, Combine&& combine) {
    Bits result;
    for (std::size_t i = 0; i < a.size(); ++i) result.push_back(combine(a[i], b[i]));
    return result;
}

template <class T>
bool is_canonical(const IntervalSet<T>& set) {
    const auto& all = set.intervals();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].last < all[i].first) return false;
        if (i == 0) continue;
        const auto next = successor(all[i - 1].last);
        if (!(all[i - 1].last < all[i].first) || (next && *next == all[i].first)) return false;
    }
    return true;
}

template <class T>
void check_against_bits(const Pair<T>& a, const Pair<T>& b, const Points<T>& points) {
    CHECK(bits_of(a.set, points) == a.bits);
    CHECK(bits_of(a.set | b.set, points) == each(a.bits, b.bits, std::logical_or<>()));
    CHECK(bits_of(a.set & b.set, points) == each(a.bits, b.bits, std::logical_and<>()));
    const auto without = [](bool x, bool y) { return x && !y; };
    CHECK(bits_of(a.set - b.set, points) == each(a.bits, b.bits, without));
    for (const auto& set : {a.set, a.set | b.set, a.set & b.set, a.set - b.set}) {
        CHECK(is_canonical(set));
    }
}

template <class T>
void check_laws(const IntervalSet<T>& a, const IntervalSet<T>& b, const IntervalSet<T>& whole) {
    CHECK((a | b) == (b | a));
    CHECK((a & b) == (b & a));
    CHECK((a | a) == a);
    CHECK(((a - b) | (a & b)) == a);
    CHECK(((a - b) & b).empty());
    CHECK(whole - (a | b) == ((whole - a) & (whole - b)));
    CHECK(whole - (whole - a) == a);
    CHECK((a | b).contains(a));
    CHECK(a.contains(a & b));
    CHECK(a.contains(b) == ((a | b) == a));
}

template <class T>
void check_random_sets(const Points<T>& points, const IntervalSet<T>& whole) {
    const auto seed = random_seed();
    INFO("NSPECT_SEED=" << seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 1500; ++round) {
        const auto a = random_pair(points, random);
        const auto b = random_pair(points, random);
        check_against_bits(a, b, points);
        check_laws(a.set, b.set, whole);
    }
}

}  // namespace

TEST_CASE("random port sets agree with a bit for each port", "[interval_set]") {
    check_random_sets(port_points(), PortSet{{Port{0}, Port{65535}}});
}

TEST_CASE("random address sets of both families agree with a bit for each address",
          "[interval_set]") {
    check_random_sets(ip_points(), all_addresses());
}

TEST_CASE("an interval whose first is after its last adds nothing", "[interval_set]") {
    PortSet ports{{Port{9}, Port{8}}};
    CHECK(ports.empty());
    ports.insert({Port{1}, Port{0}});
    CHECK(ports == PortSet{});
}

TEST_CASE("neighbours become one interval, however they are added", "[interval_set]") {
    const PortSet one{{Port{1}, Port{30}}};
    CHECK(PortSet{{Port{1}, Port{10}}, {Port{11}, Port{20}}, {Port{21}, Port{30}}} == one);
    CHECK(PortSet{{Port{21}, Port{30}}, {Port{1}, Port{10}}, {Port{11}, Port{20}}} == one);
    CHECK(PortSet{{Port{5}, Port{30}}, {Port{1}, Port{6}}, {Port{7}, Port{8}}} == one);
}

TEST_CASE("the last IPv4 and the first IPv6 address are no neighbours", "[interval_set]") {
    const IpSet both = all_addresses();
    REQUIRE(both.intervals().size() == 2);
    CHECK(both - all_addresses(IpFamily::v4) == all_addresses(IpFamily::v6));
    CHECK(both - all_addresses(IpFamily::v6) == all_addresses(IpFamily::v4));
    CHECK((all_addresses(IpFamily::v6) | all_addresses(IpFamily::v4)) == both);

    IpSet ends{{IpAddress::v4(0xffffffffU), IpAddress::v4(0xffffffffU)}};
    ends.insert({IpAddress::v6(0, 0), IpAddress::v6(0, 0)});
    CHECK(ends.intervals().size() == 2);
}
