// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/lxd_state.h"

#include <filesystem>
#include <optional>
#include <system_error>

#include "capture/targets/state_json.h"

namespace nspect::capture {
namespace {

constexpr std::size_t longest_value = 1024;

std::string_view next_line(std::string_view& text) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

/// A scalar of one line, as the runtime writes it: plain, 'with ''quotes''', or "with escapes",
/// which are not undone.
std::optional<std::string> scalar(std::string_view text) {
    if (text.empty() || text.size() > longest_value) return std::nullopt;
    const char first = text.front();
    if (first == '|' || first == '>' || first == '&' || first == '{' || first == '[')
        return std::nullopt;
    if (first != '\'' && first != '"') return std::string(text);
    if (text.size() < 2 || text.back() != first) return std::nullopt;
    std::string value(text.substr(1, text.size() - 2));
    if (first == '"') {
        if (value.find('\\') != std::string::npos) return std::nullopt;
        return value;
    }
    for (auto at = value.find("''"); at != std::string::npos; at = value.find("''", at + 1))
        value.erase(at, 1);
    return value;
}

struct Image {
    std::string description;
    std::string os;
    std::string release;
};

void take_key(std::string_view key, std::string value, Image& image, ContainerFacts& facts) {
    constexpr std::string_view own = "user.";
    if (key == "image.description") image.description = std::move(value);
    if (key == "image.os") image.os = std::move(value);
    if (key == "image.release") image.release = std::move(value);
    if (key.starts_with(own) && key.size() > own.size())
        facts.labels.set(std::string(key.substr(own.size())), std::move(value));
}

}  // namespace

bool is_state_of(std::string_view runtime, const std::string& root) {
    std::error_code problem;
    const auto* mark = runtime == "lxd" ? "/devlxd" : "/guestapi";
    return std::filesystem::path(root).filename() == runtime ||
           std::filesystem::exists(root + mark, problem);
}

void read_lxd_backup(std::string_view yaml, ContainerFacts& facts) {
    constexpr std::string_view indent = "    ";
    Image image;
    bool inside = false;  // of the first "config:", which is the container's
    while (!yaml.empty()) {
        auto line = next_line(yaml);
        if (!inside) {
            inside = line == "  config:";
            continue;
        }
        if (!line.starts_with(indent)) break;
        line.remove_prefix(indent.size());
        const auto end = line.find(": ");
        if (end == std::string_view::npos || line.starts_with(' ')) continue;
        if (auto value = scalar(line.substr(end + 2)))
            take_key(line.substr(0, end), std::move(*value), image, facts);
    }
    keep(facts.image, std::move(image.description));
    if (!image.release.empty()) image.os += " " + image.release;
    keep(facts.image, std::move(image.os));
}

}  // namespace nspect::capture
