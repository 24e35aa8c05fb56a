// SPDX-License-Identifier: Apache-2.0
#include "model/traffic.h"

#include <array>
#include <cassert>
#include <charconv>
#include <cstdlib>
#include <utility>

namespace nspect {
namespace {

constexpr PortRange all_types{Port{0}, Port{255}};
constexpr std::string_view all_text = "All Connections";
constexpr std::string_view none_text = "No Connections";

using Part = std::pair<Protocol, PortSet TrafficSet::*>;
/// In the order of the CONN text; the first three are all it may hold.
constexpr std::array<Part, 5> parts{{{Protocol::sctp, &TrafficSet::sctp},
                                     {Protocol::tcp, &TrafficSet::tcp},
                                     {Protocol::udp, &TrafficSet::udp},
                                     {Protocol::icmp, &TrafficSet::icmp},
                                     {Protocol::icmp6, &TrafficSet::icmp6}}};
constexpr std::size_t conn_parts = 3;

std::optional<PortSet TrafficSet::*> part_of(Protocol protocol) {
    for (const auto& [name, part] : parts) {
        if (name == protocol) return part;
    }
    return std::nullopt;
}

constexpr PortRange whole(Protocol protocol) {
    return protocol == Protocol::icmp || protocol == Protocol::icmp6 ? all_types : all_ports;
}

std::optional<Port> parse_port(std::string_view text) {
    Port port;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, port.number);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    return port;
}

std::optional<PortRange> parse_range(std::string_view text) {
    const auto dash = text.find('-');
    const auto first = parse_port(text.substr(0, dash));
    if (dash == std::string_view::npos) {
        return first ? std::optional(PortRange{*first, *first}) : std::nullopt;
    }
    const auto last = parse_port(text.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    return PortRange{*first, *last};
}

bool same_ignoring_case(std::string_view text, std::string_view upper) {
    if (text.size() != upper.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool lower = text[i] >= 'a' && text[i] <= 'z';
        const bool name_lower = upper[i] >= 'a' && upper[i] <= 'z';
        const int a = lower ? text[i] - 'a' + 'A' : text[i];
        const int b = name_lower ? upper[i] - 'a' + 'A' : upper[i];
        if (a != b) return false;
    }
    return true;
}

void append_list(std::string& text, std::string_view item) {
    if (!text.empty()) text += ',';
    text += item;
}

std::string list_parts(const TrafficSet& traffic, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        const auto& [protocol, part] = parts.at(i);
        const PortSet& ports = traffic.*part;
        if (ports.empty()) continue;
        append_list(text, to_string(protocol));
        text += ' ' + to_string(ports);
    }
    return text;
}

/// One piece of CONN text between commas: "TCP 80" starts a protocol, "443" goes on with it.
bool add_conn_piece(std::string_view piece, PortSet TrafficSet::*& current, TrafficSet& traffic) {
    const auto space = piece.find(' ');
    if (space != std::string_view::npos) {
        const auto protocol = parse_protocol(piece.substr(0, space));
        if (!protocol || !has_ports(*protocol)) return false;
        current = *part_of(*protocol);
        piece.remove_prefix(space + 1);
    }
    const auto range = parse_range(piece);
    if (!range || current == nullptr) return false;
    (traffic.*current).insert(*range);
    return true;
}

template <class Combine>
TrafficSet combine(const TrafficSet& left, const TrafficSet& right, Combine&& combined) {
    TrafficSet result;
    for (const auto& [protocol, part] : parts) {
        result.*part = combined(left.*part, right.*part);
    }
    return result;
}

}  // namespace

std::optional<Port> successor(Port port) {
    if (port.number == 65535) return std::nullopt;
    return Port{static_cast<std::uint16_t>(port.number + 1)};
}

std::optional<Port> predecessor(Port port) {
    if (port.number == 0) return std::nullopt;
    return Port{static_cast<std::uint16_t>(port.number - 1)};
}

std::string to_string(const PortSet& ports) {
    std::string text;
    for (const auto& range : ports.intervals()) {
        append_list(text, std::to_string(range.first.number));
        if (range.first != range.last) text += '-' + std::to_string(range.last.number);
    }
    return text;
}

std::optional<PortSet> parse_port_set(std::string_view text) {
    PortSet ports;
    if (text.empty()) return ports;
    for (bool more = true; more;) {
        const auto comma = text.find(',');
        const auto range = parse_range(text.substr(0, comma));
        if (!range) return std::nullopt;
        ports.insert(*range);
        more = comma != std::string_view::npos;
        if (more) text.remove_prefix(comma + 1);
    }
    return ports;
}

