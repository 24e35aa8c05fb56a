// SPDX-License-Identifier: Apache-2.0
#include "analyzer/label_index.h"

#include <algorithm>
#include <iterator>

namespace nspect::analyzer {
namespace {

IdSet within(const IdSet& ids, IdRange range) {
    const auto first = std::lower_bound(ids.begin(), ids.end(), range.first);
    return {first, std::lower_bound(first, ids.end(), range.end)};
}

IdSet whole(IdRange range) {
    IdSet ids(range.end - range.first);
    for (std::uint32_t i = 0; i < ids.size(); ++i) ids[i] = range.first + i;
    return ids;
}

IdSet without(const IdSet& a, const IdSet& b) {
    IdSet rest;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(rest));
    return rest;
}

}  // namespace

IdSet unite(const IdSet& a, const IdSet& b) {
    IdSet both;
    both.reserve(a.size() + b.size());
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both;
}

IdSet intersect(const IdSet& a, const IdSet& b) {
    IdSet common;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(common));
    return common;
}

std::size_t SelectorHash::operator()(const Selector& selector) const noexcept {
    std::size_t hash = selector.requirements().size();
    const auto mix = [&hash](std::size_t value) { hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL; };
    for (const auto& requirement : selector.requirements()) {
        mix(StringHash{}(requirement.key));
        mix(static_cast<std::size_t>(requirement.op));
        for (const auto& value : requirement.values) mix(StringHash{}(value));
    }
    return hash;
}

void LabelIndex::keep_keys_of(const Selector& selector) {
    for (const auto& requirement : selector.requirements()) {
        const auto next = static_cast<std::uint32_t>(keys_.size());
        if (key_index_.try_emplace(requirement.key, next).second) keys_.emplace_back();
    }
}

std::vector<std::uint32_t> LabelIndex::relevant(const Labels& labels) {
    std::vector<std::uint32_t> numbers;
    for (const auto& [name, value] : labels.entries()) {
        const auto found = key_index_.find(std::string_view{name});
        if (found == key_index_.end()) continue;
        Key& key = keys_[found->second];
        const auto known = key.values.find(std::string_view{value});
        if (known != key.values.end()) {
            numbers.push_back(known->second);
            continue;
        }
        const auto number = static_cast<std::uint32_t>(entries_.size());
        key.values.emplace(value, number);
        key.entries.push_back(number);
        entries_.push_back({value, {}});
        entry_keys_.push_back(found->second);
        numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

void LabelIndex::add(const std::vector<std::uint32_t>& relevant_labels) {
    for (const std::uint32_t number : relevant_labels) {
        entries_[number].objects.push_back(size_);
        keys_[entry_keys_[number]].objects.push_back(size_);
    }
    ++size_;
}

const LabelIndex::Key* LabelIndex::find(std::string_view key) const {
    const auto found = key_index_.find(key);
    return found == key_index_.end() ? nullptr : &keys_[found->second];
}

/// The objects in `range` that a positive requirement holds for; for a negative one, those it
/// fails.
IdSet LabelIndex::holders(const Requirement& requirement, const Key& key, IdRange range) const {
    using Op = Requirement::Op;
    if (requirement.op == Op::exists || requirement.op == Op::does_not_exist) {
        return within(key.objects, range);
    }
    IdSet ids;
    if (requirement.op == Op::in || requirement.op == Op::not_in) {
        for (const auto& value : requirement.values) {
            const auto known = key.values.find(std::string_view{value});
            if (known == key.values.end()) continue;
            const IdSet some = within(entries_[known->second].objects, range);
            ids.insert(ids.end(), some.begin(), some.end());
        }
    } else {
        const Requirement positive = requirement.negative() ? opposite(requirement) : requirement;
        for (const std::uint32_t number : key.entries) {
            if (!positive.matches(Labels{{positive.key, entries_[number].text}})) continue;
            const IdSet some = within(entries_[number].objects, range);
            ids.insert(ids.end(), some.begin(), some.end());
        }
    }
    std::sort(ids.begin(), ids.end());  // an object has one value per key: no duplicates
    return ids;
}

IdSet LabelIndex::select(const Selector& selector, IdRange range) const {
    bool narrowed = false;
    IdSet ids;
    for (const auto& requirement : selector.requirements()) {
        if (requirement.negative()) continue;
        const Key* key = find(requirement.key);
        IdSet some = key == nullptr ? IdSet{} : holders(requirement, *key, range);
        ids = narrowed ? intersect(ids, some) : std::move(some);
        narrowed = true;
        if (ids.empty()) return ids;
    }
    if (!narrowed) ids = whole(range);
    for (const auto& requirement : selector.requirements()) {
        const Key* key = requirement.negative() ? find(requirement.key) : nullptr;
        if (key != nullptr) ids = without(ids, holders(requirement, *key, range));
    }
    return ids;
}

}  // namespace nspect::analyzer
