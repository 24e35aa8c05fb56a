// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <vector>

namespace nspect {

/// first..last, both included.
template <class T>
struct Interval {
    T first{};
    T last{};

    auto operator<=>(const Interval&) const = default;
    bool operator==(const Interval&) const = default;
    bool contains(const T& value) const { return first <= value && value <= last; }
};

/// A set of values of an ordered, discrete type, kept as sorted, disjoint, non-adjacent intervals,
/// so equal sets compare equal and print alike.
/// T needs `<=>` and, found by argument-dependent lookup, `std::optional<T> successor(T)` and
/// `predecessor(T)` (nothing at the end of a universe: after 65535, after 255.255.255.255).
/// REQUIRES: both ends of an interval are of one universe.
template <class T>
class IntervalSet {
public:
    IntervalSet() = default;
    IntervalSet(std::initializer_list<Interval<T>> intervals) {
        for (const auto& interval : intervals) insert(interval);
    }

    bool empty() const noexcept { return intervals_.empty(); }
    const std::vector<Interval<T>>& intervals() const noexcept { return intervals_; }

    bool contains(const T& value) const {
        auto after = std::upper_bound(intervals_.begin(), intervals_.end(), value,
                                      [](const T& v, const Interval<T>& i) { return v < i.first; });
        return after != intervals_.begin() && std::prev(after)->contains(value);
    }

    /// Whether every value of `other` is in this set.
    bool contains(const IntervalSet& other) const { return (other - *this).empty(); }

    /// An interval whose first is after its last adds nothing.
    void insert(Interval<T> added);

    IntervalSet operator|(const IntervalSet& other) const {
        IntervalSet both = *this;
        for (const auto& interval : other.intervals_) both.insert(interval);
        return both;
    }
    IntervalSet operator&(const IntervalSet& other) const;
    IntervalSet operator-(const IntervalSet& other) const;

    auto operator<=>(const IntervalSet&) const = default;
    bool operator==(const IntervalSet&) const = default;

private:
    std::vector<Interval<T>> intervals_;
};

template <class T>
void IntervalSet<T>::insert(Interval<T> added) {
    if (added.last < added.first) return;
    auto ends_before = [](const Interval<T>& i, const T& value) {
        if (value <= i.last) return false;
        const auto next = successor(i.last);  // adjacent intervals merge, but not two universes
        return !next || *next < value;
    };
    auto from = std::lower_bound(intervals_.begin(), intervals_.end(), added.first, ends_before);
    auto to = from;
    const auto after = successor(added.last);
    while (to != intervals_.end() && (to->first <= added.last || (after && to->first == *after))) {
        added.first = std::min(added.first, to->first);
        added.last = std::max(added.last, to->last);
        ++to;
    }
    intervals_.insert(intervals_.erase(from, to), added);
}

template <class T>
IntervalSet<T> IntervalSet<T>::operator&(const IntervalSet& other) const {
    IntervalSet common;
    auto a = intervals_.begin();
    auto b = other.intervals_.begin();
    while (a != intervals_.end() && b != other.intervals_.end()) {
        const T first = std::max(a->first, b->first);
        const T last = std::min(a->last, b->last);
        if (first <= last) common.intervals_.push_back({first, last});
        if (a->last < b->last) {
            ++a;
        } else {
            ++b;
        }
    }
    return common;
}

template <class T>
IntervalSet<T> IntervalSet<T>::operator-(const IntervalSet& other) const {
    IntervalSet rest;
    auto cut = other.intervals_.begin();
    for (Interval<T> left : intervals_) {
        bool consumed = false;
        while (cut != other.intervals_.end() && cut->last < left.first) ++cut;
        for (auto c = cut; c != other.intervals_.end() && c->first <= left.last; ++c) {
            if (left.first < c->first)
                rest.intervals_.push_back({left.first, *predecessor(c->first)});
            const auto next = successor(c->last);
            consumed = !next || left.last <= c->last;
            if (consumed) break;
            left.first = *next;
        }
        if (!consumed) rest.intervals_.push_back(left);
    }
    return rest;
}

}  // namespace nspect
