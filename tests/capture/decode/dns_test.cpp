// SPDX-License-Identifier: Apache-2.0
#include "capture/decode/dns.h"

#include <string>

#include <catch2/catch.hpp>

#include "tests/capture/packet_builder.h"

using namespace nspect;
using namespace nspect::capture;
using namespace std::string_literals;
using test::as_bytes;

namespace {

std::string u16(unsigned value) {
    return {static_cast<char>(value >> 8U), static_cast<char>(value)};
}

std::string header(unsigned flags, unsigned questions, unsigned answers) {
    return u16(0x1234) + u16(flags) + u16(questions) + u16(answers) + u16(0) + u16(0);
}

std::string label(const std::string& text) {
    return std::string(1, static_cast<char>(text.size())) + text;
}

const std::string question = label("Shop") + label("Example") + "\0"s + u16(1) + u16(1);  // at 12
const std::string pointer_to_question = "\xc0\x0c"s;

std::string record(const std::string& name, unsigned type, const std::string& value,
                   unsigned record_class = 1) {
    return name + u16(type) + u16(record_class) + u16(0) + u16(60) +
           u16(static_cast<unsigned>(value.size())) + value;
}

DnsMessage decoded(const std::string& message) {
    return decode_dns(as_bytes(message));
}

}  // namespace

TEST_CASE("a query gives its lower-cased name and type", "[dns]") {
    const auto message = decoded(header(0x0100, 1, 0) + question);
    CHECK(message.outcome == DnsMessage::Outcome::ok);
    CHECK(message.id == 0x1234);
    CHECK_FALSE(message.response);
    CHECK(message.question == "shop.example");
    CHECK(message.question_type == dns_type::a);
}

TEST_CASE("an answer is followed along its chain, in any order", "[dns]") {
    const std::string alias = label("www") + pointer_to_question;
    const auto message =
        decoded(header(0x8180, 1, 4) + question + record(alias, dns_type::a, "\x0a\x00\x00\x05"s) +
                record(pointer_to_question, dns_type::cname, alias) +
                record(alias, dns_type::aaaa, "\xfd"s + std::string(14, '\0') + "\x05") +
                record(label("other") + "\0"s, dns_type::a, "\x0a\x00\x00\x09"s));
    CHECK(message.outcome == DnsMessage::Outcome::ok);
    CHECK(message.response);
    REQUIRE(message.answers.size() == 4);
    CHECK(message.answers[1].target == "www.shop.example");
    CHECK(message.answers[0].ttl == 60);
    CHECK(resolved_addresses(message) ==
          std::vector{IpAddress::v4(0x0a000005), IpAddress::v6(0xfd00000000000000U, 5)});
}

TEST_CASE("a chain that bites its tail ends", "[dns]") {
    const auto message = decoded(header(0x8180, 1, 1) + question +
                                 record(pointer_to_question, dns_type::cname, pointer_to_question));
    CHECK(message.answers.size() == 1);
    CHECK(resolved_addresses(message).empty());
}

TEST_CASE("other records are passed over, and multicast's class bit is no other class", "[dns]") {
    const auto message =
        decoded(header(0x8400, 1, 3) + question + record(pointer_to_question, 16, label("text")) +
                record(pointer_to_question, 1, "\x0a\0\0\x01"s, 3) +
                record(pointer_to_question, 1, "\x0a\0\0\x02"s, 0x8001));
    REQUIRE(message.answers.size() == 1);
    CHECK(message.answers[0].address == IpAddress::v4(0x0a000002));
}

TEST_CASE("the result code of a refusal is kept", "[dns]") {
    CHECK(decoded(header(0x8183, 1, 0) + question).rcode == 3);
    CHECK(decoded(header(0x8380, 1, 0) + question).cut);
}

TEST_CASE("hostile bytes in names are kept escaped", "[dns]") {
    const auto name = [](const std::string& wire) {
        return decoded(header(0, 1, 0) + wire + u16(1) + u16(1)).question;
    };
    CHECK(name(label("a.b") + label("c\\d") + "\0"s) == "a\\.b.c\\\\d");
    CHECK(name(label("\x1b[2J\xff"s) + "\0"s) == "\\027[2j\\255");
    CHECK(name(label("a b") + "\0"s) == "a\\032b");
    CHECK(name("\0"s) == ".");
}

TEST_CASE("names that cannot be are refused", "[dns]") {
    std::string deep;
    for (int i = 0; i < 128; ++i) deep += label("a");
    std::string wide;
    for (int i = 0; i < 4; ++i) wide += label(std::string(63, 'w'));
    const auto wire = GENERATE_COPY(
        values<std::string>({"\xc0\x0c"s, "\xc0\x20"s, label("a") + "\xc0\x0c",
                             "\x40"s + std::string(64, 'x'), "\x80"s, deep + "\0"s, wide + "\0"s}));
    const auto message = decoded(header(0, 1, 0) + wire + u16(1) + u16(1) + std::string(40, '\0'));
    CHECK(message.outcome == DnsMessage::Outcome::malformed);
    CHECK(message.question.empty());
}

TEST_CASE("the longest name there can be is read", "[dns]") {
    std::string wire;
    for (int i = 0; i < 127; ++i) wire += label("a");
    const auto message = decoded(header(0, 1, 0) + wire + "\0"s + u16(1) + u16(1));
    CHECK(message.outcome == DnsMessage::Outcome::ok);
    CHECK(message.question.size() == 253);
}

TEST_CASE("an address of the wrong size is malformed", "[dns]") {
    const auto message =
        decoded(header(0x8180, 1, 1) + question + record(pointer_to_question, 1, "abc"));
    CHECK(message.outcome == DnsMessage::Outcome::malformed);
    CHECK(message.answers.empty());
}

TEST_CASE("a message cut anywhere keeps what was whole", "[dns]") {
    const std::string whole = header(0x8180, 1, 2) + question +
                              record(pointer_to_question, 1, "\x0a\0\0\x01"s) +
                              record(pointer_to_question, 1, "\x0a\0\0\x02"s);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto message = decoded(whole.substr(0, length));
        CAPTURE(length);
        CHECK(message.outcome == DnsMessage::Outcome::truncated);
        CHECK(message.answers.size() == (length >= whole.size() - 16 ? 1 : 0));
    }
}

TEST_CASE("no more than 64 answers are kept", "[dns]") {
    std::string wire = header(0x8180, 1, 100) + question;
    for (int i = 0; i < 100; ++i) wire += record(pointer_to_question, 1, "\x0a\0\0\x01"s);
    CHECK(decoded(wire).answers.size() == 64);
}

TEST_CASE("messages are taken off a TCP stream one by one", "[dns]") {
    const std::string text = u16(3) + "abc" + u16(2) + "de" + u16(9) + "f";
    auto stream = as_bytes(text);
    CHECK(next_dns_over_tcp(stream).size() == 3);
    CHECK(next_dns_over_tcp(stream).size() == 2);
    CHECK(next_dns_over_tcp(stream).empty());
    CHECK(stream.size() == 3);
}
