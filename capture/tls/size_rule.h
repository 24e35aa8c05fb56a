// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "model/tls_seen.h"

namespace nspect::capture {

enum class Asked : std::uint8_t { unknown, no, yes };

/// What a TLS 1.3 client sent in its encrypted flight, as far as lengths tell.
struct ClientFlight {
    std::uint16_t cipher = 0;  ///< 0: its ServerHello was cut; the tag is taken to be 16 bytes long
    bool raw_public_key = false;  ///< the client offered one in place of a certificate
    /// Length fields of the client's first records of type application_data after its last
    /// ClientHello, in order. REQUIRES: no early data among them.
    std::span<const std::uint16_t> lengths;
    Asked asked = Asked::unknown;  ///< by the server, as asked_by_server() tells
    bool record_limit = false;     ///< the client offered to send shorter records (RFC 8449)
};

struct SizeVerdict {
    ClientCert client_cert = ClientCert::unknown;
    Confidence confidence = Confidence::none;
    bool operator==(const SizeVerdict&) const = default;
};

/// How many records are of use.
inline constexpr std::size_t size_rule_records = 8;

/// The rule of docs/mtls.md. REQUIRES: a full handshake, so no pre-shared key.
SizeVerdict judge_sizes(const ClientFlight& flight);

/// How many of the records belong to the flight: up to its Finished, or the first alone.
std::size_t flight_records(std::uint16_t cipher, std::span<const std::uint16_t> lengths);

/// Whether the server asked for a certificate, by how many records it sent before its Finished.
/// Speaks only for stacks that send one message a record.
Asked asked_by_server(std::uint16_t cipher, std::span<const std::uint16_t> lengths);

/// Whether EndOfEarlyData stands in front of the Finished.
bool is_early_data_accepted(std::uint16_t cipher, std::span<const std::uint16_t> lengths);

/// Whether three records of the client look like a certificate, a signature and a Finished: asked
/// for after the handshake (RFC 8446 §4.6.2).
bool is_later_certificate(std::uint16_t cipher, const std::array<std::uint16_t, 3>& lengths);

}  // namespace nspect::capture
