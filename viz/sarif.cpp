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

/// Of 0 to 10, by which code review sorts and blocks.
const char* security_severity(Severity severity) {
    switch (severity) {
        case Severity::high:
            return "8.0";
        case Severity::medium:
            return "5.0";
        case Severity::low:
            return "2.0";
        case Severity::info:
            break;
    }
    return "0.0";
}

/// RFC 3986: everything but unreserved characters and slashes in percent signs and hex.
std::string uri(std::string_view file) {
    while (file.starts_with("./")) file.remove_prefix(2);
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

/// Relative to where the program ran: in a pipeline the root of the sources.
Json physical_json(const Location& location) {
    Json artifact{{"uri", uri(location.file)}};
    if (!location.file.starts_with('/')) artifact["uriBaseId"] = "SRCROOT";
    Json physical{{"artifactLocation", artifact}};
    if (location.line > 0) {
        physical["region"] = {{"startLine", location.line}};
        if (location.column > 0) physical["region"]["startColumn"] = location.column;
    }
    return physical;
}

/// Who it is about, and the place where there is one in a file.
Json location_json(const Finding& finding) {
    Json json;
    if (finding.location && !finding.location->file.empty() &&
        finding.location->file != "<stdin>") {
        json["physicalLocation"] = physical_json(*finding.location);
    }
    json["logicalLocations"] = Json::array();
    json["logicalLocations"].push_back(
        {{"fullyQualifiedName", for_terminal(finding.subject)}, {"kind", "resource"}});
    return json;
}

Json rule_json(const analyzer::FindingKind& kind) {
    return {{"id", kind.code},
            {"shortDescription", {{"text", kind.says}}},
            {"fullDescription", {{"text", kind.says}}},
            {"help", {{"text", kind.help}}},
            {"defaultConfiguration", {{"level", level(kind.severity)}}},
            {"properties",
             {{"tags", {"security", "network-policy"}},
              {"security-severity", security_severity(kind.severity)}}}};
}

/// One of those that documents get wrong: docs/diagnostics.md has the words.
analyzer::FindingKind kind_of(const Finding& finding) {
    return {finding.code, finding.severity, "a document says something wrong or doubtful",
            "docs/diagnostics.md explains the code."};
}

/// The kinds in their order, and after them the codes that only occurred.
class Rules {
public:
    explicit Rules(const std::vector<analyzer::FindingKind>& kinds) {
        for (const auto& each : kinds) add(each);
    }
    std::size_t index(const Finding& finding) {
        const auto at = index_.find(finding.code);
        return at != index_.end() ? at->second : add(kind_of(finding));
    }
    Json take() { return std::move(list_); }

private:
    std::size_t add(const analyzer::FindingKind& kind) {
        const auto [at, added] = index_.try_emplace(std::string(kind.code), index_.size());
        if (added) list_.push_back(rule_json(kind));
        return at->second;
    }

    Json list_ = Json::array();
    std::map<std::string, std::size_t> index_;
};

Json result_json(const Finding& finding, std::size_t rule) {
    std::string text = message(finding.subject + ": " + finding.message);
    for (const auto& each : finding.evidence) text += "\n" + message(each);
    Json json;
    json["ruleId"] = finding.code;
    json["ruleIndex"] = rule;
    json["level"] = level(finding.severity);
    json["message"] = {{"text", text}};
    json["locations"] = Json::array();
    json["locations"].push_back(location_json(finding));
    // The subject, not the words, makes two runs' results the same result.
    json["partialFingerprints"] = {{"subject/v1", finding.code + " " + finding.subject}};
    return json;
}

Json results_json(const View& view, Rules& rules) {
    Json results = Json::array();
    for (const Finding& each : view.findings) {
        results.push_back(result_json(each, rules.index(each)));
    }
    for (const KnownFinding& each : view.known) {
        Json json = result_json(each.finding, rules.index(each.finding));
        json["suppressions"] = Json::array();
        json["suppressions"].push_back({{"kind", "external"},
                                        {"status", "accepted"},
                                        {"justification", message(each.reason)}});
        results.push_back(std::move(json));
    }
    return results;
}

}  // namespace

std::string to_sarif(const View& view, const std::string& tool_version) {
    Rules rules(view.kinds);
    Json results = results_json(view, rules);
    Json json;
    json["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
    json["version"] = "2.1.0";
    json["runs"] = Json::array();
    json["runs"].push_back(
        {{"tool",
          {{"driver", {{"name", "nspect"}, {"version", tool_version}, {"rules", rules.take()}}}}},
         {"columnKind", "unicodeCodePoints"},
         {"results", std::move(results)}});
    return dumped(json) + "\n";
}

}  // namespace nspect::viz
