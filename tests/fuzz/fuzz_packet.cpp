// SPDX-License-Identifier: Apache-2.0
// First byte: the link type; the rest: a packet. Fragments go through the table too.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "capture/decode/decode.h"
#include "capture/decode/fragments.h"

using namespace nspect::capture;

namespace {

void require(bool claim) {
    if (!claim) std::abort();
}

void check(const DecodedPacket& packet, std::span<const std::byte> data) {
    require(to_string(packet.outcome) != "?");
    require(packet.payload.size() <= data.size());
    require(packet.payload.empty() ||
            (packet.payload.data() >= data.data() &&
             packet.payload.data() + packet.payload.size() <= data.data() + data.size()));
    require(packet.payload.size() <= packet.payload_bytes);
    require(packet.payload_bytes <= packet.ip_payload_bytes);
    require(!packet.later_fragment || (packet.src_port.number == 0 && packet.payload.empty()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const auto data = std::as_bytes(std::span(bytes + 1, size - 1));
    const auto length = static_cast<std::uint32_t>(data.size());
    const auto link = static_cast<LinkType>(bytes[0] % 7);
    for (const std::uint32_t wire : {length, length + 1000, std::uint32_t{0}}) {
        DecodedPacket packet = decode(data, wire, link);
        check(packet, data);
        FragmentTable table(4);
        table.resolve(packet, {});
    }
    return 0;
}
