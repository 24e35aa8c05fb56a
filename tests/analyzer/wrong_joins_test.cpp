// SPDX-License-Identifier: Apache-2.0
// A wrong join is worse than a missed one: 100 000 conversations a case, made to look alike.
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "analyzer/identity.h"
#include "analyzer/stitch_join.h"
#include "tests/analyzer/recording_builder.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;

namespace {

constexpr std::uint32_t many = 100'000;

/// Sightings, each with the number of the conversation it is really of.
class Crowd {
public:
    Crowd() { recording_.host("10.255.255.254"); }

    Sighting& add(std::uint32_t truth, Sighting sighting) {
        auto& all = recording_.recording().sightings;
        sighting.id = all.size() + 1;
        truths_.push_back(truth);
        return all.emplace_back(std::move(sighting));
    }
    /// A Service that leads to the pods of these addresses.
    void service(const IpAddress& address, std::uint16_t port, std::uint16_t target,
                 std::vector<IpAddress> pods) {
        Service made;
        made.namespace_name = "shop";
        made.name = "s" + std::to_string(inventory_.services().size());
        made.addresses = {address};
        made.backends = std::move(pods);
        for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
            made.ports.push_back({"", Port{port}, protocol, "", Port{target}, std::nullopt});
        }
        inventory_.add_service(std::move(made));
    }

    struct Judged {
        std::size_t wrong = 0;   ///< conversations made of several
        std::size_t missed = 0;  ///< conversations that came out as several
    };
    Judged judge() {
        const auto inventory = with_recording(std::move(inventory_), recording_.recording());
        const auto numbers = join_sightings(recording_.recording(), inventory);
        std::map<std::uint32_t, std::set<std::uint32_t>> truths_of;
        std::map<std::uint32_t, std::set<std::uint32_t>> numbers_of;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            truths_of[numbers[i]].insert(truths_[i]);
            numbers_of[truths_[i]].insert(numbers[i]);
        }
        Judged judged;
        for (const auto& [_, truths] : truths_of) judged.wrong += truths.size() > 1 ? 1 : 0;
        for (const auto& [_, all] : numbers_of) judged.missed += all.size() > 1 ? 1 : 0;
        return judged;
    }

private:
    RecordingBuilder recording_;
    Inventory inventory_;
    std::vector<std::uint32_t> truths_;
};

std::uint32_t random_number() {
    static std::uint64_t state = 1;
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::uint32_t>(state >> 32U);
}

Sighting attempt(const Socket& client, const Socket& server, std::uint32_t isn, Duration when) {
    Sighting s;
    s.protocol = Protocol::tcp;
    s.client = client;
    s.server = server;
    s.client_isn = isn;
    s.first = test::at(when);
    s.last = s.first + 1ms;
    s.sent = {1, 20};
    s.outcome = Outcome::unanswered;
    return s;
}

Sighting answered(Sighting s, std::uint32_t isn) {
    s.server_isn = isn;
    s.received = {1, 20};
    s.outcome = Outcome::established;
    return s;
}

Sighting datagram(const Socket& client, const Socket& server, std::uint64_t payload,
                  Duration when) {
    Sighting s = attempt(client, server, 0, when);
    s.protocol = Protocol::udp;
    s.ip_protocol = 17;
    s.client_isn.reset();
    s.fingerprint = payload;
    return s;
}

Sighting at_place(Sighting s, std::uint32_t vantage, Duration later) {
    s.vantage = vantage;
    s.first += later;
    s.last += later;
    return s;
}

const Socket node_socket{IpAddress::v4(0x0afffffe), Port{40000}};
const Socket service_socket{IpAddress::v4(0x0a600001), Port{80}};

Socket pod(std::uint32_t i, std::uint16_t port = 40000) {
    return {IpAddress::v4(0x0a000000U + i), Port{port}};
}
Socket server(std::uint32_t i, std::uint16_t port = 443) {
    return {IpAddress::v4(0x0b000000U + i), Port{port}};
}

}  // namespace

