// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/fields.h"

#include <algorithm>
#include <vector>

namespace nspect::ingest {

namespace {

void report_type(const Node& node, std::string_view expected, Report& report,
                 std::string hint = {}) {
    const std::string name = node.key.empty() ? "this" : in_quotes(node.key);
    report.error(
        node, "DOC019",
        name + " must be " + std::string(expected) + ", it is " + std::string(words_for(node)),
        std::move(hint));
}

}  // namespace

const Node* any_field(const Node& parent, std::string_view key) {
    const Node* node = parent.find(key);
    return node == nullptr || node->is_null() ? nullptr : node;
}

const Node* mapping_field(const Node& parent, std::string_view key, Report& report) {
    const Node* node = any_field(parent, key);
    if (node == nullptr || node->is_mapping()) return node;
    report_type(*node, "a mapping", report);
    return nullptr;
}

const Node* sequence_field(const Node& parent, std::string_view key, Report& report) {
    const Node* node = any_field(parent, key);
    if (node == nullptr || node->is_sequence()) return node;
    report_type(*node, "a list", report, node->is_mapping() ? "begin each entry with a dash" : "");
    return nullptr;
}

std::optional<std::string> text_value(const Node& node, Report& report) {
    if (node.is_scalar() && plain_type(node) == PlainType::text) return std::string(node.text);
    report_type(node, "text", report,
                node.is_scalar() && !node.is_null()
                    ? "write it in quotes: \"" + std::string(node.text) + "\""
                    : "");
    return std::nullopt;
}

std::optional<std::string> text_field(const Node& parent, std::string_view key, Report& report) {
    const Node* node = any_field(parent, key);
    return node == nullptr ? std::nullopt : text_value(*node, report);
}

std::optional<bool> boolean_field(const Node& parent, std::string_view key, Report& report) {
    const Node* node = any_field(parent, key);
    if (node == nullptr) return std::nullopt;
    if (plain_type(*node) == PlainType::boolean) {
        const char first = node->text.front();
        return first == 't' || first == 'T' || first == 'y' || first == 'Y' || node->text == "on" ||
               node->text == "On" || node->text == "ON";
    }
    report_type(*node, "true or false", report);
    return std::nullopt;
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

std::optional<std::uint64_t> decimal(std::string_view text) {
    constexpr std::size_t most_digits = 18;
    if (text.empty() || text.size() > most_digits) return std::nullopt;
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

std::optional<Port> port_value(const Node& node, Report& report, std::string_view code) {
    if (!node.is_scalar() || node.quoted) {
        report_type(node, "a number", report,
                    node.is_scalar() && decimal(node.text) ? "write it without quotes" : "");
        return std::nullopt;
    }
    const auto number = decimal(node.text);
    if (number && *number >= 1 && *number <= 65535) {
        return Port{static_cast<std::uint16_t>(*number)};
    }
    report.error(node, code,
                 std::string(node.text) + (number ? " is not a port" : " is not a port number"),
                 "ports are whole numbers from 1 to 65535");
    return std::nullopt;
}

std::optional<Protocol> protocol_value(const Node& node, Report& report, std::string_view code) {
    if (node.is_scalar()) {
        if (node.text == "TCP") return Protocol::tcp;
        if (node.text == "UDP") return Protocol::udp;
        if (node.text == "SCTP") return Protocol::sctp;
    }
    if (!node.is_scalar()) {
        report_type(node, "text", report);
        return std::nullopt;
    }
    std::string upper(node.text);
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    const std::string hint = suggestion(upper, {"TCP", "UDP", "SCTP"});
    report.error(node, code, "unknown protocol " + in_quotes(node.text),
                 hint.empty() ? "known are TCP, UDP and SCTP" : hint);
    return std::nullopt;
}

std::optional<IpAddress> address_value(const Node& node, Report& report) {
    if (node.is_scalar()) {
        if (auto address = IpAddress::parse(node.text)) return address;
    }
    report.warning(node, "INV008", "not an IP address; passed over");
    return std::nullopt;
}

void check_fields(const Node& mapping, Report& report,
                  std::initializer_list<std::string_view> known) {
    for (const Node& child : mapping) {
        if (std::find(known.begin(), known.end(), child.key) != known.end()) continue;
        report.key_warning(child, "NP001", "unknown field " + in_quotes(child.key) + " is ignored",
                           suggestion(child.key, known));
    }
}

std::string suggestion(std::string_view word, std::initializer_list<std::string_view> words) {
    const std::string nearest =
        nearest_name(word, std::vector<std::string>(words.begin(), words.end()));
    return nearest.empty() ? std::string() : "did you mean " + in_quotes(nearest) + "?";
}

}  // namespace nspect::ingest
