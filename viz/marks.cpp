// SPDX-License-Identifier: Apache-2.0
#include "viz/marks.h"

#include <array>

namespace nspect::viz {

namespace {

constexpr auto marks = std::to_array<Mark>({
    // what policy says, and what was seen
    {"allowed-used", "\u2713", "+", "32"},
    {"allowed-unused", "\u25CB", "o", "2"},
    {"denied-blocked", "\u2717", "x", "33"},
    {"denied-flowed", "\u26A0", "!", "1;31"},
    {"unprotected", "\u25C7", "-", "34"},
    {"undecided", "?", "?", "35"},
    // how a conversation went
    {"established", "\u2713", "+", "32"},
    {"refused", "\u2717", "x", "31"},
    {"rejected", "\u2717", "x", "31"},
    {"unanswered", "\u2026", ".", "33"},
    {"one-way", "\u2192", ">", "36"},
    {"mid-stream", "~", "~", "2"},
    // statements of guidelines
    {"pass", "\u2713", "+", "32"},
    {"fail", "\u2717", "x", "1;31"},
    {"not observable", "?", "?", "2"},
    // changes
    {"added", "+", "+", "1;33"},
    {"removed", "\u2212", "-", "2"},
    {"changed", "\u2260", "~", "36"},
});

}  // namespace

const Mark* mark_of(std::string_view cell) {
    for (const Mark& each : marks) {
        if (!cell.ends_with(each.word)) continue;
        const std::size_t before = cell.size() - each.word.size();
        if (before == 0 || cell[before - 1] == ' ') return &each;
    }
    return nullptr;
}

}  // namespace nspect::viz
