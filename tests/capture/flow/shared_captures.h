// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "capture/decode/decode.h"
#include "capture/flow/flow_table.h"
#include "capture/source/capture_file.h"

namespace nspect::test {

/// A folder below ../shared/captures; says so when it is not there.
inline std::filesystem::path shared_captures(const std::string& folder) {
    const char* shared = std::getenv("NSPECT_SHARED");
    auto path =
        std::filesystem::path(shared != nullptr ? shared : "../shared") / "captures" / folder;
    if (!std::filesystem::exists(path)) std::printf("left out: %s is not there\n", path.c_str());
    return path;
}

/// The sightings of one capture file. Its interfaces become vantages, SLL2's too.
inline std::vector<Sighting> sightings_of(const std::filesystem::path& file) {
    auto source = capture::open_file(file.string());
    if (!source) return {};
    capture::FlowTable table;
    Timestamp last{};
    while (!(*source)->finished()) {
        const auto count = (*source)->read(1000, [&](const capture::RawPacket& raw) {
            auto packet = capture::decode(raw.data, raw.wire_length, raw.link);
            last = raw.time;
            table.add(packet, raw.interface_id * 1000 + packet.interface_index, raw.time);
        });
        if (!count) break;
    }
    return table.take_changed(last);
}

}  // namespace nspect::test
