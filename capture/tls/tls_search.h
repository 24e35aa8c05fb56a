// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "capture/tls/tls_side.h"

namespace nspect::capture {

/// Passes over the plaintext of a TCP flow for as long as its segments come in order and none of
/// them may begin TLS. Knows then what a Handshake would know, in the note of the flow, so that
/// only a flow in which something might have begun needs one.
class TlsSearch {
public:
    /// REQUIRES: the note was used by this alone, or not at all.
    explicit TlsSearch(ObserverNote& note) : note_(note) {}

    enum class Found : std::uint8_t {
        nothing,           ///< the segment was passed
        nothing_any_more,  ///< and it was the last that had to be looked at
        maybe,  ///< it was not: a Handshake has to take it, from position() on. Then end()
    };
    Found see(const FlowPayload& segment);

    StreamPosition position(Direction direction) const;
    void end();
    bool is_over() const { return note_.halves[0] == over; }

private:
    static constexpr std::uint16_t over = 0xffff;
    void keep(Direction direction, const StreamPosition& position);

    ObserverNote& note_;
};

}  // namespace nspect::capture