TEST_CASE("equal ports: each conversation is joined over its places, with no other") {
    Crowd crowd;
    for (std::uint32_t i = 0; i < many; ++i) {
        auto s = attempt(pod(i), server(0), random_number(), std::chrono::microseconds{i});
        if (i % 2 == 0) s = answered(s, random_number());
        crowd.add(i, at_place(s, 1, 0us));
        crowd.add(i, at_place(s, 2, 3us));
    }
    const auto judged = crowd.judge();
    CHECK(judged.wrong == 0);
    CHECK(judged.missed == 0);
}

TEST_CASE("equal ports and equal numbers of all clients, answered or not") {
    Crowd crowd;
    crowd.service(service_socket.ip, 80, 443, {server(0).ip});
    const bool is_answered = GENERATE(true, false);
    // Among the clients is the node, among the servers a Service and what stands behind it.
    for (std::uint32_t i = 0; i < many; ++i) {
        const auto client = i % 1000 == 0 ? Socket{node_socket.ip, Port{40000}} : pod(i);
        const auto to = i % 2 == 0 ? server(i / 1000) : service_socket;
        auto s = attempt(client, to, 7, std::chrono::microseconds{i});
        if (is_answered) s = answered(s, random_number());
        // One client cannot use one pair of sockets twice at once.
        if (i % 1000 == 0) s.server = server(i);
        crowd.add(i, at_place(s, 1 + i % 3, 0us));
    }
    CHECK(crowd.judge().wrong == 0);
}

