// SPDX-License-Identifier: Apache-2.0
#include "ingest/kubernetes/names.h"

#include <algorithm>

namespace nspect::ingest {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_lower_or_digit(char c) {
    return is_lower(c) || is_digit(c);
}
bool is_letter_or_digit(char c) {
    return is_lower_or_digit(c) || is_upper(c);
}

// The form shared by label values and the names of label keys.
bool is_qualified_name(std::string_view text) {
    return !text.empty() && text.size() <= 63 && is_letter_or_digit(text.front()) &&
           is_letter_or_digit(text.back()) && std::all_of(text.begin(), text.end(), [](char c) {
               return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
           });
}

bool is_dns_part(std::string_view text) {
    return !text.empty() && is_lower_or_digit(text.front()) && is_lower_or_digit(text.back()) &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

}  // namespace

bool is_dns_label(std::string_view text) {
    return text.size() <= 63 && is_dns_part(text);
}

// Only the whole is bounded, a single part of it is not (RFC 1123 as the API server reads it).
bool is_dns_subdomain(std::string_view text) {
    if (text.size() > 253) return false;
    for (;;) {
        const std::size_t dot = text.find('.');
        if (!is_dns_part(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

bool is_label_key(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return is_qualified_name(text);
    return is_dns_subdomain(text.substr(0, slash)) && is_qualified_name(text.substr(slash + 1));
}

bool is_label_value(std::string_view text) {
    return text.empty() || is_qualified_name(text);
}

bool is_port_name(std::string_view text) {
    return !text.empty() && text.size() <= 15 && text.front() != '-' && text.back() != '-' &&
           text.find("--") == std::string_view::npos &&
           std::any_of(text.begin(), text.end(), is_lower) &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

}  // namespace nspect::ingest
