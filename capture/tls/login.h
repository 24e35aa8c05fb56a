// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace nspect::capture {

/// A password that is said in plaintext. Only that there was one is known; nothing of it is kept.
enum class Login : std::uint8_t { none, http_basic, redis_auth, postgres_password };

/// "http-basic", "redis-auth", "postgres-password": the protocol's name in a sighting. "" for none.
std::string_view to_string(Login login);

/// What one TCP segment shows, as far as it was captured: RFC 7617; Redis' AUTH and HELLO; the
/// server of PostgreSQL asking for a password in clear or as MD5.
Login login_in(std::span<const std::byte> bytes, bool from_client);

}  // namespace nspect::capture
