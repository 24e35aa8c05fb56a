// SPDX-License-Identifier: Apache-2.0
// A capture file, read to its end as `nspect capture --read` would.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "capture/decode/decode.h"
#include "capture/source/capture_file.h"

using namespace nspect::capture;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    auto source = open_bytes(std::as_bytes(std::span(bytes, size)), "input");
    if (!source) return 0;
    std::size_t total = 0;
    while (!(*source)->finished()) {
        const auto count = (*source)->read(16, [&](const RawPacket& raw) {
            total += raw.data.size();
            if (raw.interface_id >= (*source)->interfaces().size()) std::abort();
            if (raw.wire_length < raw.data.size()) std::abort();
            (void)decode(raw.data, raw.wire_length, raw.link);
        });
        if (!count && count.error().message.empty()) std::abort();
    }
    if (total > size) std::abort();
    return 0;
}
