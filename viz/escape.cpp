// SPDX-License-Identifier: Apache-2.0
#include "viz/escape.h"

#include <cstdint>
#include <cstdio>

#include "viz/columns.h"

namespace nspect::viz {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// The code point at the front of `text` and its length; length 0 when it is not UTF-8 (RFC 3629).
struct CodePoint {
    std::uint32_t value = 0;
    std::size_t length = 0;
};

CodePoint next_code_point(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) return {first, 1};
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length) return {};
    std::uint32_t value = first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return {};
        value = (value << 6U) | (byte(i) & 0x3FU);
    }
    const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (overlong || surrogate || value > 0x10FFFF) return {};
    return {value, length};
}

/// Calls `each(code point, its bytes)`; bytes that are not UTF-8 come as U+FFFD, one by one.
template <class F>
void for_each_code_point(std::string_view text, F&& each) {
    while (!text.empty()) {
        const CodePoint point = next_code_point(text);
        if (point.length == 0) {
            each(std::uint32_t{0xFFFD}, replacement);
            text.remove_prefix(1);
        } else {
            each(point.value, text.substr(0, point.length));
            text.remove_prefix(point.length);
        }
    }
}

/// Marks that reorder or hide the text around them (Unicode bidirectional controls, zero width,
/// BOM), and what XML forbids.
bool is_deceiving(std::uint32_t c) {
    return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x2069) || c == 0x061C || c == 0xFEFF || c == 0x2028 ||
           c == 0x2029 || c == 0xFFFE || c == 0xFFFF;
}

bool is_control(std::uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

std::string visible(std::uint32_t c) {
    char text[16];
    const char* form = c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";
    std::snprintf(text, sizeof text, form, static_cast<unsigned>(c));
    return text;
}

/// Printable ASCII alone, as most of what is shown.
bool is_plain(std::string_view text) {
    bool plain = true;
    for (const char c : text) plain &= c >= 0x20 && c < 0x7F;
    return plain;
}

/// The common part of all outputs: what cannot be shown becomes visible text, the rest goes to
/// `put`.
template <class F>
std::string escaped(std::string_view text, F&& put) {
    if (is_plain(text)) return std::string(text);
    std::string out;
    out.reserve(text.size());
    for_each_code_point(text, [&](std::uint32_t c, std::string_view bytes) {
        if (is_control(c) || is_deceiving(c)) {
            put(out, visible(c));
        } else {
            put(out, bytes);
        }
    });
    return out;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for_each_code_point(text, [&](std::uint32_t, std::string_view bytes) { out += bytes; });
    return out;
}

std::string for_terminal(std::string_view text) {
    return escaped(text, [](std::string& out, std::string_view bytes) { out += bytes; });
}

std::string for_html(std::string_view text) {
    std::string out;
    for (const char c : for_terminal(text)) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string for_dot(std::string_view text) {
    std::string out;
    for (const char c : for_terminal(text)) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string for_markdown(std::string_view text) {
    constexpr std::string_view special = "\\`*_[]<>#|~!&";
    // GitHub makes mentions, issue links and web links of plain text too; an empty comment parts
    // them.
    constexpr std::string_view apart = "<!-- -->";
    const std::string shown = for_terminal(text);
    std::string out;
    for (std::size_t i = 0; i < shown.size(); ++i) {
        const char c = shown[i];
        const std::string_view rest = std::string_view(shown).substr(i);
        if (c == '<') {
            out += "&lt;";
        } else if (c == '&') {
            out += "&amp;";
        } else {
            if (special.find(c) != std::string_view::npos) out += '\\';
            out += c;
        }
        if (c == '@' || c == '#' || rest.starts_with("://")) out += apart;
        if (c == '.' && i >= 3 && shown.compare(i - 3, 3, "www") == 0) out += apart;
    }
    return out;
}

std::string for_csv(std::string_view text) {
    std::string cell = for_terminal(text);
    if (cell.empty()) return cell;
    const char front = cell.front();
    const bool formula = front == '=' || front == '+' || front == '-' || front == '@';
    if (formula && cell.size() > 1) cell.insert(cell.begin(), '\'');
    if (cell.find(',') == std::string::npos && cell.find('"') == std::string::npos) return cell;
    std::string quoted = "\"";
    for (const char c : cell) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

std::string for_mermaid(std::string_view text) {
    std::string out;
    for (const char c : for_terminal(text)) {
        switch (c) {
            case '"':
                out += "#quot;";
                break;
            case '#':
                out += "#35;";
                break;
            case '<':
                out += "#lt;";
                break;
            case '>':
                out += "#gt;";
                break;
            case '&':
                out += "#amp;";
                break;
            case '%':  // a directive may stand anywhere
                out += "#37;";
                break;
            case '`':  // would begin Markdown
                out += "#96;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string ascii_only(std::string_view text) {
    std::string out;
    for_each_code_point(text, [&](std::uint32_t c, std::string_view bytes) {
        if (c < 0x80) {
            out += bytes;
        } else {
            out += visible(c);
        }
    });
    return out;
}

std::size_t display_width(std::string_view utf8) {
    std::size_t width = 0;
    for_each_code_point(utf8, [&](std::uint32_t c, std::string_view) { width += columns_of(c); });
    return width;
}

std::string_view first_columns(std::string_view utf8, std::size_t columns) {
    std::size_t width = 0;
    std::size_t bytes = 0;
    bool full = false;
    for_each_code_point(utf8, [&](std::uint32_t c, std::string_view code_point) {
        width += columns_of(c);
        full |= width > columns && bytes > 0;
        if (!full) bytes += code_point.size();
    });
    return utf8.substr(0, bytes);
}

std::string cut_middle(std::string_view utf8, std::size_t columns, std::string_view mark) {
    const std::size_t width = display_width(utf8);
    if (width <= columns) return std::string(utf8);
    const std::size_t front = columns / 2;
    const std::size_t back = columns - front - 1;
    std::string head;
    std::string tail;
    std::size_t before = 0;  // columns left of the code point
    for_each_code_point(utf8, [&](std::uint32_t c, std::string_view bytes) {
        const std::size_t after = before + columns_of(c);
        if (after <= front) head += bytes;
        // A mark that combines belongs to the letter before it.
        if (before >= width - back && (after > before || !tail.empty())) tail += bytes;
        before = after;
    });
    return head + std::string(mark) + tail;
}

}  // namespace nspect::viz
