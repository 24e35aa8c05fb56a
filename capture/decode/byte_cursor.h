// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace nspect::capture {

/// An integer in network order. REQUIRES: sizeof(T) readable bytes at `from`.
template <std::unsigned_integral T>
inline T load_network_order(const std::byte* from) noexcept {
    T value{};
    std::memcpy(&value, from, sizeof value);
    if constexpr (sizeof(T) == 1 || std::endian::native == std::endian::big) return value;
    if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
    if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
    if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
}

/// N bytes that are there; the offset of every field is checked when compiling.
template <std::size_t N>
class HeaderView {
public:
    explicit HeaderView(const std::byte* bytes) noexcept : bytes_(bytes) {}

    template <std::unsigned_integral T, std::size_t Offset>
    requires(Offset + sizeof(T) <= N) T field()
    const noexcept { return load_network_order<T>(bytes_ + Offset); }

private:
    const std::byte* bytes_;
};

/// Reads network-order integers from untrusted bytes, and never past their end.
/// The first read that does not fit marks the cursor `truncated`; from then on every read returns
/// zero.
class ByteCursor {
public:
    explicit ByteCursor(std::span<const std::byte> bytes) noexcept
        : at_(bytes.data()), left_(bytes.size()) {}

    template <std::unsigned_integral T>
    T read() noexcept {
        if (!reserve(sizeof(T))) return 0;
        return load_network_order<T>(advance(sizeof(T)));
    }

    /// The next N bytes as one header: one bounds check for all its fields.
    template <std::size_t N>
    HeaderView<N> header() noexcept {
        static constexpr std::array<std::byte, N> zeros{};
        if (!reserve(N)) return HeaderView<N>(zeros.data());
        return HeaderView<N>(advance(N));
    }

    /// The next `n` bytes; none when they are not all there.
    std::span<const std::byte> take(std::size_t n) noexcept {
        if (!reserve(n)) return {};
        return {advance(n), n};
    }

    void skip(std::size_t n) noexcept {
        if (reserve(n)) advance(n);
    }

    /// A cursor over the next `n` bytes: a length field can never reach past its parent.
    ByteCursor nested(std::size_t n) noexcept { return ByteCursor(take(n)); }

    /// Forgets what lies beyond the next `n` bytes: padding, or another protocol's trailer.
    void limit(std::size_t n) noexcept { left_ = std::min(left_, n); }

    /// The next byte without reading it. REQUIRES: remaining() > 0.
    std::uint8_t peek() const noexcept { return std::to_integer<std::uint8_t>(*at_); }

    std::span<const std::byte> rest() const noexcept { return {at_, left_}; }
    std::size_t remaining() const noexcept { return left_; }
    bool truncated() const noexcept { return truncated_; }

private:
    bool reserve(std::size_t n) noexcept {
        if (n <= left_) return true;
        truncated_ = true;
        left_ = 0;
        return false;
    }
    const std::byte* advance(std::size_t n) noexcept {
        const std::byte* from = at_;
        at_ += n;
        left_ -= n;
        return from;
    }

    const std::byte* at_;
    std::size_t left_;
    bool truncated_ = false;
};

}  // namespace nspect::capture
