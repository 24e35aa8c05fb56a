// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "model/tls_seen.h"

namespace nspect::capture {

/// What a TLS 1.3 client sent in its encrypted flight, as far as lengths tell.
struct ClientFlight {
    std::uint16_t cipher = 0;
    bool raw_public_key = false;  ///< the client offered one in place of a certificate
    /// Length fields of the client's first records of type application_data after its last
    /// ClientHello, in order. REQUIRES: no early data among them.
    std::span<const std::uint16_t> lengths;
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

}  // namespace nspect::capture
