// SPDX-License-Identifier: Apache-2.0
#include "ingest/docker/ports.h"

#include <string>

#include "ingest/document/fields.h"

namespace nspect::ingest {

namespace {

std::optional<Port> read_port(std::string_view text) {
    const auto number = decimal(text);
    if (!number || *number == 0 || *number > 65535) return std::nullopt;
    return Port{static_cast<std::uint16_t>(*number)};
}

/// What stands before and behind the last colon that is not part of an IPv6 address.
std::pair<std::string_view, std::string_view> split_last(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return {{}, text};
    return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

std::optional<PortRange> read_port_range(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto first = read_port(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : read_port(text.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    return PortRange{*first, *last};
}

std::optional<PublishedPort> read_container_ports(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto range = read_port_range(text.substr(0, slash));
    if (!range) return std::nullopt;
    PublishedPort port;
    port.target = *range;
    if (slash == std::string_view::npos) return port;
    const auto protocol = parse_protocol(text.substr(slash + 1));
    if (!protocol || !has_ports(*protocol)) return std::nullopt;
    port.protocol = *protocol;
    return port;
}

std::optional<PublishedPort> read_port_mapping(std::string_view text) {
    const auto [front, target] = split_last(text);
    auto port = read_container_ports(target);
    if (!port) return std::nullopt;
    const auto [address, host] = split_last(front);
    if (!host.empty()) {
        const auto range = read_port_range(host);
        if (!range) return std::nullopt;
        port->host = range->first;
    }
    port->to_host_only = is_host_only(address);
    return port;
}

bool is_host_only(std::string_view host_address) {
    if (host_address.starts_with('[') && host_address.ends_with(']')) {
        host_address = host_address.substr(1, host_address.size() - 2);
    }
    const auto address = IpAddress::parse(host_address);
    return host_address == "localhost" || (address && address->is_loopback());
}

}  // namespace nspect::ingest
