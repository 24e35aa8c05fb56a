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
inline constexpr std::uint32_t recording_schema_version = 6;

struct RecordingTable {
    std::string_view name;
    std::uint32_t since = 1;            ///< the schema version it came with
    std::uint32_t until = 0xffffffffU;  ///< the one that has it no more
};

inline constexpr std::array recording_tables{
    RecordingTable{"recording"},
    RecordingTable{"target"},
    RecordingTable{"target_label"},
    RecordingTable{"target_pid"},
    RecordingTable{"interface"},
    RecordingTable{"interface_address"},
    RecordingTable{"interface_broadcast", 5},
    RecordingTable{"address"},
    RecordingTable{"socket_owner", 4},
    RecordingTable{"vantage"},
    RecordingTable{"sighting", 1, 6},
    RecordingTable{"sighting_block", 6},
    RecordingTable{"app", 6},
    RecordingTable{"tls"},
    RecordingTable{"tls_identity"},
    RecordingTable{"tls_offer", 2},
    RecordingTable{"certificate", 2},
    RecordingTable{"certificate_name", 2},
    RecordingTable{"name"},
    RecordingTable{"name_failure", 3},
    RecordingTable{"loss"},
    RecordingTable{"packet_count"},
};

/// What a blank recording is made by: pragmas, tables, indices, views.
std::string recording_schema_sql();

}  // namespace nspect::store
