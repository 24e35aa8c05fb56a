// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "capture/tls/crypto.h"

namespace nspect::capture {

/// The handshake secrets of a key log (the NSS format, as SSLKEYLOGFILE and Decryption Secrets
/// Blocks have it). Secrets of application data are skipped: nothing here could open a payload.
/// Held in memory, wiped at the end, never written.
class KeyLog {
public:
    KeyLog() = default;
    KeyLog(const KeyLog&) = delete;
    KeyLog& operator=(const KeyLog&) = delete;
    ~KeyLog();

    /// Adds what it understands of a text. Returns how many secrets were of use.
    std::size_t add(std::string_view text);
    /// Empty when there is none.
    Bytes secret(bool client, std::span<const std::byte> client_random) const;
    bool empty() const { return secrets_.empty(); }

private:
    std::map<std::string, Bytes> secrets_;  ///< by side and random
};

/// Opens the records of one direction of a TLS 1.3 handshake (RFC 8446 §5.2).
class RecordOpener {
public:
    RecordOpener(std::uint16_t cipher, std::span<const std::byte> secret);

    struct Opened {
        std::uint8_t type = 0;
        Bytes content;
    };
    /// `header` and `body` of a record as on the wire; nothing when the key is not this record's.
    std::optional<Opened> open(std::span<const std::byte> header, std::span<const std::byte> body);

private:
    SuiteParts suite_;
    Bytes key_;
    Bytes iv_;
    std::uint64_t sequence_ = 0;
};

}  // namespace nspect::capture
