// SPDX-License-Identifier: Apache-2.0
// Every public capture against the flows tshark finds in it.
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/capture/flow/shared_captures.h"

using namespace nspect;
using namespace nspect::test;

namespace {

using Ends = std::pair<std::string, std::string>;
/// Packets by the two ends in order; per direction.
using Flows = std::multimap<Ends, std::pair<std::uint64_t, std::uint64_t>>;

/// Where tshark counts otherwise: it takes what an ICMP error or sFlow quotes for a flow, the UDP
/// around a ping in a tunnel too, and reads no TCP that is cut, or behind a mobility header.
const std::set<std::string> counted_otherwise{
    "ndpi__ipv6_in_gtp.pcap",
    "tcpdump__bigtcp-ipv6.pcap",
    "tcpdump__geneve.pcap udp",
    "tcpdump__mpls-over-udp.pcap",
    "tcpdump__vxlan.pcap",
    "zeek__icmp__icmp-destunreach-udp.pcap",
    "zeek__ipv6-mobility-dst-opts.pcap",
    "zeek__ipv4__fragmented-3.pcap",
    "pcapplusplus__ExamplesTest__pcap_examples__tcp-reassembly.pcap",
};

/// TCP conversations stand alone; datagrams of the same ends are one, whatever time lies between
/// and at how many interfaces they were seen.
void add(Flows& flows, bool merge, std::string a, std::string b, std::uint64_t ab,
         std::uint64_t ba) {
    if (b < a) {
        std::swap(a, b);
        std::swap(ab, ba);
    }
    const auto known = flows.find({a, b});
    if (!merge || known == flows.end()) {
        flows.insert({{a, b}, {ab, ba}});
    } else {
        known->second.first += ab;
        known->second.second += ba;
    }
}

std::string plain(const Socket& socket) {
    return to_string(socket.ip) + ":" + std::to_string(socket.port.number);
}

Flows expected_flows(const nlohmann::json& facts, const char* protocol) {
    Flows flows;
    if (!facts.contains(protocol)) return flows;
    for (const auto& each : facts[protocol]) {
        add(flows, std::string(protocol) == "udp", each["a"], each["b"], each["packets_ab"],
            each["packets_ba"]);
    }
    return flows;
}

/// tshark takes what a router sent back on another VLAN for the same flow.
Flows seen_flows(const std::vector<Sighting>& sightings, Protocol protocol) {
    Flows flows;
    for (const Sighting& s : sightings) {
        if (s.protocol != protocol) continue;
        const bool merge = protocol == Protocol::udp || s.vlan != 0;
        add(flows, merge, plain(s.client), plain(s.server), s.sent.packets, s.received.packets);
    }
    return flows;
}

std::string printed(const Flows& flows, bool with_packets) {
    std::vector<std::string> lines;
    for (const auto& [ends, packets] : flows) {
        std::string line = ends.first + " " + ends.second;
        if (with_packets) {
            line += " " + std::to_string(packets.first) + "/" + std::to_string(packets.second);
        }
        lines.push_back(std::move(line));
    }
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
}

}  // namespace

TEST_CASE("public captures hold the flows tshark finds", "[flow][shared]") {
    const auto folder = shared_captures("public");
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(folder, missing)) {
        if (entry.path().extension() == ".json") continue;
        const std::string name = entry.path().filename().string();
        CAPTURE(name);
        const auto facts =
            nlohmann::json::parse(std::ifstream(entry.path().string() + ".json"))["expected"];
        if (facts.contains("tcp_listed") || facts["tshark_exit"] != 0) continue;
        const auto sightings = sightings_of(entry.path());
        for (const auto& [protocol, key] :
             {std::pair{Protocol::tcp, "tcp"}, std::pair{Protocol::udp, "udp"}}) {
            const bool otherwise =
                counted_otherwise.count(name) + counted_otherwise.count(name + " " + key) > 0;
            if (otherwise) continue;
            // tshark counts a datagram once it is whole, we count what was on the wire.
            const bool fragments = facts.contains("ip_fragment_packets");
            CHECK(printed(seen_flows(sightings, protocol), !fragments) ==
                  printed(expected_flows(facts, key), !fragments));
        }
    }
}

TEST_CASE("public captures speak what they are said to speak", "[app][shared]") {
    struct Row {
        std::string file;
        std::string app;
        std::size_t flows;
    };
    const std::vector<Row> rows{
        {"arkime__gre-erspan-vxlan.pcap", "http", 1},
        {"arkime__http2-nghttp2.pcap", "http2", 1},
        {"arkime__mysql-tls.pcap", "mysql", 1},
        {"arkime__postgres-good.pcap", "postgres", 1},
        {"ndpi__amqp.pcap", "amqp", 3},
        {"ndpi__cassandra.pcap", "cassandra", 2},
        {"ndpi__esp.pcapng", "esp", 1},
        {"ndpi__gre.pcapng", "sip", 1},
        {"ndpi__http2.pcapng", "http2", 1},
        {"ndpi__kafka.pcapng", "kafka", 9},
        {"ndpi__memcached.cap", "memcached", 1},
        {"ndpi__mongodb.pcap", "mongodb", 5},
        {"ndpi__mqtt.pcap", "mqtt", 2},
        {"ndpi__mysql.pcapng", "mysql", 2},
        {"ndpi__nats.pcap", "nats", 2},
        {"ndpi__quic-v2.pcapng", "quic", 1},
        {"ndpi__syslog.pcap", "syslog", 21},
        {"ndpi__wireguard.pcap", "wireguard", 3},
        {"pcapplusplus__four_ipv6_http_streams.pcap", "http", 4},
        {"pcapplusplus__postgres.pcapng", "postgres", 1},
        {"tcpdump__dns_tcp.pcap", "dns", 1},
        {"tcpdump__espudp1.pcap", "esp", 1},
        {"tcpdump__geneve.pcap", "ssh", 1},
        {"zeek__ipv6-http-atomic-frag.pcap", "http", 4},
        {"zeek__ldap__ldap-starttls.pcap", "ldap", 1},
        {"zeek__ldap__simpleauth.pcap", "ldap", 1},
        {"zeek__mysql__encrypted.pcap", "mysql", 1},
        {"zeek__mysql__mysql.pcap", "mysql", 1},
        {"zeek__mysql__tls-13-amazon-rds.pcap", "mysql", 1},
        {"zeek__pop3__redis-50-pings.pcap", "redis", 1},
        {"zeek__postgresql__mysql-on-port-5432.pcap", "mysql", 1},
        {"zeek__postgresql__psql-aws-ssl-require.pcap", "postgres", 1},
        {"zeek__postgresql__psql-login.pcap", "postgres", 1},
        {"zeek__redis__pipelining-example.pcap", "redis", 1},
        {"zeek__redis__set.pcap", "redis", 1},
        {"zeek__ssl-and-ssh-using-sslh.pcap", "ssh", 1},
        {"zeek__tls__imap-starttls.pcap", "imap", 1},
        {"zeek__tls__smtp-starttls.pcap", "smtp", 1},
        {"zeek__tls__webrtc-stun.pcap", "stun", 1},
        {"zeek__tunnels__vxlan-encapsulated-http.pcap", "http", 1},
    };
    const auto folder = shared_captures("public");
    if (!std::filesystem::exists(folder)) return;
    for (const Row& row : rows) {
        CAPTURE(row.file);
        std::size_t found = 0;
        for (const Sighting& s : sightings_of(folder / row.file)) found += s.app == row.app ? 1 : 0;
        CHECK(found == row.flows);
    }
}
