// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nspect {

/// Key-value pairs of a Kubernetes object or a container, sorted by key, each key once.
class Labels {
public:
    using Entry = std::pair<std::string, std::string>;

    Labels() = default;
    Labels(std::initializer_list<Entry> entries);

    /// The last value set for a key stays.
    void set(std::string key, std::string value);
    void erase(std::string_view key);
    /// The value, or nullptr. Valid until the next change.
    const std::string* find(std::string_view key) const;
    bool empty() const noexcept { return entries_.empty(); }
    const std::vector<Entry>& entries() const noexcept { return entries_; }

    auto operator<=>(const Labels&) const = default;
    bool operator==(const Labels&) const = default;

private:
    std::vector<Entry> entries_;
};

/// "app=web,tier=front".
std::string to_string(const Labels& labels);

/// One condition of a selector. Operators of the Kubernetes label selector, and the text matches of
/// Calico's expression language.
struct Requirement {
    enum class Op {
        in,
        not_in,
        exists,
        does_not_exist,
        contains,
        starts_with,
        ends_with,
        not_contains,
        not_starts_with,
        not_ends_with,
    };
    std::string key;
    Op op = Op::in;
    std::vector<std::string> values;  ///< sorted, each once; empty for the two existence operators

    /// Whether it holds for an object without the key.
    bool negative() const;
    bool matches(const Labels& labels) const;

    auto operator<=>(const Requirement&) const = default;
    bool operator==(const Requirement&) const = default;
};

/// The requirement that holds exactly where this one does not.
Requirement opposite(Requirement requirement);

/// A conjunction of requirements; one without requirements matches everything.
/// (Kubernetes meta/v1 LabelSelector: matchLabels and matchExpressions are ANDed.)
class Selector {
public:
    Selector() = default;
    explicit Selector(std::vector<Requirement> requirements);
    static Selector matching(const Labels& labels);

    void add(Requirement requirement);
    bool matches(const Labels& labels) const;
    bool matches_everything() const noexcept { return requirements_.empty(); }
    /// Sorted, each once.
    const std::vector<Requirement>& requirements() const noexcept { return requirements_; }

    auto operator<=>(const Selector&) const = default;
    bool operator==(const Selector&) const = default;

private:
    std::vector<Requirement> requirements_;
};

/// "app=web,tier in (a, b),!debug"; "everything" when it is empty.
std::string to_string(const Selector& selector);

}  // namespace nspect
