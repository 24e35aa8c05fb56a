// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace nspect {

/// Why the world said no: something outside the program failed (a file, a socket, a privilege).
/// Bad bytes are counted and bad documents are Diagnostics; neither is an Error.
struct Error {
    enum class Kind { not_found, permission, invalid, unavailable, unsupported, io };
    Kind kind = Kind::io;
    std::string message;  ///< what failed, in one sentence without a full stop
    std::string hint;     ///< what the user can do; empty when there is nothing to say
    std::string where;    ///< the file, interface or address it is about; may be empty

    bool operator==(const Error&) const = default;
};

/// "where: message", the hint on a line of its own.
std::string to_string(const Error& error);

/// The Error for an errno value: its kind, and "what: strerror".
Error error_from_errno(int number, std::string what, std::string where = {});

struct Done {
    bool operator==(const Done&) const = default;
};
inline constexpr Done done{};

/// A value, or the reason there is none. Ignoring one is a compile-time warning.
/// Names follow std::expected, which replaces it once the baseline is C++23.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /// REQUIRES: has_value().
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(value()); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    /// REQUIRES: !has_value().
    const Error& error() const& {
        assert(!has_value());
        return *std::get_if<1>(&state_);
    }
    Error&& error() && {
        assert(!has_value());
        return std::move(*std::get_if<1>(&state_));
    }

    /// Calls `f` with the value, or passes the error on. `f` returns a Result.
    template <class F>
    auto and_then(F&& f) && -> decltype(f(std::declval<T&&>())) {
        if (!has_value()) return std::move(*this).error();
        return std::forward<F>(f)(std::move(value()));
    }

private:
    T& value() {
        assert(has_value());
        return *std::get_if<0>(&state_);
    }
    const T& value() const {
        assert(has_value());
        return *std::get_if<0>(&state_);
    }

    std::variant<T, Error> state_;
};

/// Success without a value: `return done;`.
using Status = Result<Done>;

}  // namespace nspect
