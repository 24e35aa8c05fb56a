// SPDX-License-Identifier: Apache-2.0
#include "captured.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "capture/decode/decode.h"
#include "capture/flow/flow_table.h"
#include "capture/source/capture_file.h"
#include "capture/tls/tls_tracker.h"

namespace nspect::test {

using namespace nspect::capture;

std::vector<std::filesystem::path> shared_captures(const std::string& folder) {
    const char* shared = std::getenv("NSPECT_SHARED");
    const auto where =
        std::filesystem::path(shared != nullptr ? shared : "../shared") / "captures" / folder;
    std::vector<std::filesystem::path> files;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(where, missing)) {
        const auto extension = entry.path().extension();
        if (extension == ".pcap" || extension == ".pcapng" || extension == ".cap") {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    if (files.empty()) std::printf("left out: captures (no %s)\n", where.c_str());
    return files;
}

std::vector<Sighting> sightings_of(const std::filesystem::path& capture) {
    return sightings_of(capture, {});
}

std::vector<Sighting> sightings_of(const std::filesystem::path& capture,
                                   const std::filesystem::path& key_log) {
    TlsTracker tracker;
    std::ifstream keys(key_log);
    tracker.add_secrets(std::string(std::istreambuf_iterator<char>(keys), {}));
    FlowTable table({}, {}, tracker.observer());
    auto source = open_file(capture.string());
    if (!source) return {};
    Timestamp last{};
    while (!(*source)->finished()) {
        const auto read = (*source)->read(1000, [&](const RawPacket& raw) {
            DecodedPacket packet = decode(raw.data, raw.wire_length, raw.link);
            table.add(packet, 0, raw.time);
            last = raw.time;
        });
        if (!read) break;
    }
    return table.take_changed(last);
}

}  // namespace nspect::test
