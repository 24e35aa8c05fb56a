// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/document/report.h"
#include "model/ip.h"
#include "model/traffic.h"

namespace nspect::ingest {

/// Typed fields of a mapping. A field that is missing or null is absent; one of the wrong type is
/// reported (DOC019) and then absent too.
const Node* mapping_field(const Node& parent, std::string_view key, Report& report);
const Node* sequence_field(const Node& parent, std::string_view key, Report& report);
std::optional<std::string> text_field(const Node& parent, std::string_view key, Report& report);
std::optional<bool> boolean_field(const Node& parent, std::string_view key, Report& report);

/// The field as it stands, absent when it is null.
const Node* any_field(const Node& parent, std::string_view key);

/// The text of a scalar, where numbers and booleans must stand in quotes.
std::optional<std::string> text_value(const Node& node, Report& report);
std::string lower_case(std::string_view text);
/// Digits without sign, leading zeros or other bases: what every YAML version reads alike.
std::optional<std::uint64_t> decimal(std::string_view text);

/// Values with a meaning; `code` is that of the diagnostic when they have none.
std::optional<Port> port_value(const Node& node, Report& report, std::string_view code);
/// TCP, UDP or SCTP, in capitals.
std::optional<Protocol> protocol_value(const Node& node, Report& report, std::string_view code);
/// An address; reported as a warning, for it is a status that others wrote.
std::optional<IpAddress> address_value(const Node& node, Report& report);

/// Reports every key of `mapping` that is not one of `known` (NP001), with the nearest of them.
void check_fields(const Node& mapping, Report& report,
                  std::initializer_list<std::string_view> known);

/// "did you mean "x"?", or "" when none of the words is near.
std::string suggestion(std::string_view word, std::initializer_list<std::string_view> words);

}  // namespace nspect::ingest
