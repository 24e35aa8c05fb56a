// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/labels.h"

namespace nspect::analyzer {

/// Sorted, each once.
using IdSet = std::vector<std::uint32_t>;

/// A half-open range of ids.
struct IdRange {
    std::uint32_t first = 0;
    std::uint32_t end = 0;
};

IdSet unite(const IdSet& a, const IdSet& b);
IdSet intersect(const IdSet& a, const IdSet& b);

struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};
struct SelectorHash {
    std::size_t operator()(const Selector& selector) const noexcept;
};

/// Inverted index of labelled objects, numbered in the order they are added: which of them a
/// selector selects costs about as much as the answer is long. Only keys that were asked for before
/// the first object are kept: other labels cannot matter.
class LabelIndex {
public:
    void keep_keys_of(const Selector& selector);

    /// The labels that matter, as numbers, sorted: equal vectors are equal for every selector.
    std::vector<std::uint32_t> relevant(const Labels& labels);
    /// Adds an object with labels as `relevant` gave them.
    void add(const std::vector<std::uint32_t>& relevant_labels);
    std::uint32_t size() const noexcept { return size_; }

    /// The objects in `range` that the selector selects.
    /// REQUIRES: keep_keys_of(selector) was called before anything was added.
    IdSet select(const Selector& selector, IdRange range) const;

private:
    struct Value {
        std::string text;
        IdSet objects;
    };
    struct Key {
        std::unordered_map<std::string, std::uint32_t, StringHash, std::equal_to<>> values;
        std::vector<std::uint32_t> entries;  // numbers of its (key, value) pairs
        IdSet objects;
    };

    const Key* find(std::string_view key) const;
    IdSet holders(const Requirement& requirement, const Key& key, IdRange range) const;

    std::unordered_map<std::string, std::uint32_t, StringHash, std::equal_to<>> key_index_;
    std::vector<Key> keys_;
    std::vector<Value> entries_;             // by number of (key, value)
    std::vector<std::uint32_t> entry_keys_;  // the key of each
    std::uint32_t size_ = 0;
};

}  // namespace nspect::analyzer
