// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "capture/tls/ordered_bytes.h"
#include "capture/tls/record_reader.h"

namespace nspect::capture {

/// What the first record says about who sent it.
enum class TlsRole : std::uint8_t { unknown, client, server };

/// One direction of a flow: finds the beginning of TLS in it, then reads records. TLS may begin
/// with any of the segments of the first 16 KiB, so that plaintext before it (STARTTLS and the
/// like) does not matter.
class TlsSide {
public:
    struct Events {
        RecordReader::Events records;
        std::function<void(TlsRole role)> found;
    };

    /// How many bytes of a direction are looked through for a beginning.
    static constexpr std::uint64_t search_limit = 16384;
    /// Whether TLS may begin with the first of these bytes, or, for want of bytes, with what
    /// follows.
    static bool may_begin_with(std::span<const std::byte> bytes);

    /// Goes on from where nothing had begun. REQUIRES: nothing was added yet.
    void resume(const StreamPosition& position) { order_.resume(position); }
    void add(const FlowPayload& segment, const Events& events);

    TlsRole role() const { return role_; }
    /// Where the next record begins was not captured.
    bool cut() const { return role_ != TlsRole::unknown && (records_.broken() || order_.broken()); }
    /// Nothing more can be learnt from this direction.
    bool over() const;
    std::uint64_t passed() const { return order_.passed(); }
    std::size_t held() const { return order_.held(); }
    void clear();

private:
    void take(std::span<const std::byte> bytes, std::uint32_t missing, const Events& events);
    bool search(std::span<const std::byte> bytes, std::uint32_t missing, const Events& events);

    OrderedBytes order_;
    RecordReader records_;
    std::vector<std::byte> prefix_;  ///< of what may become the first record's header
    TlsRole role_ = TlsRole::unknown;
    bool stopped_ = false;
};

}  // namespace nspect::capture
