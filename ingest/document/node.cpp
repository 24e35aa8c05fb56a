// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/node.h"

#include <algorithm>
#include <array>
#include <vector>

namespace nspect::ingest {

namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_boolean(std::string_view text) {
    return is_one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE", "yes", "Yes", "YES",
                            "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"});
}

std::string_view without_sign(std::string_view text) {
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    return text;
}

bool consists_of(std::string_view text, std::string_view digits) {
    return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

// YAML 1.1 integers: decimal, octal and binary digits, hexadecimal; underscores between them.
bool is_integer(std::string_view text) {
    if (text.starts_with("0x")) return consists_of(text.substr(2), "0123456789abcdefABCDEF_");
    if (text.starts_with("0b")) return consists_of(text.substr(2), "01_");
    if (text.starts_with("0o")) return consists_of(text.substr(2), "01234567_");
    return !text.empty() && is_digit(text.front()) && consists_of(text, "0123456789_");
}

bool is_real(std::string_view text) {
    if (is_one_of(text, {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"})) return true;
    std::size_t digits = 0;
    std::size_t i = 0;
    auto eat = [&] {
        while (i < text.size() && is_digit(text[i])) ++i, ++digits;
    };
    eat();
    if (i < text.size() && text[i] == '.') ++i, eat();
    if (digits == 0) return false;
    if (i == text.size()) return true;
    if (text[i] != 'e' && text[i] != 'E') return false;
    return consists_of(without_sign(text.substr(i + 1)), "0123456789");
}

std::size_t index_in(const Node& parent, const Node& child) {
    std::size_t index = 0;
    for (const Node& other : parent) {
        if (&other == &child) break;
        ++index;
    }
    return index;
}

}  // namespace

bool Node::is_null() const noexcept {
    return kind == Kind::scalar && !quoted && is_one_of(text, {"", "~", "null", "Null", "NULL"});
}

const Node* Node::find(std::string_view name) const noexcept {
    if (kind != Kind::mapping) return nullptr;
    for (const Node& child : *this) {
        if (child.key == name) return &child;
    }
    return nullptr;
}

PlainType plain_type(const Node& scalar) {
    if (scalar.quoted || !scalar.is_scalar()) return PlainType::text;
    if (scalar.is_null()) return PlainType::null;
    if (is_boolean(scalar.text)) return PlainType::boolean;
    const std::string_view digits = without_sign(scalar.text);
    if (is_integer(digits)) return PlainType::integer;
    return is_real(digits) ? PlainType::real : PlainType::text;
}

std::string_view words_for(const Node& node) {
    if (node.is_mapping()) return "a mapping";
    if (node.is_sequence()) return "a list";
    switch (plain_type(node)) {
        case PlainType::null:
            return "null";
        case PlainType::boolean:
            return "true or false";
        case PlainType::integer:
        case PlainType::real:
            return "a number";
        case PlainType::text:
            break;
    }
    return "text";
}

std::string path_of(const Node& node) {
    std::vector<std::string> steps;
    for (const Node* at = &node; at->parent != nullptr; at = at->parent) {
        if (at->parent->is_sequence()) {
            steps.push_back("[" + std::to_string(index_in(*at->parent, *at)) + "]");
        } else {
            steps.push_back("." + std::string(at->key));
        }
    }
    std::string path;
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) path += *step;
    return path.starts_with('.') ? path.substr(1) : path;
}

}  // namespace nspect::ingest
