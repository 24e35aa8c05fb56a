// SPDX-License-Identifier: Apache-2.0
#include "model/diagnostics.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <tuple>
#include <utility>

namespace nspect {
namespace {

/// Of a very long line, this many characters around the column are shown.
constexpr std::size_t window = 100;
constexpr std::string_view cut_mark = "...";
/// Longer names are nobody's typing error, and the distance costs the product of both lengths.
constexpr std::size_t longest_name = 128;

constexpr std::uint32_t invalid = 0xffff'ffffU;

struct Character {
    std::string_view bytes;
    std::uint32_t code = invalid;
};

unsigned continuation_bytes(unsigned char lead) {
    if (lead < 0x80) return 0;
    if (lead >= 0xc2 && lead <= 0xdf) return 1;
    if (lead >= 0xe0 && lead <= 0xef) return 2;
    if (lead >= 0xf0 && lead <= 0xf4) return 3;
    return 4;
}

/// RFC 3629; a byte that does not belong there is a character of its own. REQUIRES: !text.empty().
Character first_character(std::string_view text) {
    const Character broken{text.substr(0, 1), invalid};
    const auto lead = static_cast<unsigned char>(text.front());
    const unsigned more = continuation_bytes(lead);
    if (more == 4 || text.size() <= more) return broken;
    if (more == 0) return {text.substr(0, 1), lead};
    std::uint32_t code = lead & (0x3fU >> more);
    for (unsigned i = 1; i <= more; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xc0U) != 0x80) return broken;
        code = code << 6U | (byte & 0x3fU);
    }
    const bool overlong = (more == 2 && code < 0x800) || (more == 3 && code < 0x10000);
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (overlong || surrogate || code > 0x10ffff) return broken;
    return {text.substr(0, more + 1), code};
}

/// What moves the cursor, colours, hides, or turns the direction of text around.
bool is_unsafe(std::uint32_t code) {
    struct Range {
        std::uint32_t first;
        std::uint32_t last;
    };
    static constexpr std::array<Range, 8> unsafe{{{0x00, 0x1f},
                                                  {0x7f, 0x9f},
                                                  {0x200b, 0x200f},
                                                  {0x2028, 0x202e},
                                                  {0x2060, 0x2069},
                                                  {0x061c, 0x061c},
                                                  {0xfeff, 0xfeff},
                                                  {invalid, invalid}}};
    return std::any_of(unsafe.begin(), unsafe.end(), [code](const Range& range) {
        return range.first <= code && code <= range.last;
    });
}

void append_escaped(std::string& text, std::string_view bytes) {
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += "\\x";
        text += "0123456789ABCDEF"[byte >> 4U];
        text += "0123456789ABCDEF"[byte & 0xfU];
    }
}

struct Shown {
    std::string source;
    std::string caret;
};

/// Puts the source line's characters and, below each, what keeps the caret aligned.
class CaretLine {
public:
    CaretLine(std::size_t from, std::size_t width) : from_(from), width_(width) {}

    void mark_cut() { append(cut_mark, std::string(cut_mark.size(), ' ')); }

    /// The character in column `column`.
    void add(const Character& character, std::size_t column) {
        std::string text;
        if (is_unsafe(character.code) && character.code != '\t') {
            append_escaped(text, character.bytes);
        } else {
            text = character.bytes;
        }
        const std::size_t cells = text.size() > character.bytes.size() ? text.size() : 1;
        if (column < from_ || from_ == 0) {
            append(text, character.code == '\t' ? "\t" : std::string(cells, ' '));
        } else if (column < from_ + width_) {
            std::string below(cells, '~');
            if (column == from_) below.front() = '^';
            append(text, below);
        } else {
            append(text, {});
        }
    }

    Shown take() && {
        if (shown_.caret.find('^') == std::string::npos) shown_.caret += '^';
        return std::move(shown_);
    }

private:
    void append(std::string_view source, std::string_view below) {
        shown_.source += source;
        shown_.caret += below;
    }

    std::size_t from_;
    std::size_t width_;
    Shown shown_;
};

