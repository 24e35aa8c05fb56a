// SPDX-License-Identifier: Apache-2.0
// Segments of one flow: for each a control byte, two bytes of length, and its payload. Control bit
// 0: from the server; 1: half of it captured; 2: a hole of 40 bytes before it; 3: it begins 60
// bytes back.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "capture/decode/byte_cursor.h"
#include "capture/tls/certificate.h"
#include "capture/tls/tls_tracker.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

constexpr std::uint64_t id = 1;

/// To two trackers, one of which keeps a note with the flow: that must not change what is found.
bool see_next(TlsTracker& tracker, TlsTracker& noting, ObserverNote& note, ByteCursor& in,
              std::uint32_t (&sent)[2]) {
    const unsigned control = in.read<std::uint8_t>();
    const std::size_t length = in.read<std::uint16_t>();
    const auto bytes = in.take(std::min(length, in.remaining()));
    std::uint32_t& at = sent[control & 1U];
    at += (control & 4U) != 0 ? 40U : 0U;
    at -= (control & 8U) != 0 ? 60U : 0U;
    FlowPayload payload{.flow = id,
                        .direction = (control & 1U) != 0 ? Direction::received : Direction::sent,
                        .sequence = at,
                        .isn = 999,
                        .isn_known = true,
                        .bytes = (control & 2U) != 0 ? bytes.first(bytes.size() / 2) : bytes,
                        .wire_bytes = static_cast<std::uint32_t>(bytes.size())};
    at += payload.wire_bytes;
    const bool more = tracker.see(payload);
    payload.note = &note;
    if (noting.see(payload) != more) std::abort();
    return more;
}

/// The same bytes as datagrams: QUIC, DTLS, STUN.
void see_datagrams(std::span<const std::byte> data) {
    TlsTracker tracker;
    ByteCursor in(data);
    while (in.remaining() > 0) {
        const unsigned control = in.read<std::uint8_t>();
        const std::size_t length = in.read<std::uint16_t>();
        const auto bytes = in.take(std::min(length, in.remaining()));
        const bool more =
            tracker.see({.flow = id,
                         .direction = (control & 1U) != 0 ? Direction::received : Direction::sent,
                         .bytes = bytes,
                         .wire_bytes = static_cast<std::uint32_t>(bytes.size()),
                         .protocol = Protocol::udp});
        if (!more) break;
    }
    if (tracker.held_bytes() > 8U << 17U) std::abort();
    tracker.forget(id);
    if (tracker.held_bytes() != 0) std::abort();
}

void check(const TlsTracker& tracker, const TlsTracker& noting) {
    Sighting sighting;
    sighting.id = id;
    Sighting same = sighting;
    tracker.describe(sighting);
    noting.describe(same);
    if (sighting != same) std::abort();
    if (!sighting.tls) return;
    const TlsSeen& seen = *sighting.tls;
    const bool claims = seen.client_cert != ClientCert::unknown;
    bool good = claims == (seen.confidence != Confidence::none);
    good = good && claims == (seen.evidence != TlsEvidence::none);
    good = good && seen.sni.size() <= 255 && seen.server_identity.size() <= 16;
    if (!good) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const auto data = std::as_bytes(std::span(bytes, size));
    TlsTracker tracker;
    TlsTracker noting;
    ObserverNote note;
    ByteCursor in(data);
    std::uint32_t sent[2] = {1000, 1000};
    while (in.remaining() > 0 && see_next(tracker, noting, note, in, sent)) check(tracker, noting);
    check(tracker, noting);
    if (tracker.held_bytes() > 8U << 16U) std::abort();
    tracker.forget(id);
    if (tracker.held_bytes() != 0) std::abort();
    see_datagrams(data);
    if (const auto read = read_certificate(data)) {
        if (read->identity.size() > 16) std::abort();
    }
    return 0;
}
