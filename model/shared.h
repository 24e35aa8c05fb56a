// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace nspect {

/// A value or none, as std::optional, whose copies share one value until one of them is changed:
/// for what is large, rarely there and the same in many places. As wide as two pointers. Reaching
/// it through one that is not const counts as a change. Thread-safe as std::shared_ptr is.
template <class T>
class Shared {
public:
    Shared() = default;
    Shared(std::nullopt_t) {}                                           // NOLINT
    Shared(T value) : value_(std::make_shared<T>(std::move(value))) {}  // NOLINT
    Shared(std::optional<T> value) {                                    // NOLINT
        if (value) value_ = std::make_shared<T>(*std::move(value));
    }

    bool has_value() const noexcept { return value_ != nullptr; }
    explicit operator bool() const noexcept { return has_value(); }
    /// The value itself: equal for copies that share it. Null for none.
    const T* get() const noexcept { return value_.get(); }

    /// REQUIRES: has_value().
    const T& operator*() const { return *value_; }
    const T* operator->() const { return value_.get(); }
    T& operator*() { return own(); }
    T* operator->() { return &own(); }

    T value_or(T other) const { return value_ ? *value_ : std::move(other); }

    T& emplace() { return *(value_ = std::make_shared<T>()); }
    void reset() { value_.reset(); }

    friend bool operator==(const Shared& a, const Shared& b) {
        return a.value_ == b.value_ || (a.value_ && b.value_ && *a.value_ == *b.value_);
    }

private:
    T& own() {
        if (value_.use_count() > 1) value_ = std::make_shared<T>(*value_);
        return *value_;
    }

    std::shared_ptr<T> value_;
};

}  // namespace nspect
