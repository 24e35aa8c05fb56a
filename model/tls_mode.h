// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "model/diagnostics.h"
#include "model/traffic.h"

namespace nspect {

/// How connections to a port must be protected, as declared.
enum class TlsMode : std::uint8_t {
    unset,       ///< says nothing: what is wider counts
    disable,     ///< plaintext
    permissive,  ///< anything
    one_way,     ///< TLS; the client need not show a certificate
    strict,      ///< mutual TLS
};
/// "UNSET", "DISABLE", "PERMISSIVE", "TLS", "STRICT".
std::string_view to_string(TlsMode mode);

struct PortTlsMode {
    Port port;
    TlsMode mode = TlsMode::unset;
    Location where;
};

}  // namespace nspect
