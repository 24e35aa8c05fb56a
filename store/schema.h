// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace nspect::store {

/// "NSPC" in the file header: tells a recording from every other SQLite file.
inline constexpr std::uint32_t recording_application_id = 0x4e535043;
/// PRAGMA user_version. Raised with every change of a table; readers read their own and all earlier
/// ones.
inline constexpr std::uint32_t recording_schema_version = 5;

/// The tables, in the order in which they are made.
inline constexpr std::array<std::string_view, 14> recording_tables{
    "recording",         "target",  "target_label", "target_pid",  "interface",
    "interface_address", "address", "vantage",      "sighting",    "tls",
    "tls_identity",      "name",    "loss",         "packet_count"};
/// Those that came with version 2.
inline constexpr std::array<std::string_view, 3> recording_tables_of_2{"tls_offer", "certificate",
                                                                       "certificate_name"};

/// And with version 3.
inline constexpr std::array<std::string_view, 1> recording_tables_of_3{"name_failure"};

/// And with version 4.
inline constexpr std::array<std::string_view, 1> recording_tables_of_4{"socket_owner"};

/// And with version 5.
inline constexpr std::array<std::string_view, 1> recording_tables_of_5{"interface_broadcast"};

/// What a blank recording is made by: pragmas, tables, indices, views.
std::string recording_schema_sql();

}  // namespace nspect::store
