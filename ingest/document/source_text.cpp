// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/source_text.h"

#include <algorithm>

namespace nspect::ingest {

namespace {

constexpr std::size_t longest_shown = 4096;

// The length of the line break at `i`: what libyaml takes for one, so that line numbers agree.
std::size_t break_at(std::string_view text, std::size_t i) {
    if (text[i] == '\n') return 1;
    if (text[i] == '\r') return i + 1 < text.size() && text[i + 1] == '\n' ? 2 : 1;
    const std::string_view rest = text.substr(i, 3);
    if (rest.starts_with("\xc2\x85")) return 2;
    return rest == "\xe2\x80\xa8" || rest == "\xe2\x80\xa9" ? 3 : 0;
}

bool starts_character(char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
}

}  // namespace

void SourceTextView::find_lines() const {
    if (!starts_.empty()) return;
    starts_.push_back(0);
    for (std::size_t i = 0; i < text_.size();) {
        const std::size_t length = break_at(text_, i);
        i += length == 0 ? 1 : length;
        if (length != 0) starts_.push_back(i);
    }
}

std::string SourceTextView::line(std::size_t number) const {
    find_lines();
    if (number == 0 || number > starts_.size()) return {};
    const std::size_t from = starts_[number - 1];
    const std::size_t to = number < starts_.size() ? starts_[number] : text_.size();
    std::string_view line = text_.substr(from, to - from);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    return line.size() > longest_shown ? std::string() : std::string(line);
}

std::size_t SourceTextView::offset_of_line(std::size_t number) const {
    find_lines();
    return number == 0 || number > starts_.size() ? text_.size() : starts_[number - 1];
}

Position SourceTextView::position(std::size_t offset) const {
    find_lines();
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    const std::size_t start = *std::prev(after);
    const auto before = text_.substr(start, offset - start);
    const auto characters = std::count_if(before.begin(), before.end(), starts_character);
    return {static_cast<std::uint32_t>(after - starts_.begin()),
            static_cast<std::uint32_t>(characters + 1)};
}

}  // namespace nspect::ingest
