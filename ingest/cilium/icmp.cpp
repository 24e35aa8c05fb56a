// SPDX-License-Identifier: Apache-2.0
#include "ingest/cilium/icmp.h"

#include <algorithm>
#include <array>
#include <optional>

#include "ingest/document/fields.h"

namespace nspect::ingest::cilium {

namespace {

struct TypeName {
    std::string_view name;
    std::uint8_t v4;
    std::uint8_t v6;
};

constexpr std::uint8_t none = 255;  // not a type that has a name

// https://docs.cilium.io/en/stable/security/policy/language/#limit-icmp-icmpv6-types
// The numbers are those of IANA's registries.
constexpr std::array<TypeName, 33> type_names{{
    {"EchoReply", 0, 129},
    {"DestinationUnreachable", 3, 1},
    {"Redirect", 5, none},
    {"Echo", 8, none},
    {"EchoRequest", 8, 128},
    {"RouterAdvertisement", 9, 134},
    {"RouterSelection", 10, none},
    {"RouterSolicitation", none, 133},
    {"TimeExceeded", 11, 3},
    {"ParameterProblem", 12, 4},
    {"Timestamp", 13, none},
    {"TimestampReply", 14, none},
    {"Photuris", 40, none},
    {"ExtendedEchoRequest", 42, 160},
    {"ExtendedEchoReply", 43, 161},
    {"PacketTooBig", none, 2},
    {"MulticastListenerQuery", none, 130},
    {"MulticastListenerReport", none, 131},
    {"MulticastListenerDone", none, 132},
    {"NeighborSolicitation", none, 135},
    {"NeighborAdvertisement", none, 136},
    {"RedirectMessage", none, 137},
    {"RouterRenumbering", none, 138},
    {"ICMPNodeInformationQuery", none, 139},
    {"ICMPNodeInformationResponse", none, 140},
    {"InverseNeighborDiscoverySolicitation", none, 141},
    {"InverseNeighborDiscoveryAdvertisement", none, 142},
    {"HomeAgentAddressDiscoveryRequest", none, 144},
    {"HomeAgentAddressDiscoveryReply", none, 145},
    {"MobilePrefixSolicitation", none, 146},
    {"MobilePrefixAdvertisement", none, 147},
    {"DuplicateAddressRequestCodeSuffix", none, 157},
    {"DuplicateAddressConfirmationCodeSuffix", none, 158},
}};

std::optional<std::uint8_t> type_by_name(std::string_view name, bool v6) {
    for (const TypeName& known : type_names) {
        const std::uint8_t type = v6 ? known.v6 : known.v4;
        if (known.name == name && type != none) return type;
    }
    return std::nullopt;
}

std::string near_name(std::string_view name, bool v6) {
    std::vector<std::string> names;
    for (const TypeName& known : type_names) {
        if ((v6 ? known.v6 : known.v4) != none) names.emplace_back(known.name);
    }
    const std::string near = nearest_name(name, names);
    return near.empty() ? "write the number of the type, 0 to 255"
                        : "did you mean " + in_quotes(near) + "?";
}

std::optional<bool> read_is_v6(const Node& field, Report& report) {
    const Node* family = any_field(field, "family");
    if (family == nullptr || family->text.empty() || family->text == "IPv4") return false;
    if (family->text == "IPv6") return true;
    report.error(*family, "CI009", "unknown family " + in_quotes(family->text),
                 "known are IPv4 and IPv6");
    return std::nullopt;
}

void read_field(const Node& field, TrafficSet& traffic, Report& report) {
    check_fields(field, report, {"family", "type"});
    const auto v6 = read_is_v6(field, report);
    const Node* node = any_field(field, "type");
    if (node == nullptr || !node->is_scalar()) {
        report.error(node == nullptr ? field : *node, "CI009", "an ICMP field needs a type");
        return;
    }
    if (!v6) return;
    std::optional<std::uint8_t> type = type_by_name(node->text, *v6);
    if (const auto number = decimal(node->text); number && *number <= 255) {
        type = static_cast<std::uint8_t>(*number);
    }
    if (!type) {
        report.error(*node, "CI009",
                     in_quotes(node->text) + " is not a type of ICMP" + (*v6 ? "v6" : ""),
                     near_name(node->text, *v6));
        return;
    }
    traffic.ports(*v6 ? Protocol::icmp6 : Protocol::icmp).insert({Port{*type}, Port{*type}});
}

}  // namespace

TrafficSet read_icmps(const Node& list, Report& report) {
    TrafficSet traffic;
    for (const Node& entry : list) {
        check_fields(entry, report, {"fields"});
        const Node* fields = sequence_field(entry, "fields", report);
        if (fields == nullptr) continue;
        for (const Node& field : *fields) read_field(field, traffic, report);
    }
    return traffic;
}

}  // namespace nspect::ingest::cilium