std::string_view to_string(Protocol protocol) {
    switch (protocol) {
        case Protocol::tcp:
            return "TCP";
        case Protocol::udp:
            return "UDP";
        case Protocol::sctp:
            return "SCTP";
        case Protocol::icmp:
            return "ICMP";
        case Protocol::icmp6:
            return "ICMPv6";
        case Protocol::other:
            break;
    }
    return "OTHER";
}

std::optional<Protocol> parse_protocol(std::string_view text) {
    using enum Protocol;
    for (const auto protocol : {tcp, udp, sctp, icmp, icmp6, other}) {
        if (same_ignoring_case(text, to_string(protocol))) return protocol;
    }
    if (same_ignoring_case(text, "ICMP6")) return icmp6;
    return std::nullopt;
}

bool has_ports(Protocol protocol) {
    return protocol == Protocol::tcp || protocol == Protocol::udp || protocol == Protocol::sctp;
}

std::string to_string(const TrafficPoint& point) {
    std::string text(to_string(point.protocol));
    if (point.protocol != Protocol::other) text += ' ' + std::to_string(point.port.number);
    return text;
}

TrafficSet TrafficSet::all() {
    TrafficSet traffic;
    for (const auto& [protocol, part] : parts) traffic.*part = {whole(protocol)};
    traffic.other = true;
    return traffic;
}

TrafficSet TrafficSet::of(Protocol protocol) {
    return of(protocol, whole(protocol));
}

TrafficSet TrafficSet::of(Protocol protocol, PortRange ports) {
    TrafficSet traffic;
    if (const auto part = part_of(protocol)) {
        (traffic.*(*part)).insert(ports);
    } else {
        traffic.other = true;
    }
    return traffic;
}

bool TrafficSet::empty() const noexcept {
    return tcp.empty() && udp.empty() && sctp.empty() && icmp.empty() && icmp6.empty() && !other;
}

bool TrafficSet::contains(const TrafficPoint& point) const {
    const auto part = part_of(point.protocol);
    return part ? (this->*(*part)).contains(point.port) : other;
}

bool TrafficSet::contains(const TrafficSet& other_set) const {
    return (other_set - *this).empty();
}

PortSet& TrafficSet::ports(Protocol protocol) {
    const auto part = part_of(protocol);
    assert(part);
    if (!part) std::abort();  // no set to give out, also where assert is compiled away
    return this->*(*part);
}

const PortSet& TrafficSet::ports(Protocol protocol) const {
    const auto part = part_of(protocol);
    assert(part);
    if (!part) std::abort();
    return this->*(*part);
}

TrafficSet TrafficSet::operator|(const TrafficSet& right) const {
    auto both = combine(*this, right, [](const PortSet& a, const PortSet& b) { return a | b; });
    both.other = other || right.other;
    return both;
}

TrafficSet TrafficSet::operator&(const TrafficSet& right) const {
    auto common = combine(*this, right, [](const PortSet& a, const PortSet& b) { return a & b; });
    common.other = other && right.other;
    return common;
}

TrafficSet TrafficSet::operator-(const TrafficSet& right) const {
    auto rest = combine(*this, right, [](const PortSet& a, const PortSet& b) { return a - b; });
    rest.other = other && !right.other;
    return rest;
}

std::string to_conn(const TrafficSet& traffic) {
    const PortSet every{all_ports};
    bool is_whole = true;
    for (std::size_t i = 0; i < conn_parts; ++i) {
        is_whole = is_whole && (traffic.*parts.at(i).second).contains(every);
    }
    if (is_whole) return std::string(all_text);
    const auto text = list_parts(traffic, conn_parts);
    return text.empty() ? std::string(none_text) : text;
}

std::optional<TrafficSet> parse_conn(std::string_view text) {
    if (text == all_text) return TrafficSet::all();
    TrafficSet traffic;
    if (text == none_text) return traffic;
    PortSet TrafficSet::*current = nullptr;
    for (bool more = true; more;) {
        const auto comma = text.find(',');
        if (!add_conn_piece(text.substr(0, comma), current, traffic)) return std::nullopt;
        more = comma != std::string_view::npos;
        if (more) text.remove_prefix(comma + 1);
    }
    return traffic;
}

std::string to_string(const TrafficSet& traffic) {
    if (traffic.contains(TrafficSet::all())) return std::string(all_text);
    auto text = list_parts(traffic, parts.size());
    if (traffic.other) append_list(text, to_string(Protocol::other));
    return text.empty() ? std::string(none_text) : text;
}

}  // namespace nspect