TEST_CASE("a scanner's one socket and number towards many ports and hosts are many attempts") {
    Crowd crowd;
    crowd.service(service_socket.ip, 80, 8080, {server(5).ip});
    for (std::uint32_t i = 0; i < many; ++i) {
        const auto port = static_cast<std::uint16_t>(1 + i % 60'000);
        const auto target = i < 60'000 ? Socket{service_socket.ip, Port{port}} : server(5, port);
        crowd.add(i, at_place(attempt(pod(1), target, 7, std::chrono::microseconds{i}), 1, 0us));
    }
    CHECK(crowd.judge().wrong == 0);
}

TEST_CASE("a scanner of two hosts: what it takes to join is more than a number") {
    Crowd crowd;
    crowd.add(0, at_place(attempt(pod(1), server(1), 7, 1us), 1, 0us));
    crowd.add(1, at_place(attempt(pod(1), server(2), 7, 2us), 2, 0us));
    CHECK(crowd.judge().wrong == 0);
}

TEST_CASE("a Service leads to its own port, not to the one beside it") {
    Crowd crowd;
    crowd.service(service_socket.ip, 80, 8080, {server(5).ip});
    crowd.add(0, at_place(attempt(pod(1), service_socket, 7, 1us), 1, 0us));
    SECTION("another port") {
        crowd.add(1, at_place(attempt(pod(1), server(5, 8081), 7, 2us), 2, 0us));
        CHECK(crowd.judge().wrong == 0);
    }
    SECTION("its own") {
        crowd.add(0, at_place(attempt(pod(1), server(5, 8080), 7, 2us), 2, 0us));
        CHECK(crowd.judge().missed == 0);
    }
}

TEST_CASE("translated and unanswered, all from one port") {
    Crowd crowd;
    const bool masqueraded = GENERATE(false, true);
    const auto target = masqueraded ? server(1, 80) : service_socket;
    if (!masqueraded) crowd.service(service_socket.ip, 80, 80, {server(1).ip});
    for (std::uint32_t i = 0; i < many; ++i) {
        const auto when = std::chrono::microseconds{i};
        const auto isn = random_number();
        const auto after = masqueraded ? node_socket : pod(i);
        crowd.add(i, at_place(attempt(pod(i), target, isn, when), 1, 0us));
        // The masqueraded of one port are one another's later uses.
        crowd.add(i, at_place(attempt(after, server(1, 80), isn, when), 2, 5us));
    }
    const auto judged = crowd.judge();
    CHECK(judged.wrong == 0);
    CHECK(judged.missed < many / 1000);  // the same number by chance: in doubt
}

TEST_CASE("two clients masqueraded at once with one port and one number are in doubt") {
    Crowd crowd;
    crowd.add(0, at_place(attempt(pod(1), server(1), 7, 1us), 1, 0us));
    crowd.add(1, at_place(attempt(pod(2), server(1), 7, 2us), 1, 0us));
    crowd.add(1, at_place(attempt(node_socket, server(1), 7, 3us), 2, 0us));
    CHECK(crowd.judge().wrong == 0);
}

TEST_CASE("a socket pair used 100 000 times: each sighting joins the right use") {
    Crowd crowd;
    const bool late = GENERATE(true, false);
    for (std::uint32_t i = 0; i < many; ++i) {
        const auto when = std::chrono::milliseconds{10 * i};
        const auto s = answered(attempt(pod(1), server(1), random_number(), when), random_number());
        crowd.add(i, at_place(s, 1, 0us));
        auto other = at_place(s, 2, 3us);
        if (late && i % 4 == 1) other = at_place(s, 2, 5s);  // its first SYNs were lost before it
        if (!late && i % 4 == 2) other.client_isn.reset();   // began too late to see the SYN
        if (!late && i % 4 == 3) {
            other.client_isn.reset();
            other.server_isn.reset();
        }
        crowd.add(i, other);
    }
    const auto judged = crowd.judge();
    CHECK(judged.wrong == 0);
    CHECK(judged.missed == 0);
}

TEST_CASE("datagrams of equal ports and payload stay apart, whomever they are sent to") {
    Crowd crowd;
    crowd.service(service_socket.ip, 53, 53, {server(1).ip, server(2).ip});
    const auto dialled = Socket{service_socket.ip, Port{53}};
    for (std::uint32_t i = 0; i < many; ++i) {
        const auto when = std::chrono::microseconds{i};
        const auto client = i % 1000 == 0 ? node_socket : pod(i);
        auto to = i % 3 == 0 ? dialled : server(i % 3, 53);
        if (i % 1000 == 0) to = server(1000 + i, 53);
        crowd.add(i, at_place(datagram(client, to, 99, when), 1 + i % 2, 0us));
    }
    CHECK(crowd.judge().wrong == 0);
}

TEST_CASE("two tenants with the same addresses inside two overlays stay two") {
    Crowd crowd;
    const bool tcp = GENERATE(true, false);
    for (std::uint32_t i = 0; i < many; ++i) {
        const auto when = std::chrono::microseconds{i};
        for (std::uint32_t tenant = 0; tenant < 2; ++tenant) {
            auto s =
                tcp ? attempt(pod(i), server(1), 0, when) : datagram(pod(i), server(1), 9, when);
            if (tcp) s.client_isn.reset();
            s.tunnel = TunnelSeen{.kind = TunnelKind::vxlan, .id = 100 + tenant};
            crowd.add(2 * i + tenant, at_place(s, 1 + tenant, 0us));
        }
    }
    CHECK(crowd.judge().wrong == 0);
}

TEST_CASE("tuples made to have one hash hide no other conversation") {
    Crowd crowd;
    const auto mix = [](std::uint64_t value) {  // as the joiner has it
        value ^= value >> 33U;
        value *= 0xff51afd7ed558ccdULL;
        value ^= value >> 33U;
        value *= 0xc4ceb9fe1a85ec53ULL;
        return value ^ (value >> 33U);
    };
    const auto made = [&](std::uint64_t low) {
        return Socket{IpAddress::v6(0x1234567890abcdefULL ^ mix(low ^ mix(40000)), low),
                      Port{40000}};
    };
    for (std::uint32_t i = 0; i < many; ++i) {
        const auto s = attempt(made(i), made(0x100000000ULL), i, std::chrono::microseconds{i});
        crowd.add(i, at_place(s, 1, 0us));
        crowd.add(i, at_place(s, 2, 200ms));  // all the others are between
    }
    const auto judged = crowd.judge();
    CHECK(judged.wrong == 0);
    CHECK(judged.missed == 0);
}
