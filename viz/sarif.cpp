// SPDX-License-Identifier: Apache-2.0
#include <map>

#include <nlohmann/json.hpp>

#include "viz/escape.h"
#include "viz/formats.h"
#include "viz/json_value.h"

namespace nspect::viz {

namespace {

const char* level(Severity severity) {
    switch (severity) {
        case Severity::high:
            return "error";
        case Severity::medium:
            return "warning";
        default:
            return "note";
    }
}

/// RFC 3986: everything but unreserved characters and slashes in percent signs and hex.
std::string uri(const std::string& file) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text = file.starts_with('/') ? "file://" : "";
    for (const char c : file) {
        const auto byte = static_cast<unsigned char>(c);
        if (plain.find(c) != std::string_view::npos) {
            text += c;
        } else {
            text += {'%', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
    return text;
}

/// "](" would make a link of a message's text (SARIF 2.1.0, 3.11.6).
std::string message(const std::string& text) {
    std::string out = for_terminal(text);
    for (std::size_t at = 0; (at = out.find("](", at)) != std::string::npos; at += 2) {
        out.insert(at, 1, '\\');
    }
    return out;
}

Json location_json(const Location& location) {
    Json physical;
    physical["artifactLocation"] = {{"uri", uri(location.file)}};
    if (location.line > 0) {
        physical["region"] = {{"startLine", location.line}};
        if (location.column > 0) physical["region"]["startColumn"] = location.column;
    }
    return {{"physicalLocation", physical}};
}

Json result_json(const Finding& finding, std::size_t rule) {
    std::string text = message(finding.subject + ": " + finding.message);
    for (const auto& each : finding.evidence) text += "\n" + message(each);
    Json json;
    json["ruleId"] = finding.code;
    json["ruleIndex"] = rule;
    json["level"] = level(finding.severity);
    json["message"] = {{"text", text}};
    json["locations"] = Json::array();
    if (finding.location) json["locations"].push_back(location_json(*finding.location));
    // The subject, not the words, makes two runs' results the same result.
    json["partialFingerprints"] = {{"subject/v1", finding.code + " " + finding.subject}};
    return json;
}

}  // namespace

std::string to_sarif(const View& view, const std::string& tool_version) {
    Json rules = Json::array();
    Json results = Json::array();
    std::map<std::string, std::size_t> index;
    for (const Finding& each : view.findings) {
        const auto [at, added] = index.try_emplace(each.code, index.size());
        if (added) {
            rules.push_back(
                {{"id", each.code}, {"defaultConfiguration", {{"level", level(each.severity)}}}});
        }
        results.push_back(result_json(each, at->second));
    }
    Json json;
    json["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
    json["version"] = "2.1.0";
    json["runs"] = Json::array();
    json["runs"].push_back(
        {{"tool", {{"driver", {{"name", "nspect"}, {"version", tool_version}, {"rules", rules}}}}},
         {"results", results}});
    return dumped(json) + "\n";
}

}  // namespace nspect::viz
