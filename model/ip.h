// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/interval_set.h"

namespace nspect {

enum class IpFamily : std::uint8_t { v4, v6 };

/// An IPv4 or IPv6 address. The families are separate universes: every v4 sorts before every v6,
/// and 255.255.255.255 has no successor. An IPv4-mapped IPv6 address (::ffff:a.b.c.d) becomes the
/// IPv4 one.
class IpAddress {
public:
    constexpr IpAddress() = default;  ///< 0.0.0.0

    static constexpr IpAddress v4(std::uint32_t host_order) {
        return {IpFamily::v4, 0, host_order};
    }
    static constexpr IpAddress v6(std::uint64_t high, std::uint64_t low) {
        if (high == 0 && (low >> 32U) == 0xffff) return v4(static_cast<std::uint32_t>(low));
        return {IpFamily::v6, high, low};
    }
    /// From network order: 4 or 16 bytes, anything else is nothing.
    static std::optional<IpAddress> from_bytes(std::span<const std::byte> bytes);
    /// "10.0.0.1" or RFC 4291 text; no zone, no prefix, no leading zeros in v4.
    static std::optional<IpAddress> parse(std::string_view text);

    constexpr IpFamily family() const noexcept { return family_; }
    constexpr bool is_v4() const noexcept { return family_ == IpFamily::v4; }
    constexpr unsigned bits() const noexcept { return is_v4() ? 32 : 128; }
    constexpr std::uint64_t high() const noexcept { return high_; }
    constexpr std::uint64_t low() const noexcept { return low_; }

    bool is_loopback() const noexcept;
    bool is_multicast() const noexcept;  ///< also the IPv4 limited broadcast
    bool is_link_local() const noexcept;
    bool is_unspecified() const noexcept;

    auto operator<=>(const IpAddress&) const = default;
    bool operator==(const IpAddress&) const = default;

private:
    constexpr IpAddress(IpFamily family, std::uint64_t high, std::uint64_t low)
        : family_(family), high_(high), low_(low) {}

    IpFamily family_ = IpFamily::v4;
    std::uint64_t high_ = 0;
    std::uint64_t low_ = 0;
};

/// RFC 5952 text.
std::string to_string(const IpAddress& address);
std::optional<IpAddress> successor(const IpAddress& address);
std::optional<IpAddress> predecessor(const IpAddress& address);

using IpRange = Interval<IpAddress>;
using IpSet = IntervalSet<IpAddress>;

/// "a.b.c.d-e.f.g.h", also when both are the same.
std::string to_string(const IpRange& range);
IpSet all_addresses(IpFamily family);
/// Both families, whole.
IpSet all_addresses();

/// An address block. Host bits are cleared on construction (manifests carry 192.168.242.213/24).
class IpPrefix {
public:
    /// REQUIRES: length <= address.bits().
    IpPrefix(IpAddress address, unsigned length);
    /// "10.0.0.0/8"; an address without a length is that one address.
    static std::optional<IpPrefix> parse(std::string_view text);

    const IpAddress& address() const noexcept { return address_; }
    unsigned length() const noexcept { return length_; }
    IpRange range() const;
    bool contains(const IpAddress& address) const;
    bool contains(const IpPrefix& other) const;

    auto operator<=>(const IpPrefix&) const = default;
    bool operator==(const IpPrefix&) const = default;

private:
    IpAddress address_;
    unsigned length_;
};

std::string to_string(const IpPrefix& prefix);

}  // namespace nspect

template <>
struct std::hash<nspect::IpAddress> {
    std::size_t operator()(const nspect::IpAddress& address) const noexcept;
};
