// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/report.h"

#include <algorithm>
#include <utility>

namespace nspect::ingest {

namespace {

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

// Containers start where their first key or dash does: one column is enough to point there.
std::size_t width_of(const Node& node) {
    if (!node.is_scalar() || node.text.find('\n') != std::string_view::npos) return 1;
    return std::max<std::size_t>(1, characters(node.text) + (node.quoted ? 2 : 0));
}

}  // namespace

void Report::error(const Node& at, std::string_view code, std::string message, std::string hint) {
    add(Diagnostic::Severity::error, code, std::move(message), std::move(hint), location_of(at),
        width_of(at));
}

void Report::warning(const Node& at, std::string_view code, std::string message, std::string hint) {
    add(Diagnostic::Severity::warning, code, std::move(message), std::move(hint), location_of(at),
        width_of(at));
}

void Report::note(const Node& at, std::string_view code, std::string message, std::string hint) {
    add(Diagnostic::Severity::note, code, std::move(message), std::move(hint), location_of(at),
        width_of(at));
}

void Report::key_error(const Node& at, std::string_view code, std::string message,
                       std::string hint) {
    add(Diagnostic::Severity::error, code, std::move(message), std::move(hint), key_location_of(at),
        std::max<std::size_t>(1, characters(at.key)));
}

void Report::key_warning(const Node& at, std::string_view code, std::string message,
                         std::string hint) {
    add(Diagnostic::Severity::warning, code, std::move(message), std::move(hint),
        key_location_of(at), std::max<std::size_t>(1, characters(at.key)));
}

Diagnostic Report::later_warning(const Node& at, std::string_view code, std::string message,
                                 std::string hint) const {
    return {Diagnostic::Severity::warning,
            std::string(code),
            std::move(message),
            std::move(hint),
            location_of(at),
            source_.line(at.at.line),
            width_of(at)};
}

void Report::error_at(Position at, std::string_view code, std::string message, std::string hint) {
    add(Diagnostic::Severity::error, code, std::move(message), std::move(hint),
        {source_.name(), at.line, at.column, {}}, 1);
}

Location Report::location_of(const Node& node) const {
    std::string path;
    if (use_paths_) {
        const std::string below = path_of(node);
        const bool joined = !base_path_.empty() && !below.empty() && !below.starts_with('[');
        path = base_path_ + (joined ? "." : "") + below;
    }
    return {source_.name(), node.at.line, node.at.column, std::move(path)};
}

Location Report::key_location_of(const Node& node) const {
    Location where = location_of(node);
    if (node.key_at.line == 0) return where;
    where.line = node.key_at.line;
    where.column = node.key_at.column;
    return where;
}

void Report::add(Diagnostic::Severity severity, std::string_view code, std::string message,
                 std::string hint, Location where, std::size_t width) {
    if (severity == Diagnostic::Severity::error) ++errors_;
    std::string line = source_.line(where.line);
    diagnostics_.add({severity, std::string(code), std::move(message), std::move(hint),
                      std::move(where), std::move(line), width});
}

std::string template_hint(std::string_view line) {
    if (line.find("{{") == std::string_view::npos) return {};
    return "this looks like a template: render it first";
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t longest = 80;
    if (text.size() <= longest) return "\"" + std::string(text) + "\"";
    std::size_t cut = longest;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0U) == 0x80U) --cut;
    return "\"" + std::string(text.substr(0, cut)) + "...\"";
}

}  // namespace nspect::ingest
