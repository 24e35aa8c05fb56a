// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/app.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/capture/flow/flow_script.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;
using namespace std::string_literals;

namespace {

/// What both sides say in turn; ">" at the front: the client, "<": the server.
struct Row {
    std::string app;
    std::vector<std::string> says;
    bool by_client = true;  ///< known from the first payload alone
};

/// A frame with its big-endian length in front.
std::string counted(const std::string& content) {
    const auto n = content.size();
    return std::string{static_cast<char>(n >> 24U), static_cast<char>(n >> 16U),
                       static_cast<char>(n >> 8U), static_cast<char>(n)} +
           content;
}

std::string mysql(int sequence, const std::string& content) {
    return std::string{static_cast<char>(content.size()), 0, 0, static_cast<char>(sequence)} +
           content;
}

std::string mongo(std::uint32_t response_to, unsigned operation) {
    std::string text(32, '\0');
    text[0] = 32;
    text[8] = static_cast<char>(response_to);
    text[12] = static_cast<char>(operation);
    text[13] = static_cast<char>(operation >> 8U);
    return text;
}

std::vector<Row> streams() {
    return {
        {"http", {">GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n"}},
        {"http", {">CONNECT db:443 HTTP/1.1\r\n\r\n"}},
        {"http", {">GET /old\r\n"}},
        {"http", {"<HTTP/1.1 200 OK\r\n"}},
        {"", {">OPTIONS rtsp://camera RTSP/1.0\r\n"}},
        {"", {">GETTING started\r\n", "<fine\r\n"}},
        {"http2", {">PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}},
        {"grpc",
         {">PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "<"s + counted("x"),
          ">\0\0\x20\1\4\0\0\0\1\x5f\x8b\x1d\x75\xd0\x62\x0d\x26\x3d\x4c\x4d\x65\x64"s}},
        {"grpc", {">PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n.content-type.application/grpc"}},
        {"postgres", {">\0\0\0\x8\x4\xd2\x16\x2f"s}},
        {"postgres", {">"s + "\0\0\0\x14\0\3\0\0user\0shop\0\0\0"s}},
        {"postgres", {">Q\0\0\0\x0dSELECT 1\0"s, "<T\0\0\0\x20\0\1"s}, false},
        {"mysql",
         {"<"s + mysql(0,
                       "\x0a"s
                       "8.0.36\0"s +
                           std::string(60, 'a'))}},
        {"mysql", {">"s + mysql(0, "\3SELECT 1"), "<"s + mysql(1, "\1")}, false},
        {"redis", {">*1\r\n$4\r\nPING\r\n"}},
        {"redis", {">PING\r\n", "<+PONG\r\n"}, false},
        {"kafka", {">"s + counted("\0\x12\0\3\0\0\0\1\0\x7rdkafka\0"s)}},
        {"kafka",
         {">"s + counted("\0\1\0\3\0\0\0\1\xff\xff"s), "<"s + counted("\0\0\0\1\0\0"s)},
         false},
        {"mongodb", {">"s + mongo(0, 2013)}},
        {"mongodb", {"<"s + mongo(1, 1)}},
        {"amqp", {">AMQP\0\0\x9\1"s}},
        {"amqp", {">\1\0\1\0\0\0\4\0\x3c\0\x28\xce"s}},
        {"ssh", {"<SSH-2.0-OpenSSH_9.2\r\n"}},
        {"smtp", {"<220 mail ESMTP ready\r\n"}},
        {"smtp", {"<220 mail\r\n", ">EHLO me\r\n"}, false},
        {"ftp", {"<220 mail\r\n", ">USER me\r\n"}, false},
        {"ftp", {"<220 (vsFTPd 3.0)\r\n"}},
        {"pop3", {"<+OK ready\r\n", ">CAPA\r\n"}, false},
        {"imap", {"<* OK ready\r\n"}},
        {"ldap", {">\x30\x0c\2\1\1\x60\7\2\1\3\4\0\x80\0"s}},
        {"ldap",
         {">\x30\x0c\2\1\1\x63\7\2\1\3\4\0\x80\0"s, "<\x30\x0c\2\1\1\x65\7\2\1\3\4\0"s},
         false},
        {"memcached", {">set a 0 0 1\r\nx\r\n", "<STORED\r\n"}, false},
        {"nats", {"<INFO {\"server_id\":\"x\"}\r\n"}},
        {"mqtt", {">\x10\x10\0\4MQTT\4\2\0\x3c\0\0"s}},
        {"cassandra",
         {">\4\0\0\1\1\0\0\0\x16\0\1\0\x0b"
          "CQL_VERSION\0\5"
          "3.0.0"s}},
        {"cassandra", {">\4\0\0\1\5\0\0\0\0"s, "<\x84\0\0\1\6\0\0\0\0"s}, false},
        {"dns",
         {">\0\x1d\1\2\1\0\0\1\0\0\0\0\0\0\7example\0\0\1\0\1"s,
          "<\0\x1d\1\2\x81\x80\0\1\0\0\0\0\0\0\7example\0\0\1\0\1"s},
         false},
        {"", {">\x16\3\1\0\x50\1\0\0\x4c\3\3"s}},
        {"", {">"s + std::string(200, '\0'), "<"s + std::string(200, '\0')}},
        {"", {">\x17\3\3\0\x20"s + std::string(32, '\x7f')}},
    };
}

std::vector<Row> datagrams() {
    return {
        {"quic",
         {">\xc3\0\0\0\1\x8"
          "12345678\0"s +
          std::string(1180, 'x')}},
        {"quic",
         {">\xd3\x6b\x33\x43\xcf\x8"
          "12345678\0"s}},
        {"wireguard", {">\1\0\0\0"s + std::string(144, 'x')}},
        {"wireguard",
         {">\4\0\0\0"
          "abcd\1\0\0\0\0\0\0\0"s +
              std::string(16, 'x'),
          "<\4\0\0\0"
          "abcd\1\0\0\0\0\0\0\0"s +
              std::string(16, 'x')},
         false},
        {"ntp",
         {">\x23\0\6\xec"s + std::string(44, '\0'), "<\x24\2\6\xec"s + std::string(44, '\1')},
         false},
        {"stun", {">\0\1\0\0\x21\x12\xa4\x42"s + std::string(12, 'x')}},
        {"dhcp", {">\1\1\6\0"s + std::string(232, '\0') + "\x63\x82\x53\x63"s}},
        {"sip", {">INVITE sip:bob@example SIP/2.0\r\n"}},
        {"syslog", {"><134>Jan  1 00:00:00 host app: text"}},
        {"", {"><999>not a priority"}},
        {"ike", {">"s + "12345678"s + std::string(8, '\0') + "\x21\x20\x22\x8\0\0\0\0\0\0\0\x1c"s}},
        {"", {">hello, any one there?", "<no"}},
    };
}

AppSearch searched(const Row& row, Protocol protocol, std::size_t client = 0) {
    AppSearch search;
    for (const std::string& each : row.says) {
        const std::size_t direction = each[0] == '>' ? client : 1 - client;
        const auto bytes = as_bytes(std::string_view(each).substr(1));
        look_for_app(search, protocol, direction,
                     {bytes, static_cast<std::uint32_t>(bytes.size())});
    }
    return search;
}

}  // namespace

TEST_CASE("application protocols are named by what is said", "[app]") {
    for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
        for (const Row& row : protocol == Protocol::tcp ? streams() : datagrams()) {
            INFO(row.app << ": " << row.says.front());
            CHECK(to_string(searched(row, protocol).app) == row.app);
            CHECK(to_string(searched(row, protocol, 1).app) == row.app);
            if (row.by_client) continue;
            CHECK(to_string(searched({"", {row.says.front()}}, protocol).app).empty());
        }
    }
}

TEST_CASE("a signature that was cut by a short snap length is read safely", "[app]") {
    for (const auto protocol : {Protocol::tcp, Protocol::udp}) {
        for (const Row& row : protocol == Protocol::tcp ? streams() : datagrams()) {
            for (std::size_t cut = 0; cut < row.says.front().size(); ++cut) {
                AppSearch search;
                const auto whole = as_bytes(row.says.front()).subspan(1);
                const auto bytes = whole.first(std::min(cut, whole.size()));
                look_for_app(search, protocol, 0,
                             {bytes, static_cast<std::uint32_t>(whole.size())});
                const bool right = to_string(search.app).empty() ||
                                   to_string(search.app) == row.app ||
                                   (row.app == "grpc" && search.app == App::http2);
                INFO(row.app << " cut to " << cut);
                CHECK(right);
            }
        }
    }
}

TEST_CASE("a length near 2^32 is past the end of what there is", "[app]") {
    // In big endian at each place of a small packet, behind every first byte.
    for (unsigned first = 0; first < 256; ++first) {
        for (const char last : {'\xf0', '\xf4', '\xf7', '\xf8', '\xfb', '\xfc', '\xff'}) {
            for (std::size_t at = 1; at <= 8; ++at) {
                std::string text(24, '\0');
                text[0] = static_cast<char>(first);
                text.replace(at, 4, std::string("\xff\xff\xff") + last);
                AppSearch search;
                const auto bytes = as_bytes(text);
                look_for_app(search, Protocol::tcp, 0,
                             {bytes, static_cast<std::uint32_t>(bytes.size())});
                CHECK(to_string(search.app) != "amqp");
            }
        }
    }
}

TEST_CASE("the port does not name the protocol", "[app]") {
    FlowScript script;
    script.server_port = 5432;
    script.tcp({"> S 100", "< SA 500 101", "> A 101 501"});
    script.add(packet()
                   .ip4("10.0.0.1", "10.0.0.2")
                   .tcp(40000, 5432)
                   .seq(101)
                   .ack(501)
                   .payload("GET / HTTP/1.1\r\n\r\n"));
    CHECK(script.only().app == "http");
}

TEST_CASE("what is said tells who the client is, better than ports do", "[app]") {
    FlowScript script;
    const auto from = [](bool high_port) {
        auto built = packet();
        high_port ? built.ip4("10.0.0.1", "10.0.0.2").tcp(40000, 900)
                  : built.ip4("10.0.0.2", "10.0.0.1").tcp(900, 40000);
        return built;
    };
    script.add(from(true).seq(7).ack(9));
    script.add(from(false).seq(9).ack(7).payload("GET / HTTP/1.1\r\n\r\n"));
    script.add(from(true).seq(7).ack(27).payload("HTTP/1.1 200 OK\r\n\r\n"));
    const Sighting seen = script.only();
    CHECK(seen.client.port == Port{900});
    CHECK(seen.direction == DirectionEvidence::first_packet);
    CHECK(seen.outcome == Outcome::mid_stream);
    CHECK(seen.sent.packets == 1);
    CHECK(seen.received.packets == 2);
    CHECK(seen.think_time == std::chrono::milliseconds(1));
}

TEST_CASE("an opaque tunnel says so, with its own ends", "[app]") {
    FlowScript script;
    script.add(packet()
                   .ip4("10.0.0.1", "10.0.0.2")
                   .ip_protocol(50)
                   .payload({0, 0, 1, 0, 0, 0, 0, 1, 9, 9}));
    const Sighting seen = script.only();
    CHECK(seen.app == "esp");
    REQUIRE(seen.tunnel);
    CHECK(is_opaque(seen.tunnel->kind));
    CHECK(to_string(seen.tunnel->client) == "10.0.0.1");
}
