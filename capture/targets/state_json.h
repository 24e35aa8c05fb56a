// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "capture/os/procfs.h"
#include "model/labels.h"

/// For the files here that read what runtimes write; what is missing, too long or no JSON adds
/// nothing.
namespace nspect::capture {

using Json = nlohmann::json;

inline constexpr std::size_t state_file_limit = std::size_t{4} * 1024 * 1024;

/// Discarded when it is missing or no JSON; looking into it then finds nothing.
inline Json parse_file(const std::string& path, std::size_t limit = state_file_limit) {
    const auto text = read_file(path, limit);
    if (!text) return Json(Json::value_t::discarded);
    return Json::parse(*text, nullptr, false);
}

inline const Json& member(const Json& object, const char* key) {
    static const Json nothing;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() ? *found : nothing;
}

inline std::string text(const Json& object, const char* key) {
    const auto& value = member(object, key);
    return value.is_string() ? value.get<std::string>() : std::string{};
}

inline void add_labels(Labels& labels, const Json& object) {
    if (!object.is_object()) return;
    for (const auto& [key, value] : object.items()) {
        if (value.is_string()) labels.set(key, value.get<std::string>());
    }
}

inline std::string label(const Labels& labels, std::string_view key) {
    const auto* value = labels.find(key);
    return value != nullptr ? *value : std::string{};
}

inline void keep(std::string& known, std::string found) {
    if (known.empty()) known = std::move(found);
}

}  // namespace nspect::capture
