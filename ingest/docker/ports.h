// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "ingest/docker/documents.h"

namespace nspect::ingest {

/// "80", "8000-8010".
std::optional<PortRange> read_port_range(std::string_view text);
/// "80/tcp", "53-54/udp": what a container listens on.
std::optional<PublishedPort> read_container_ports(std::string_view text);
/// Compose's short form, "[[HOST_ADDRESS:]HOST:]CONTAINER[/PROTOCOL]". HOST may be empty or, after
/// a variable without a value, missing.
std::optional<PublishedPort> read_port_mapping(std::string_view text);
/// Whether only the host itself can use a port published there.
bool is_host_only(std::string_view host_address);

}  // namespace nspect::ingest
