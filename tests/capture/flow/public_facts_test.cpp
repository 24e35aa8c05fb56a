// SPDX-License-Identifier: Apache-2.0
// Every public capture, packet by packet, against what tshark counts in it. Which keys of its facts
// are compared here and which elsewhere: tests/cli/facts.py.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/capture/flow/shared_captures.h"

using namespace nspect;
using namespace nspect::capture;
using namespace nspect::test;
using nlohmann::json;

namespace {

/// Where tshark counts otherwise: it looks at every layer, also into what an inner frame that is no
/// IP carries; it prints what it can of a header that is cut or wrong; and it takes an atomic
/// fragment for a part of something.
const std::map<std::string, std::set<std::string>> counted_otherwise{
    {"arkime__gre-erspan-vxlan.pcap", {"gre_packets", "ipv4_pairs"}},  // the middle of three
    {"skydive__gre-gre-icmpv4.pcap", {"ipv4_pairs"}},
    {"skydive__ping-with-without-ethernet.pcap", {"gre_packets"}},
    {"tcpdump__various_gre.pcap", {"gre_packets", "ipv4_pairs"}},
    {"tcpdump__vxlan.pcap", {"arp_packets"}},
    {"tcpdump__heapoverflow-ip_demux_print.pcap", {"ipv4_pairs"}},
    {"suricata-verify__sctp-pkt-too-small__input.pcap", {"ipv4_pairs"}},
    {"zeek__ipv6-http-atomic-frag.pcap", {"ip_fragment_packets"}},
    {"zeek__trunc__ip-discarder-truncated-tcp-oob.pcapng", {"ipv4_pairs"}},
    {"zeek__tunnels__6in6in6.pcap", {"ipv6_pairs"}},
    {"zeek__tunnels__geneve-arp.pcap", {"arp_packets", "geneve_vnis"}},
};

using Numbers = std::set<std::uint64_t>;

/// TCP between two ends, whatever its connections.
struct Stream {
    std::uint64_t payload = 0, syn = 0, synack = 0, fin = 0, rst = 0;
    bool operator==(const Stream&) const = default;
};
using Streams = std::map<std::pair<std::string, std::string>, Stream>;

struct Counted {
    std::uint64_t packets = 0, bytes = 0, cut = 0, arp = 0, fragments = 0, gre = 0;
    Timestamp first{}, last{};
    Numbers icmp, icmp6, vlans, vxlan, geneve, mpls;
    std::set<std::pair<std::string, std::string>> pairs4, pairs6;
    Streams tcp;
};

void count_pair(Counted& counted, const IpAddress& a, const IpAddress& b) {
    const auto ends = std::minmax({to_string(a), to_string(b)});
    (a.is_v4() ? counted.pairs4 : counted.pairs6).insert({ends.first, ends.second});
}

void count_tunnel(Counted& counted, const DecodedPacket& packet) {
    const TunnelLayer& tunnel = packet.tunnel;
    if (!tunnel.src.is_unspecified()) count_pair(counted, tunnel.src, tunnel.dst);
    if (tunnel.kind == TunnelKind::vxlan) counted.vxlan.insert(tunnel.id);
    if (tunnel.kind == TunnelKind::geneve) counted.geneve.insert(tunnel.id);
    if (tunnel.kind == TunnelKind::mpls) counted.mpls.insert(tunnel.id);
    for (const TunnelKind kind : {tunnel.kind, packet.carries}) {
        counted.gre += kind == TunnelKind::gre || kind == TunnelKind::erspan ? 1 : 0;
    }
}

void count_tcp(Counted& counted, const DecodedPacket& packet) {
    using namespace tcp_flag;
    const auto end = [](const IpAddress& ip, Port port) {
        return to_string(ip) + ":" + std::to_string(port.number);
    };
    const auto ends =
        std::minmax({end(packet.src, packet.src_port), end(packet.dst, packet.dst_port)});
    Stream& stream = counted.tcp[ends];
    const bool syn_set = (packet.tcp_flags & syn) != 0;
    const bool ack_set = (packet.tcp_flags & ack) != 0;
    stream.payload += packet.payload_bytes;
    stream.syn += syn_set && !ack_set ? 1 : 0;
    stream.synack += syn_set && ack_set ? 1 : 0;
    stream.fin += (packet.tcp_flags & fin) != 0 ? 1 : 0;
    stream.rst += (packet.tcp_flags & rst) != 0 ? 1 : 0;
}

void count(Counted& counted, const RawPacket& raw) {
    const DecodedPacket packet = decode(raw.data, raw.wire_length, raw.link);
    if (counted.packets++ == 0) counted.first = raw.time;
    counted.last = raw.time;
    counted.bytes += raw.wire_length;
    counted.cut += raw.data.size() < raw.wire_length ? 1 : 0;
    counted.arp += packet.outcome == DecodeOutcome::arp ? 1 : 0;
    if (packet.vlans.tagged()) counted.vlans.insert(packet.vlans.inner);
    if (packet.outcome != DecodeOutcome::ok) return;
    count_pair(counted, packet.src, packet.dst);
    count_tunnel(counted, packet);
    counted.fragments += packet.fragment ? 1 : 0;
    if (packet.later_fragment) return;
    if (packet.protocol == Protocol::icmp) counted.icmp.insert(packet.icmp_type);
    if (packet.protocol == Protocol::icmp6) counted.icmp6.insert(packet.icmp_type);
    if (packet.protocol == Protocol::tcp) count_tcp(counted, packet);
}

Counted counted_in(const std::filesystem::path& file) {
    Counted counted;
    auto source = open_file(file.string());
    if (!source) return counted;
    while (!(*source)->finished()) {
        if (!(*source)->read(1000, [&](const RawPacket& raw) { count(counted, raw); })) break;
    }
    return counted;
}

Numbers numbers_in(const json& facts, const char* key) {
    Numbers numbers;
    for (const std::string text : facts.value(key, json::array())) {
        numbers.insert(std::stoul(text, nullptr, 0));
    }
    return numbers;
}

std::string listed(const Numbers& numbers) {
    std::string text;
    for (const auto each : numbers) text += std::to_string(each) + " ";
    return text;
}

/// "1565212114.674956000".
std::string seconds_of(Timestamp time) {
    const auto ns = time.time_since_epoch().count();
    std::string fraction = std::to_string(ns % 1'000'000'000);
    return std::to_string(ns / 1'000'000'000) + "." + std::string(9 - fraction.size(), '0') +
           fraction;
}

class Comparison {
public:
    Comparison(const std::string& name, const json& facts) : name_(name), facts_(facts) {
        const auto found = counted_otherwise.find(name);
        if (found != counted_otherwise.end()) otherwise_ = found->second;
    }

    void number(const char* key, std::uint64_t seen) {
        say(key, std::to_string(seen), std::to_string(facts_.value(key, std::uint64_t{0})));
    }
    void text(const char* key, const std::string& seen) { say(key, seen, facts_.value(key, "")); }
    void numbers(const char* key, const Numbers& seen) {
        say(key, listed(seen), listed(numbers_in(facts_, key)));
    }
    /// Of a stack the innermost is kept; 0 is none.
    void innermost(const char* key, const Numbers& seen) {
        Numbers all = numbers_in(facts_, key);
        all.erase(0);
        const bool kept = std::includes(all.begin(), all.end(), seen.begin(), seen.end());
        if (!kept || seen.empty() != all.empty()) say(key, listed(seen), listed(all));
    }

    /// Of each pair of ends, over all their connections.
    void streams(const Streams& seen) {
        if (facts_.contains("tcp_listed") || otherwise_.contains("tcp")) return;
        Streams wanted;
        for (const json& each : facts_.value("tcp", json::array())) {
            const std::string a = each["a"];
            const std::string b = each["b"];
            Stream& stream = wanted[std::minmax({a, b})];
            stream.payload += each["payload_ab"].get<std::uint64_t>();
            stream.payload += each["payload_ba"].get<std::uint64_t>();
            for (const auto& [field, key] :
                 {std::pair(&Stream::syn, "syn"), std::pair(&Stream::synack, "synack"),
                  std::pair(&Stream::fin, "fin"), std::pair(&Stream::rst, "rst")}) {
                stream.*field += each[key].get<std::uint64_t>();
            }
        }
        for (const auto& [ends, stream] : wanted) {
            const auto found = seen.find(ends);
            const auto own = found == seen.end() ? Stream{} : found->second;
            if (!(own == stream)) say("tcp", ends.first + words(own), ends.second + words(stream));
        }
    }

    std::string wrong;

private:
    static std::string words(const Stream& stream) {
        std::string text;
        for (const auto number :
             {stream.payload, stream.syn, stream.synack, stream.fin, stream.rst}) {
            text += " " + std::to_string(number);
        }
        return text;
    }

    void say(const char* key, const std::string& seen, const std::string& wanted) {
        if (otherwise_.contains(key) || seen == wanted) return;
        wrong += name_ + " " + key + ": " + seen + ", not " + wanted + "\n";
    }

    std::string name_;
    const json& facts_;
    std::set<std::string> otherwise_;
};

std::string compared(const std::string& name, const json& facts, const Counted& counted) {
    Comparison compare(name, facts);
    compare.number("packets", counted.packets);
    compare.number("bytes_on_wire", counted.bytes);
    compare.number("cut_packets", counted.cut);
    compare.text("first_time", counted.packets > 0 ? seconds_of(counted.first) : "");
    compare.text("last_time", counted.packets > 0 ? seconds_of(counted.last) : "");
    compare.number("arp_packets", counted.arp);
    compare.number("ip_fragment_packets", counted.fragments);
    compare.number("gre_packets", counted.gre);
    compare.numbers("icmp_types", counted.icmp);
    compare.numbers("icmpv6_types", counted.icmp6);
    compare.innermost("vlan_ids", counted.vlans);
    compare.numbers("vxlan_vnis", counted.vxlan);
    compare.numbers("geneve_vnis", counted.geneve);
    compare.innermost("mpls_labels", counted.mpls);
    compare.number("ipv4_pairs", counted.pairs4.size());
    compare.number("ipv6_pairs", counted.pairs6.size());
    compare.streams(counted.tcp);
    return compare.wrong;
}

}  // namespace

TEST_CASE("public captures hold the packets tshark counts", "[flow][shared]") {
    const auto folder = shared_captures("public");
    std::error_code missing;
    std::string wrong;
    for (const auto& entry : std::filesystem::directory_iterator(folder, missing)) {
        if (entry.path().extension() == ".json") continue;
        const auto facts = json::parse(std::ifstream(entry.path().string() + ".json"))["expected"];
        if (facts["tshark_exit"] != 0) continue;
        wrong += compared(entry.path().filename().string(), facts, counted_in(entry.path()));
    }
    CHECK(wrong == "");
}
