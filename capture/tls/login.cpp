// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/login.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "capture/decode/byte_cursor.h"

namespace nspect::capture {
namespace {

char lower(std::byte byte) {
    const auto c = static_cast<char>(byte);
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool contains(std::span<const std::byte> bytes, std::string_view words) {
    const auto same = [](std::byte byte, char c) { return lower(byte) == c; };
    return std::search(bytes.begin(), bytes.end(), words.begin(), words.end(), same) != bytes.end();
}

bool starts_with(std::span<const std::byte> bytes, std::string_view words) {
    return bytes.size() >= words.size() &&
           std::equal(words.begin(), words.end(), bytes.begin(),
                      [](char c, std::byte byte) { return lower(byte) == c; });
}

/// Whether a line after the first one begins with one of `fields`.
template <std::size_t N>
bool has_header(std::span<const std::byte> bytes, const std::array<std::string_view, N>& fields) {
    for (auto at = bytes.begin(); at != bytes.end(); ++at) {
        const auto left = static_cast<std::size_t>(bytes.end() - at);
        const void* found = std::memchr(&*at, '\n', left);
        if (found == nullptr) return false;
        at += static_cast<const std::byte*>(found) - &*at;
        if (at == bytes.begin() || *(at - 1) != std::byte{'\r'}) continue;
        const auto line = bytes.subspan(static_cast<std::size_t>(at - bytes.begin()) + 1);
        if (std::any_of(fields.begin(), fields.end(),
                        [&](std::string_view field) { return starts_with(line, field); })) {
            return true;
        }
    }
    return false;
}

/// A request line comes first, so that a text about HTTP is none.
bool is_http_basic(std::span<const std::byte> bytes) {
    constexpr std::array<std::string_view, 8> methods{"get ",    "post ",  "put ",     "head ",
                                                      "delete ", "patch ", "options ", "connect "};
    constexpr std::array<std::string_view, 2> fields{"authorization: basic ",
                                                     "proxy-authorization: basic "};
    const bool request = std::any_of(methods.begin(), methods.end(),
                                     [&](auto method) { return starts_with(bytes, method); });
    return request && has_header(bytes, fields);
}

/// An array of bulk strings, or one written as a line; HELLO may carry AUTH with it.
bool is_redis_auth(std::span<const std::byte> bytes) {
    if (starts_with(bytes, "*")) return contains(bytes, "\r\n$4\r\nauth\r\n");
    return starts_with(bytes, "auth ") && contains(bytes, "\r\n") &&
           !starts_with(bytes, "auth tls") && !starts_with(bytes, "auth ssl");
}

/// AuthenticationCleartextPassword and AuthenticationMD5Password; SASL shows no password.
bool asks_for_postgres_password(std::span<const std::byte> bytes) {
    ByteCursor in(bytes);
    const auto type = in.read<std::uint8_t>();
    const auto length = in.read<std::uint32_t>();
    const auto method = in.read<std::uint32_t>();
    if (in.truncated() || type != 'R') return false;
    return (length == 8 && method == 3) || (length == 12 && method == 5);
}

}  // namespace

std::string_view to_string(Login login) {
    switch (login) {
        case Login::http_basic:
            return "http-basic";
        case Login::redis_auth:
            return "redis-auth";
        case Login::postgres_password:
            return "postgres-password";
        case Login::none:
            break;
    }
    return "";
}

Login login_in(std::span<const std::byte> bytes, bool from_client) {
    if (!from_client) {
        return asks_for_postgres_password(bytes) ? Login::postgres_password : Login::none;
    }
    if (is_http_basic(bytes)) return Login::http_basic;
    return is_redis_auth(bytes) ? Login::redis_auth : Login::none;
}

}  // namespace nspect::capture
