// SPDX-License-Identifier: Apache-2.0
#include "model/labels.h"

#include <algorithm>

namespace nspect {
namespace {

bool key_before(const Labels::Entry& entry, std::string_view key) {
    return entry.first < key;
}

template <class Entries>
auto position(Entries& entries, std::string_view key) {
    return std::lower_bound(entries.begin(), entries.end(), key, key_before);
}

template <class T>
void sort_once_each(std::vector<T>& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
}

bool holds(Requirement::Op op, std::string_view value, std::string_view wanted) {
    switch (op) {
        case Requirement::Op::contains:
        case Requirement::Op::not_contains:
            return value.find(wanted) != std::string_view::npos;
        case Requirement::Op::starts_with:
        case Requirement::Op::not_starts_with:
            return value.starts_with(wanted);
        case Requirement::Op::ends_with:
        case Requirement::Op::not_ends_with:
            return value.ends_with(wanted);
        default:
            return value == wanted;
    }
}

std::string value_list(const std::vector<std::string>& values) {
    std::string text = "(";
    for (const auto& value : values) {
        if (text.size() > 1) text += ", ";
        text += value;
    }
    return text + ')';
}

/// "key=web" for one value, "key in (a, b)" for any other number of them.
std::string compared(const Requirement& requirement, std::string_view one, std::string_view many) {
    if (requirement.values.size() == 1) {
        return requirement.key + std::string(one) + requirement.values.front();
    }
    return requirement.key + std::string(many) + value_list(requirement.values);
}

std::string to_string(const Requirement& requirement) {
    switch (requirement.op) {
        case Requirement::Op::in:
            return compared(requirement, "=", " in ");
        case Requirement::Op::not_in:
            return compared(requirement, "!=", " notin ");
        case Requirement::Op::exists:
            return requirement.key;
        case Requirement::Op::does_not_exist:
            return '!' + requirement.key;
        case Requirement::Op::contains:
            return compared(requirement, " contains ", " contains ");
        case Requirement::Op::starts_with:
            return compared(requirement, " starts with ", " starts with ");
        case Requirement::Op::ends_with:
            return compared(requirement, " ends with ", " ends with ");
        case Requirement::Op::not_contains:
        case Requirement::Op::not_starts_with:
        case Requirement::Op::not_ends_with:
            break;
    }
    return '!' + to_string(opposite(requirement));
}

}  // namespace

Labels::Labels(std::initializer_list<Entry> entries) {
    for (const auto& [key, value] : entries) set(key, value);
}

void Labels::set(std::string key, std::string value) {
    const auto at = position(entries_, key);
    if (at != entries_.end() && at->first == key) {
        at->second = std::move(value);
    } else {
        entries_.emplace(at, std::move(key), std::move(value));
    }
}

void Labels::erase(std::string_view key) {
    const auto at = position(entries_, key);
    if (at != entries_.end() && at->first == key) entries_.erase(at);
}

const std::string* Labels::find(std::string_view key) const {
    const auto at = position(entries_, key);
    return at != entries_.end() && at->first == key ? &at->second : nullptr;
}

std::string to_string(const Labels& labels) {
    std::string text;
    for (const auto& [key, value] : labels.entries()) {
        if (!text.empty()) text += ',';
        text += key;
        text += '=';
        text += value;
    }
    return text;
}

bool Requirement::negative() const {
    return op == Op::not_in || op == Op::does_not_exist || op == Op::not_contains ||
           op == Op::not_starts_with || op == Op::not_ends_with;
}

bool Requirement::matches(const Labels& labels) const {
    const std::string* value = labels.find(key);
    if (value == nullptr) return negative();
    if (op == Op::exists || op == Op::does_not_exist) return op == Op::exists;
    const bool any = std::any_of(values.begin(), values.end(), [&](const std::string& wanted) {
        return holds(op, *value, wanted);
    });
    return any != negative();
}

Requirement opposite(Requirement requirement) {
    using Op = Requirement::Op;
    constexpr std::pair<Op, Op> pairs[] = {{Op::in, Op::not_in},
                                           {Op::exists, Op::does_not_exist},
                                           {Op::contains, Op::not_contains},
                                           {Op::starts_with, Op::not_starts_with},
                                           {Op::ends_with, Op::not_ends_with}};
    for (const auto& [positive, negative] : pairs) {
        if (requirement.op == positive || requirement.op == negative) {
            requirement.op = requirement.op == positive ? negative : positive;
            break;
        }
    }
    return requirement;
}

Selector::Selector(std::vector<Requirement> requirements) : requirements_(std::move(requirements)) {
    for (auto& requirement : requirements_) sort_once_each(requirement.values);
    sort_once_each(requirements_);
}

Selector Selector::matching(const Labels& labels) {
    std::vector<Requirement> requirements;
    for (const auto& [key, value] : labels.entries()) {
        requirements.push_back({key, Requirement::Op::in, {value}});
    }
    return Selector(std::move(requirements));
}

void Selector::add(Requirement requirement) {
    sort_once_each(requirement.values);
    const auto at = std::lower_bound(requirements_.begin(), requirements_.end(), requirement);
    if (at == requirements_.end() || *at != requirement) {
        requirements_.insert(at, std::move(requirement));
    }
}

bool Selector::matches(const Labels& labels) const {
    return std::all_of(requirements_.begin(), requirements_.end(),
                       [&](const Requirement& each) { return each.matches(labels); });
}

std::string to_string(const Selector& selector) {
    if (selector.matches_everything()) return "everything";
    std::string text;
    for (const auto& requirement : selector.requirements()) {
        if (!text.empty()) text += ',';
        text += to_string(requirement);
    }
    return text;
}

}  // namespace nspect
