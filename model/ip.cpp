// SPDX-License-Identifier: Apache-2.0
#include "model/ip.h"

#include <algorithm>
#include <cassert>
#include <charconv>

#include "model/hash_seed.h"

namespace nspect {
namespace {

/// 128 bits before an IPv4-mapped address becomes an IPv4 one.
struct Bits {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
};

/// The IPv4-mapped block ::ffff:0:0/96 is missing from the v6 universe; these stand around the gap.
constexpr IpAddress below_mapped = IpAddress::v6(0, 0x0000'fffe'ffff'ffffU);
constexpr IpAddress above_mapped = IpAddress::v6(0, 0x0001'0000'0000'0000U);
constexpr std::uint64_t mapped_low = 0x0000'ffff'0000'0000U;
constexpr unsigned mapped_length = 96;
constexpr std::uint64_t all_ones = ~std::uint64_t{0};
constexpr std::uint32_t last_v4 = 0xffff'ffffU;

template <class Unsigned>
std::optional<Unsigned> parse_number(std::string_view text, std::size_t max_digits, int base) {
    Unsigned value{};
    const char* end = text.data() + text.size();
    if (text.empty() || text.size() > max_digits) return std::nullopt;
    const auto read = std::from_chars(text.data(), end, value, base);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    return value;
}

/// Takes what stands before the next `separator` (or everything) off the front of `text`.
std::string_view take_part(std::string_view& text, char separator) {
    const auto at = text.find(separator);
    const auto part = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return part;
}

std::optional<std::uint32_t> parse_v4(std::string_view text) {
    std::uint32_t value = 0;
    std::size_t at = 0;
    for (int part = 0; part < 4; ++part) {
        if (part > 0 && (at == text.size() || text[at++] != '.')) return std::nullopt;
        const std::size_t start = at;
        unsigned byte = 0;
        while (at < text.size() && at < start + 3 && text[at] >= '0' && text[at] <= '9') {
            byte = byte * 10 + static_cast<unsigned>(text[at++] - '0');
        }
        const std::size_t digits = at - start;
        const bool valid = digits > 0 && byte <= 255 && (digits == 1 || text[start] != '0');
        if (!valid) return std::nullopt;
        value = value << 8U | byte;
    }
    if (at != text.size()) return std::nullopt;
    return value;
}

struct Groups {
    std::array<std::uint16_t, 8> values{};
    std::size_t count = 0;

    bool add(std::uint16_t value) {
        if (count == values.size()) return false;
        values.at(count++) = value;
        return true;
    }
};

/// The groups on one side of "::"; a dotted quad may stand last where `quad_allowed`.
std::optional<Groups> parse_groups(std::string_view text, bool quad_allowed) {
    Groups groups;
    if (!text.empty() && text.back() == ':') return std::nullopt;
    while (!text.empty()) {
        const auto part = take_part(text, ':');
        if (part.find('.') != std::string_view::npos) {
            const auto quad = parse_v4(part);
            if (!quad || !quad_allowed || !text.empty()) return std::nullopt;
            if (!groups.add(static_cast<std::uint16_t>(*quad >> 16U))) return std::nullopt;
            if (!groups.add(static_cast<std::uint16_t>(*quad))) return std::nullopt;
            continue;
        }
        const auto group = parse_number<std::uint16_t>(part, 4, 16);
        if (!group || !groups.add(*group)) return std::nullopt;
    }
    return groups;
}

Bits to_bits(const std::array<std::uint16_t, 8>& groups) {
    Bits bits;
    for (std::size_t i = 0; i < 4; ++i) bits.high = bits.high << 16U | groups.at(i);
    for (std::size_t i = 4; i < 8; ++i) bits.low = bits.low << 16U | groups.at(i);
    return bits;
}

std::optional<Bits> parse_v6(std::string_view text) {
    const auto gap = text.find("::");
    if (gap == std::string_view::npos) {
        const auto groups = parse_groups(text, true);
        if (!groups || groups->count != groups->values.size()) return std::nullopt;
        return to_bits(groups->values);
    }
    const auto left = parse_groups(text.substr(0, gap), false);
    const auto right = parse_groups(text.substr(gap + 2), true);
    if (!left || !right || left->count + right->count >= left->values.size()) return std::nullopt;
    auto values = left->values;
    std::copy_n(right->values.begin(), right->count, values.end() - static_cast<int>(right->count));
    return to_bits(values);
}

void append_number(std::string& text, unsigned value, int base) {
    std::array<char, 16> buffer{};
    const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, base);
    text.append(buffer.data(), written.ptr);
}

std::string v4_text(std::uint64_t value) {
    std::string text;
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        append_number(text, static_cast<unsigned>(value >> shift) & 0xffU, 10);
        if (shift != 0) text += '.';
    }
    return text;
}

struct Run {
    std::size_t start = 0;
    std::size_t length = 0;
};

/// RFC 5952 §4.2: the first of the longest runs of zero groups, if it is longer than one group.
Run longest_zero_run(const std::array<unsigned, 8>& groups) {
    Run best;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        std::size_t end = i;
        while (end < groups.size() && groups.at(end) == 0) ++end;
        if (end - i > best.length) best = {i, end - i};
        i = std::max(i, end);
    }
    return best.length > 1 ? best : Run{groups.size(), 0};
}

std::string v6_text(const IpAddress& address) {
    std::array<unsigned, 8> groups{};
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const auto half = i < 4 ? address.high() : address.low();
        groups.at(i) = static_cast<unsigned>(half >> (48U - 16U * (i % 4))) & 0xffffU;
    }
    const Run run = longest_zero_run(groups);
    std::string text;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (i == run.start) {
            text += "::";
            i += run.length - 1;
            continue;
        }
        if (!text.empty() && text.back() != ':') text += ':';
        append_number(text, groups.at(i), 16);
    }
    return text;
}

