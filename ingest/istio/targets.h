// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/kubernetes/object.h"
#include "ingest/kubernetes/staging.h"

namespace nspect::ingest::istio {

/// Policies in it hold in all namespaces. meshConfig.rootNamespace may name another, which
/// documents do not tell.
inline constexpr std::string_view root_namespace = "istio-system";

/// Whom a policy is for.
struct Target {
    std::vector<PodPeer> subjects;
    std::optional<Selector> selector;  ///< as written; none for one with references
    std::vector<std::pair<std::string, std::string>> services;  ///< namespace and name
    std::string condition;  ///< what must hold for it to be enforced there; may be empty
};

/// spec.selector, targetRef and targetRefs (IS002, IS007).
Target read_target(const Node& spec, const Object& object);

/// Hands over the policy; pods of the Services are found when every document is read.
void stage(const Target& target, Policy policy, Staging& staging);

}  // namespace nspect::ingest::istio
