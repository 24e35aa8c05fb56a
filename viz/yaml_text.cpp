// SPDX-License-Identifier: Apache-2.0
#include "viz/yaml_text.h"

#include <algorithm>

#include "model/ip_blocks.h"
#include "viz/escape.h"

namespace nspect::viz {

namespace {

const char* operator_name(Requirement::Op op) {
    switch (op) {
        case Requirement::Op::in:
            return "In";
        case Requirement::Op::not_in:
            return "NotIn";
        case Requirement::Op::exists:
            return "Exists";
        default:
            return "DoesNotExist";
    }
}

/// A key may stand only once in matchLabels.
bool is_match_label(const Selector& selector, const Requirement& each) {
    const auto& all = selector.requirements();
    return each.op == Requirement::Op::in && each.values.size() == 1 &&
           std::count_if(all.begin(), all.end(),
                         [&](const Requirement& other) { return other.key == each.key; }) == 1;
}

}  // namespace

std::string yaml_quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : for_terminal(text)) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string yaml_scalar(const std::string& text) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/";
    static const std::vector<std::string> words{"true", "false", "yes", "no", "on",
                                                "off",  "null",  "y",   "n"};
    std::string lower = text;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const bool letter_first = !text.empty() && ((lower[0] >= 'a' && lower[0] <= 'z'));
    const bool safe = letter_first && text.find_first_not_of(plain) == std::string::npos &&
                      std::find(words.begin(), words.end(), lower) == words.end();
    return safe ? text : yaml_quoted(text);
}

std::string yaml_selector(const Selector& selector) {
    std::string labels;
    std::string expressions;
    for (const Requirement& each : selector.requirements()) {
        if (is_match_label(selector, each)) {
            labels += (labels.empty() ? "" : ", ") + yaml_scalar(each.key) + ": " +
                      yaml_scalar(each.values[0]);
            continue;
        }
        std::string values;
        for (const auto& value : each.values)
            values += (values.empty() ? "" : ", ") + yaml_scalar(value);
        expressions += (expressions.empty() ? "" : ", ") + std::string("{key: ") +
                       yaml_scalar(each.key) + ", operator: " + operator_name(each.op) +
                       (each.values.empty() ? "" : ", values: [" + values + "]") + "}";
    }
    std::string text;
    if (!labels.empty()) text += "matchLabels: {" + labels + "}";
    if (!expressions.empty())
        text += (text.empty() ? "" : ", ") + ("matchExpressions: [" + expressions + "]");
    return "{" + text + "}";
}

std::string yaml_blocks(const IpSet& addresses) {
    std::string text;
    for (const IpPrefix& block : prefixes_of(addresses)) {
        text += (text.empty() ? "" : ", ") + yaml_quoted(to_string(block));
    }
    return text;
}

}  // namespace nspect::viz
