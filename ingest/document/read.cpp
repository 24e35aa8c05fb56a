// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/read.h"

#include <cstring>
#include <optional>
#include <utility>

#include "ingest/document/json.h"
#include "ingest/document/yaml.h"

namespace nspect::ingest {

namespace {

unsigned byte_at(std::string_view text, std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
}

bool all_ascii(std::string_view text, std::size_t i) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof word);
    return (word & 0x8080808080808080U) == 0;
}

// The length of the UTF-8 sequence at `i` (RFC 3629: no overlong forms, no surrogates), or 0.
std::size_t sequence_at(std::string_view text, std::size_t i) {
    const unsigned lead = byte_at(text, i);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4) return 0;
    for (std::size_t k = 1; k < length; ++k) {
        if ((byte_at(text, i + k) & 0xc0U) != 0x80U) return 0;
    }
    const unsigned second = byte_at(text, i + 1);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return 0;
    return (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f) ? 0 : length;
}

std::optional<std::size_t> first_bad_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        if (i + 8 <= text.size() && all_ascii(text, i)) {
            i += 8;
            continue;
        }
        const std::size_t length = sequence_at(text, i);
        if (length == 0) return i;
        i += length;
    }
    return std::nullopt;
}

bool check_text(Report& report) {
    const std::string_view text = report.source().text();
    if (text.size() > largest_file) {
        report.error_at({}, "DOC013", "the file is larger than 1 GiB");
        return false;
    }
    const bool utf16 = text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
    if (utf16 || text.find('\0') != std::string_view::npos) {
        report.error_at({}, "DOC001", "this is not a text file", utf16 ? "save it as UTF-8" : "");
        return false;
    }
    if (const auto bad = first_bad_utf8(text)) {
        report.error_at(report.source().position(*bad), "DOC002",
                        "the text is not valid UTF-8 here", "save the file as UTF-8");
        return false;
    }
    return true;
}

std::size_t skip_space(std::string_view text, std::size_t from) {
    const std::size_t at = text.find_first_not_of(" \t\r\n", from);
    return at == std::string_view::npos ? text.size() : at;
}

}  // namespace

std::string_view without_byte_order_mark(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    return text;
}

// One file may hold several JSON values one after the other, and YAML that begins with a brace.
void read_documents(Report& report, ObjectHandler handler) {
    if (!check_text(report)) return;
    std::size_t found = 0;
    TreeBuilder builder(report, [&](const FoundObject& object) {
        ++found;
        handler(object);
    });
    const std::string_view text = report.source().text();
    const bool only_json = report.source().name().ends_with(".json");
    std::size_t from = skip_space(text, 0);
    while (from < text.size() && (text[from] == '{' || text[from] == '[')) {
        std::size_t behind = found == 0 ? 0 : from;
        report.use_paths(true);
        const auto mistake = read_json(report, builder, behind);
        report.use_paths(false);
        if (mistake && (only_json || found > 0)) {
            report.error_at(report.source().position(mistake->offset), "DOC005", mistake->message);
            return;
        }
        if (mistake) break;
        from = skip_space(text, behind);
    }
    if (from >= text.size()) return;
    if (only_json) {
        report.error_at(report.source().position(from), "DOC005",
                        "not valid JSON: unexpected text after the last value");
        return;
    }
    // Spaces in front of the first line count for its indentation.
    read_yaml(report, builder, found == 0 ? 0 : from);
}

}  // namespace nspect::ingest
