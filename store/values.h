// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "model/ip.h"
#include "model/time.h"
#include "model/traffic.h"

namespace nspect::store {

/// Longer text is cut when it is written, and makes a row invalid when it is read.
inline constexpr std::size_t max_text_bytes = 16384;

/// Values of a recording read one after the other, as the model has them. The file is not trusted:
/// a value of another type or outside what the model allows marks them all as not ok.
///
/// `Source` says how they lie in the file: `integer()`, `text_view()` (valid until the next row)
/// and `take_null()` (whether there is none, and then passes over it); each calls check().
template <class Source>
class Values {
public:
    bool ok() const noexcept { return ok_; }
    std::string text() { return std::string(source().text_view()); }

    /// An integer that fits T; of a 64-bit unsigned T all bits count.
    template <std::integral T>
    T number() {
        const std::int64_t value = source().integer();
        if constexpr (sizeof(T) < sizeof(value)) check(std::in_range<T>(value));
        return static_cast<T>(value);
    }
    template <std::integral T>
    std::optional<T> number_or_none() {
        if (source().take_null()) return std::nullopt;
        return number<T>();
    }
    template <class Enum>
    Enum one_up_to(Enum last) {
        const std::int64_t value = source().integer();
        check(value >= 0 && value <= static_cast<std::int64_t>(last));
        return ok_ ? static_cast<Enum>(value) : Enum{};
    }
    bool boolean() { return source().integer() != 0; }
    Port port() { return Port{number<std::uint16_t>()}; }
    IpAddress address() {
        const auto address = IpAddress::parse(source().text_view());
        check(address.has_value());
        return address.value_or(IpAddress{});
    }
    /// Never before 1970, so that differences of two cannot overflow.
    Timestamp time() { return Timestamp(duration()); }
    Duration duration() { return Duration(std::max<std::int64_t>(source().integer(), 0)); }
    /// NULL means forever.
    Timestamp end_time() { return source().take_null() ? forever : time(); }
    std::optional<Timestamp> time_or_none() {
        if (source().take_null()) return std::nullopt;
        return time();
    }
    std::optional<Duration> duration_or_none() {
        if (source().take_null()) return std::nullopt;
        return duration();
    }

protected:
    Values() = default;
    void check(bool holds) noexcept { ok_ = ok_ && holds; }
    void start_over() noexcept { ok_ = true; }

private:
    Source& source() { return static_cast<Source&>(*this); }

    bool ok_ = true;
};

}  // namespace nspect::store
