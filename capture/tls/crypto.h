// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nspect::capture {

/// Names of an X.509 certificate in DER: URI, then DNS, then the subject's CN. At most 16, each at
/// most 255 bytes; none when it is not a certificate. It is read, not verified.
std::vector<std::string> certificate_names(std::span<const std::byte> der);

/// SHA-256 in hexadecimal.
std::string sha256_hex(std::string_view text);

}  // namespace nspect::capture
