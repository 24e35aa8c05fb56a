// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace nspect::ingest {

/// The syntax of names in Kubernetes objects, as the API server checks it.

/// RFC 1123: lower case letters, digits and dashes, at most 63.
bool is_dns_label(std::string_view text);
/// Such labels joined by dots, at most 253 characters.
bool is_dns_subdomain(std::string_view text);
/// "app", "example.com/app": an optional DNS prefix and a name of at most 63 characters.
bool is_label_key(std::string_view text);
/// Empty, or at most 63 letters, digits, "-", "_" and "." that begin and end with a letter or
/// digit.
bool is_label_value(std::string_view text);
/// RFC 6335 service name: at most 15 lower case letters, digits and single dashes, a letter among
/// them.
bool is_port_name(std::string_view text);

}  // namespace nspect::ingest
