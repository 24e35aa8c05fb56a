// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nspect::capture {

using Bytes = std::vector<std::byte>;

std::array<std::byte, 32> sha256(std::span<const std::byte> bytes);
std::string hex_of(std::span<const std::byte> bytes);
/// SHA-256 in hexadecimal.
std::string sha256_hex(std::string_view text);

/// What TLS 1.3 cipher suites are made of. Both empty for a suite nspect does not open.
struct SuiteParts {
    const char* cipher = nullptr;
    const char* digest = nullptr;
    std::size_t key_bytes = 0;
};
SuiteParts suite_parts(std::uint16_t cipher);

/// RFC 5869; empty when it fails.
Bytes hkdf_extract(std::span<const std::byte> salt, std::span<const std::byte> secret);
/// RFC 8446 §7.1, with an empty context; empty when it fails.
Bytes hkdf_expand_label(const char* digest, std::span<const std::byte> secret,
                        std::string_view label, std::size_t length);

/// Opens an AEAD (RFC 5116); nothing when it was not sealed with this key. The tag is the end of
/// `sealed`.
std::optional<Bytes> open_sealed(const SuiteParts& suite, std::span<const std::byte> key,
                                 std::span<const std::byte> nonce,
                                 std::span<const std::byte> header,
                                 std::span<const std::byte> sealed);

/// Five bytes of QUIC's header protection (RFC 9001 §5.4); empty when it fails.
Bytes header_mask(const SuiteParts& suite, std::span<const std::byte> key,
                  std::span<const std::byte> sample);

}  // namespace nspect::capture
