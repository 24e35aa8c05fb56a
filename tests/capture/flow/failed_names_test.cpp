// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/failed_names.h"

#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

using namespace nspect;
using namespace nspect::capture;

namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t answered = 0x80;

Timestamp at(Duration time) {
    return Timestamp{std::chrono::seconds{1'767'225'600}} + time;
}

std::vector<std::byte> message(std::uint8_t flags, std::uint8_t rcode, std::string_view name,
                               std::uint8_t type = 1, std::uint8_t id = 7) {
    std::string bytes{'\0', static_cast<char>(id), static_cast<char>(flags),
                      static_cast<char>(rcode)};
    bytes += std::string("\0\1\0\0\0\0\0\0", 8);
    bytes += static_cast<char>(name.size());
    bytes += std::string(name) + std::string("\0\0", 2) + static_cast<char>(type) +
             std::string("\0\1", 2);
    std::vector<std::byte> made;
    for (const char each : bytes) made.push_back(static_cast<std::byte>(each));
    return made;
}

class Lookup {
public:
    void ask(std::string_view name, Duration when, std::uint8_t type = 1, std::uint8_t id = 7) {
        const auto bytes = message(0, 0, name, type, id);
        names.ask(packet(bytes, client, server), 3, at(when));
    }
    void answer(std::string_view name, std::uint8_t rcode, Duration when, std::uint8_t type = 1,
                std::uint8_t id = 7) {
        const auto bytes = message(answered, rcode, name, type, id);
        names.answer(packet(bytes, server, client), decode_dns(bytes), 3, at(when));
    }

    FailedNames names;

private:
    static DecodedPacket packet(const std::vector<std::byte>& bytes, const char* from,
                                const char* to) {
        DecodedPacket made;
        made.src = *IpAddress::parse(from);
        made.dst = *IpAddress::parse(to);
        made.src_port = Port{static_cast<std::uint16_t>(from == client ? 40000 : 53)};
        made.dst_port = Port{static_cast<std::uint16_t>(from == client ? 53 : 40000)};
        made.payload = bytes;
        return made;
    }
    static constexpr const char* client = "10.0.0.1";
    static constexpr const char* server = "10.0.0.53";
};

}  // namespace

TEST_CASE("an error is kept with who asked whom for what") {
    const auto [rcode, problem] =
        GENERATE(std::pair{2, NameProblem::server_failure}, std::pair{3, NameProblem::no_such_name},
                 std::pair{5, NameProblem::refused});
    Lookup dns;
    dns.ask("db", 1s);
    dns.answer("db", static_cast<std::uint8_t>(rcode), 1s);
    const auto failures = dns.names.take(at(60s));
    REQUIRE(failures.size() == 1);
    CHECK(failures[0] == NameFailure{at(1s), 3, *IpAddress::parse("10.0.0.1"),
                                     *IpAddress::parse("10.0.0.53"), "db", problem});
}

TEST_CASE("an answer is no failure") {
    Lookup dns;
    dns.ask("db", 1s);
    dns.answer("db", 0, 1s);
    CHECK(dns.names.take(at(60s)).empty());
}

TEST_CASE("a question is unanswered when its time is over, not before") {
    Lookup dns;
    dns.ask("db", 1s);
    CHECK(dns.names.take(at(5s)).empty());
    const auto failures = dns.names.take(at(6s));
    REQUIRE(failures.size() == 1);
    CHECK(failures[0].problem == NameProblem::unanswered);
    CHECK(failures[0].at == at(1s));
    CHECK(dns.names.take(at(60s)).empty());
}

TEST_CASE("the same failure is kept once a minute") {
    Lookup dns;
    for (int i = 0; i < 90; ++i) dns.answer("db", 3, std::chrono::seconds(i));
    CHECK(dns.names.take(at(90s)).size() == 2);
}

TEST_CASE("reverse lookups are not failures: most addresses have no name") {
    Lookup dns;
    dns.ask("1", 1s, 12);
    dns.answer("1", 3, 1s, 12);
    dns.ask("2", 1s, 12, 8);
    CHECK(dns.names.take(at(60s)).empty());
}

TEST_CASE("a flood of questions is bounded and never makes an answered one unanswered") {
    Lookup dns;
    for (int i = 0; i < 100'000; ++i) {
        const auto id = static_cast<std::uint8_t>(i);
        const std::string name = "n" + std::to_string(i);
        dns.ask(name, std::chrono::milliseconds(i), 1, id);
        dns.answer(name, 0, std::chrono::milliseconds(i), 1, id);
    }
    CHECK(dns.names.take(at(1000s)).empty());
}

TEST_CASE("what does not fit the bound is counted") {
    FailedNames names(2);
    for (const char* name : {"a", "b", "c"}) {
        const auto bytes = message(answered, 3, name);
        DecodedPacket packet;
        packet.payload = bytes;
        names.answer(packet, decode_dns(bytes), 1, at(1s));
    }
    CHECK(names.take(at(2s)).size() == 2);
    CHECK(names.lost() == 1);
}