std::string_view without_line_end(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

std::size_t count_characters(std::string_view text) {
    std::size_t count = 0;
    for (; !text.empty(); ++count) text.remove_prefix(first_character(text).bytes.size());
    return count;
}

Shown show_line(const Diagnostic& diagnostic) {
    std::string_view rest = without_line_end(diagnostic.source_line);
    const std::size_t length = count_characters(rest);
    const std::size_t column = std::min(diagnostic.location.column, length + 1);
    std::size_t begin = 0;
    std::size_t end = length;
    if (length > window) {
        begin = column > window / 2 ? std::min(column - window / 2, length - window) : 0;
        end = begin + window;
    }
    CaretLine shown(column, std::clamp<std::size_t>(diagnostic.width, 1, length + 1));
    if (begin > 0) shown.mark_cut();
    for (std::size_t i = 0; i < end; ++i) {
        const auto character = first_character(rest);
        rest.remove_prefix(character.bytes.size());
        if (i >= begin) shown.add(character, i + 1);
    }
    Shown result = std::move(shown).take();
    if (end < length) result.source += cut_mark;
    return result;
}

std::string_view to_string(Diagnostic::Severity severity) {
    switch (severity) {
        case Diagnostic::Severity::error:
            return "error";
        case Diagnostic::Severity::warning:
            return "warning";
        case Diagnostic::Severity::note:
            break;
    }
    return "note";
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

/// Damerau-Levenshtein, restricted: insertions, deletions, changes and swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> two_up;
    std::vector<std::size_t> up(b.size() + 1);
    for (std::size_t j = 0; j < up.size(); ++j) up[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::vector<std::size_t> row(b.size() + 1, i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = up[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({up[j] + 1, row[j - 1] + 1, changed});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], two_up[j - 2] + 1);
        }
        two_up = std::exchange(up, std::move(row));
    }
    return up.back();
}

std::size_t name_distance(std::string_view word, std::string_view candidate, std::size_t most) {
    const std::size_t shorter = std::min(word.size(), candidate.size());
    const std::size_t longer = std::max(word.size(), candidate.size());
    if (longer - shorter > most || longer > longest_name) return most + 1;
    if (word != candidate && same_ignoring_case(word, candidate)) return 1;
    return edit_distance(word, candidate);
}

}  // namespace

std::string printable(std::string_view text) {
    std::string safe;
    safe.reserve(text.size());
    while (!text.empty()) {
        const auto character = first_character(text);
        if (is_unsafe(character.code)) {
            append_escaped(safe, character.bytes);
        } else {
            safe += character.bytes;
        }
        text.remove_prefix(character.bytes.size());
    }
    return safe;
}

std::string to_string(const Location& location) {
    std::string text = location.file;
    const auto append = [&text](const std::string& part) {
        if (!text.empty()) text += ':';
        text += part;
    };
    if (location.line != 0) {
        append(std::to_string(location.line));
        if (location.column != 0) append(std::to_string(location.column));
    } else if (!location.path.empty()) {
        append(location.path);
    }
    return text;
}

std::string to_string(const Diagnostic& diagnostic) {
    const Location& at = diagnostic.location;
    std::string text = printable(to_string(at));
    if (!text.empty()) text += ": ";
    text += to_string(diagnostic.severity);
    if (!diagnostic.code.empty()) text += '[' + printable(diagnostic.code) + ']';
    text += ": " + printable(diagnostic.message);
    if (at.line != 0 && !diagnostic.source_line.empty()) {
        const auto shown = show_line(diagnostic);
        const auto number = std::to_string(at.line);
        text += "\n   " + number + " | " + shown.source;
        if (at.column != 0) {
            text += "\n   " + std::string(number.size(), ' ') + " | " + shown.caret;
        }
    }
    if (!diagnostic.hint.empty()) text += "\n   hint: " + printable(diagnostic.hint);
    return text;
}

void Diagnostics::add(Diagnostic diagnostic) {
    items_.push_back(std::move(diagnostic));
}

bool Diagnostics::has_errors() const noexcept {
    return std::any_of(items_.begin(), items_.end(), [](const Diagnostic& each) {
        return each.severity == Diagnostic::Severity::error;
    });
}

void Diagnostics::sort() {
    const auto key = [](const Diagnostic& d) {
        return std::tie(d.location.file, d.location.line, d.location.column, d.code,
                        d.location.path, d.message, d.severity, d.hint, d.source_line, d.width);
    };
    std::sort(items_.begin(), items_.end(),
              [&key](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
    items_.erase(std::unique(items_.begin(), items_.end()), items_.end());
}

std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates) {
    std::size_t most = std::max<std::size_t>(word.size(), 3) / 3;
    if (word.size() < 2) return {};  // anything is near to a single letter
    std::string_view nearest;
    for (const std::string_view candidate : candidates) {
        const std::size_t distance = name_distance(word, candidate, most);
        if (distance > most) continue;
        if (distance < most || nearest.empty() || candidate < nearest) nearest = candidate;
        most = distance;
    }
    return std::string(nearest);
}

}  // namespace nspect