/// The network bits of one 64-bit half when `length` of its bits belong to the network.
constexpr std::uint64_t half_mask(unsigned length) {
    if (length == 0) return 0;
    return length >= 64 ? all_ones : all_ones << (64U - length);
}

constexpr Bits v6_mask(unsigned length) {
    return {half_mask(length), length > 64 ? half_mask(length - 64) : 0};
}

constexpr std::uint32_t v4_mask(unsigned length) {
    return length == 0 ? 0 : last_v4 << (32U - length);
}

IpAddress network_address(const IpAddress& address, unsigned length) {
    if (address.is_v4()) {
        return IpAddress::v4(static_cast<std::uint32_t>(address.low()) & v4_mask(length));
    }
    const Bits mask = v6_mask(length);
    return IpAddress::v6(address.high() & mask.high, address.low() & mask.low);
}

}  // namespace

std::optional<IpAddress> IpAddress::from_bytes(std::span<const std::byte> bytes) {
    if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
    Bits bits;
    for (const auto byte : bytes) {
        bits.high = bits.high << 8U | bits.low >> 56U;
        bits.low = bits.low << 8U | std::to_integer<std::uint64_t>(byte);
    }
    if (bytes.size() == 4) return v4(static_cast<std::uint32_t>(bits.low));
    return v6(bits.high, bits.low);
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.find(':') == std::string_view::npos) {
        const auto value = parse_v4(text);
        return value ? std::optional(v4(*value)) : std::nullopt;
    }
    const auto bits = parse_v6(text);
    return bits ? std::optional(v6(bits->high, bits->low)) : std::nullopt;
}

bool IpAddress::is_loopback() const noexcept {
    return is_v4() ? low_ >> 24U == 127 : high_ == 0 && low_ == 1;
}

bool IpAddress::is_multicast() const noexcept {
    return is_v4() ? low_ >> 28U == 0xe || low_ == last_v4 : high_ >> 56U == 0xff;
}

bool IpAddress::is_link_local() const noexcept {
    return is_v4() ? low_ >> 16U == 0xa9fe : high_ >> 54U == 0xfe80U >> 6U;
}

bool IpAddress::is_unspecified() const noexcept {
    return high_ == 0 && low_ == 0;
}

