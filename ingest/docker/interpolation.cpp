// SPDX-License-Identifier: Apache-2.0
#include "ingest/docker/interpolation.h"

#include <cstddef>

namespace nspect::ingest {

namespace {

constexpr int deepest = 8;  // of defaults in defaults

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::size_t name_length(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && is_name_character(text[length])) ++length;
    return length;
}

/// Where the brace that was opened before `text` is closed.
std::size_t closing_brace(std::string_view text) {
    int depth = 1;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '{') ++depth;
        if (text[i] == '}' && --depth == 0) return i;
    }
    return std::string_view::npos;
}

void replace(std::string_view text, int depth, Interpolated& result);

/// What stands between the braces.
void expand(std::string_view inside, int depth, Interpolated& result) {
    const std::size_t length = name_length(inside);
    const std::string name(inside.substr(0, length));
    std::string_view rest = inside.substr(length);
    if (rest.starts_with(':')) rest.remove_prefix(1);
    const bool has_default = rest.starts_with('-');
    if (has_default && depth < deepest) {
        replace(rest.substr(1), depth + 1, result);
    } else {
        result.unknown.push_back(name);
    }
}

void replace(std::string_view text, int depth, Interpolated& result) {
    while (!text.empty()) {
        const std::size_t dollar = text.find('$');
        result.text += text.substr(0, dollar);
        if (dollar == std::string_view::npos) return;
        text.remove_prefix(dollar + 1);
        if (text.starts_with('$')) {
            result.text += '$';
            text.remove_prefix(1);
        } else if (text.starts_with('{')) {
            const std::size_t end = closing_brace(text.substr(1));
            if (end == std::string_view::npos) return;
            expand(text.substr(1, end), depth, result);
            text.remove_prefix(end + 2);
        } else if (const std::size_t length = name_length(text); length > 0) {
            result.unknown.emplace_back(text.substr(0, length));
            text.remove_prefix(length);
        } else {
            result.text += '$';
        }
    }
}

}  // namespace

Interpolated interpolate(std::string_view text) {
    Interpolated result;
    replace(text, 0, result);
    return result;
}

}  // namespace nspect::ingest
