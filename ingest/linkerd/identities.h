// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/istio/sources.h"

namespace nspect::ingest::linkerd {

/// The words a default inbound policy or a Server's accessPolicy may be.
inline constexpr std::string_view access_words =
    "all-unauthenticated, all-authenticated, cluster-unauthenticated, cluster-authenticated, "
    "deny and audit";
bool is_access_word(std::string_view word);

/// Key of Endpoint::mesh, set when all documents are read: "in" or "out".
inline constexpr std::string_view membership_key = "linkerd";

/// Pods with a proxy of Linkerd, which alone have an identity.
istio::Sources in_mesh();

/// The pods that an identity names: "ACCOUNT.NAMESPACE.serviceaccount.identity.linkerd.DOMAIN",
/// "*" and "*.SUFFIX". Nothing for what no pod is called.
std::optional<istio::Sources> sources_of(std::string_view identity);

/// The identity of a service account, of whatever trust domain.
std::string identity_of(std::string_view namespace_name, std::string_view account);

}  // namespace nspect::ingest::linkerd