std::string to_string(const IpAddress& address) {
    return address.is_v4() ? v4_text(address.low()) : v6_text(address);
}

std::optional<IpAddress> successor(const IpAddress& address) {
    if (address.is_v4()) {
        if (address.low() == last_v4) return std::nullopt;
        return IpAddress::v4(static_cast<std::uint32_t>(address.low() + 1));
    }
    if (address == below_mapped) return above_mapped;
    if (address.low() != all_ones) return IpAddress::v6(address.high(), address.low() + 1);
    if (address.high() == all_ones) return std::nullopt;
    return IpAddress::v6(address.high() + 1, 0);
}

std::optional<IpAddress> predecessor(const IpAddress& address) {
    if (address.is_unspecified()) return std::nullopt;
    if (address.is_v4()) return IpAddress::v4(static_cast<std::uint32_t>(address.low() - 1));
    if (address == above_mapped) return below_mapped;
    if (address.low() != 0) return IpAddress::v6(address.high(), address.low() - 1);
    return IpAddress::v6(address.high() - 1, all_ones);
}

std::string to_string(const IpRange& range) {
    return to_string(range.first) + '-' + to_string(range.last);
}

IpSet all_addresses(IpFamily family) {
    if (family == IpFamily::v4) return {{IpAddress::v4(0), IpAddress::v4(last_v4)}};
    return {{IpAddress::v6(0, 0), IpAddress::v6(all_ones, all_ones)}};
}

IpSet all_addresses() {
    return all_addresses(IpFamily::v4) | all_addresses(IpFamily::v6);
}

IpPrefix::IpPrefix(IpAddress address, unsigned length)
    : address_(network_address(address, std::min(length, address.bits()))),
      length_(std::min(length, address.bits())) {
    assert(length <= address.bits());
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto address_text = text.substr(0, slash);
    const auto address = IpAddress::parse(address_text);
    if (!address) return std::nullopt;
    if (slash == std::string_view::npos) return IpPrefix(*address, address->bits());
    const auto length_text = text.substr(slash + 1);
    const auto length = parse_number<unsigned>(length_text, 3, 10);
    if (!length || (length_text.size() > 1 && length_text.front() == '0')) return std::nullopt;
    const bool mapped = address->is_v4() && address_text.find(':') != std::string_view::npos;
    if (!mapped) {
        if (*length > address->bits()) return std::nullopt;
        return IpPrefix(*address, *length);
    }
    if (*length > 128) return std::nullopt;
    if (*length >= mapped_length) return IpPrefix(*address, *length - mapped_length);
    const Bits mask = v6_mask(*length);
    return IpPrefix(IpAddress::v6(0, (mapped_low | address->low()) & mask.low), *length);
}

IpRange IpPrefix::range() const {
    if (address_.is_v4()) {
        const auto first = static_cast<std::uint32_t>(address_.low());
        return {address_, IpAddress::v4(first | ~v4_mask(length_))};
    }
    const Bits mask = v6_mask(length_);
    const auto last = IpAddress::v6(address_.high() | ~mask.high, address_.low() | ~mask.low);
    // A block that ends with the mapped one ends before it: those addresses count as IPv4.
    return {address_, last.is_v4() ? below_mapped : last};
}

bool IpPrefix::contains(const IpAddress& address) const {
    return address.family() == address_.family() && network_address(address, length_) == address_;
}

bool IpPrefix::contains(const IpPrefix& other) const {
    return other.length_ >= length_ && contains(other.address_);
}

std::string to_string(const IpPrefix& prefix) {
    return to_string(prefix.address()) + '/' + std::to_string(prefix.length());
}

}  // namespace nspect

std::size_t std::hash<nspect::IpAddress>::operator()(
    const nspect::IpAddress& address) const noexcept {
    const std::uint64_t salted = address.low() + (address.is_v4() ? 0U : 0x9e37'79b9'7f4a'7c15U);
    return static_cast<std::size_t>(nspect::seeded_hash(address.high(), salted));
}
