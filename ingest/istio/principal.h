// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/labels.h"

namespace nspect::ingest::istio {

/// The trust domain that stands for the mesh's own, whatever that is called.
/// https://istio.io/latest/docs/tasks/security/authorization/authz-td-migration/
inline constexpr std::string_view own_trust_domain = "cluster.local";

/// What a pattern on identities, TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT, asks for. A pattern is a
/// text, a prefix with "*" behind it, a suffix with "*" before it, or "*" alone.
struct IdentityPattern {
    std::optional<Requirement> namespaces;  ///< on the namespace's name
    std::optional<Requirement> pods;        ///< on the service account
    std::string trust_domain;               ///< one that may not be the mesh's own; else empty

    bool operator==(const IdentityPattern&) const = default;
};

/// Nothing for a pattern that no identity has.
std::optional<IdentityPattern> read_identity(std::string_view pattern);

/// A pattern on one key; nothing when it asks for nothing but a value.
std::optional<Requirement> read_text_pattern(std::string_view key, std::string_view pattern);

}  // namespace nspect::ingest::istio
