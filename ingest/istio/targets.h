// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/kubernetes/object.h"
#include "model/policy.h"

namespace nspect::ingest::istio {

/// Whom a policy is for.
struct Target {
    std::vector<PodPeer> inside;       ///< in the policy's own namespace
    std::vector<PodPeer> everywhere;   ///< where its namespace turns out to be the mesh's root
    std::optional<Selector> selector;  ///< as written; none for one with references
    std::vector<std::pair<std::string, std::string>> services;  ///< namespace and name
    std::string condition;  ///< what must hold for it to be enforced there; may be empty
};

/// spec.selector, targetRef and targetRefs (IS002, IS007).
Target read_target(const Node& spec, const Object& object);

}  // namespace nspect::ingest::istio
