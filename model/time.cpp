// SPDX-License-Identifier: Apache-2.0
#include "model/time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace nspect {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_s = 86'400;

/// Reads exactly the pieces of a timestamp, from the front; the first one that does not fit ends
/// it.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool take(std::string_view any_of) {
        if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }

    std::optional<int> number(std::size_t digits, int first, int last) {
        if (digit_count() < digits) return std::nullopt;
        int value = 0;
        std::from_chars(rest_.data(), rest_.data() + digits, value);
        rest_.remove_prefix(digits);
        if (value < first || value > last) return std::nullopt;
        return value;
    }

    /// 1 to 9 digits after the point, in nanoseconds.
    std::optional<int> fraction() {
        const std::size_t digits = digit_count();
        if (digits == 0 || digits > 9) return std::nullopt;
        auto value = number(digits, 0, second_ns - 1);
        for (std::size_t i = digits; i < 9; ++i) *value *= 10;
        return value;
    }

    bool at_end() const { return rest_.empty(); }
    char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

private:
    std::size_t digit_count() const {
        return std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    }

    std::string_view rest_;
};

std::optional<std::int64_t> read_date(Reader& in) {
    const auto year = in.number(4, 0, 9999);
    if (!year || !in.take("-")) return std::nullopt;
    const auto month = in.number(2, 1, 12);
    if (!month || !in.take("-")) return std::nullopt;
    const auto day = in.number(2, 1, 31);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date).time_since_epoch().count() * day_s;
}

std::optional<std::int64_t> read_clock(Reader& in) {
    const auto hour = in.number(2, 0, 23);
    if (!hour || !in.take(":")) return std::nullopt;
    const auto minute = in.number(2, 0, 59);
    if (!minute || !in.take(":")) return std::nullopt;
    const auto second = in.number(2, 0, 60);  // 60: a leap second, the same as the next one
    if (!second) return std::nullopt;
    return (*hour * 60 + *minute) * 60 + *second;
}

std::optional<std::int64_t> read_offset(Reader& in) {
    if (in.take("Zz")) return 0;
    const int sign = in.peek() == '-' ? -1 : 1;
    if (!in.take("+-")) return std::nullopt;
    const auto hours = in.number(2, 0, 23);
    if (!hours || !in.take(":")) return std::nullopt;
    const auto minutes = in.number(2, 0, 59);
    if (!minutes) return std::nullopt;
    return sign * (*hours * 60 + *minutes) * 60;
}

/// Nothing when the moment is outside what 64 bits of nanoseconds hold (years 1677 to 2262).
std::optional<Timestamp> from_parts(std::int64_t seconds, std::int64_t nanoseconds) {
    if (seconds < 0 && nanoseconds > 0) {  // towards zero, so that the first moment still fits
        ++seconds;
        nanoseconds -= second_ns;
    }
    std::int64_t total = 0;
    if (__builtin_mul_overflow(seconds, second_ns, &total)) return std::nullopt;
    if (__builtin_add_overflow(total, nanoseconds, &total)) return std::nullopt;
    return Timestamp(Duration(total));
}

void put_digits(std::string& text, std::size_t at, std::size_t count, std::int64_t value) {
    for (std::size_t i = at + count; i > at; value /= 10) {
        text[--i] = static_cast<char>('0' + value % 10);
    }
}

std::string with_unit(std::int64_t tenths, std::string_view unit) {
    std::string text = std::to_string(tenths / 10);
    if (tenths < 1000 && tenths % 10 != 0) text += '.' + std::to_string(tenths % 10);
    return text + ' ' + std::string(unit);
}

std::string two_units(std::int64_t value, std::int64_t per, std::string_view large,
                      std::string_view small) {
    std::string text = std::to_string(value / per) + ' ' + std::string(large);
    if (value % per != 0) text += ' ' + std::to_string(value % per) + ' ' + std::string(small);
    return text;
}

}  // namespace

std::string to_string(Timestamp time) {
    const std::int64_t total = time.time_since_epoch().count();
    std::int64_t seconds = total / second_ns;
    std::int64_t fraction = total % second_ns;
    if (fraction < 0) {
        fraction += second_ns;
        --seconds;
    }
    const std::int64_t clock = ((seconds % day_s) + day_s) % day_s;
    const auto days = static_cast<int>((seconds - clock) / day_s);
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
    std::string text = "0000-00-00T00:00:00.000000000Z";
    put_digits(text, 0, 4, int(date.year()));
    put_digits(text, 5, 2, unsigned(date.month()));
    put_digits(text, 8, 2, unsigned(date.day()));
    put_digits(text, 11, 2, clock / 3600);
    put_digits(text, 14, 2, clock / 60 % 60);
    put_digits(text, 17, 2, clock % 60);
    put_digits(text, 20, 9, fraction);
    return text;
}

std::string to_seconds(Timestamp time) {
    std::string text = to_string(time);
    text.resize(text.rfind('.'));
    text += 'Z';
    return text;
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
    Reader in(text);
    const auto date = read_date(in);
    if (!date || !in.take("Tt")) return std::nullopt;
    const auto clock = read_clock(in);
    if (!clock) return std::nullopt;
    std::optional<int> fraction = 0;
    if (in.take(".")) fraction = in.fraction();
    if (!fraction) return std::nullopt;
    const auto offset = read_offset(in);
    if (!offset || !in.at_end()) return std::nullopt;
    return from_parts(*date + *clock - *offset, *fraction);
}

std::string to_words(Duration duration) {
    struct Unit {
        std::string_view name;
        std::int64_t size;
    };
    static constexpr std::array<Unit, 3> small{{{"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}}};
    if (duration < Duration::zero()) {
        return '-' + to_words(Duration(-std::max(duration.count(), -Duration::max().count())));
    }
    const std::int64_t count = duration.count();
    if (count == 0) return "0 s";
    for (const auto& unit : small) {
        if (count >= unit.size * 1000) continue;
        const std::int64_t tenths = (count * 10 + unit.size / 2) / unit.size;
        if (tenths < 10'000) return with_unit(tenths, unit.name);
    }
    const std::int64_t seconds = count / second_ns + (count % second_ns >= second_ns / 2 ? 1 : 0);
    if (seconds < 100) return with_unit((count / 10'000'000 + 5) / 10, "s");
    if (seconds < 600) return with_unit(seconds * 10, "s");
    if (seconds < 3600) return two_units(seconds, 60, "min", "s");
    if (seconds < 2 * day_s) return two_units(seconds / 60, 60, "h", "min");
    return two_units(seconds / 3600, 24, "d", "h");
}

}  // namespace nspect
