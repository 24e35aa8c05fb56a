// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/expectation.h"
#include "model/policy.h"

namespace nspect::ingest::istio {

/// Where the mesh's configuration stands when MeshConfig says nothing else. Policies in it hold in
/// all namespaces.
inline constexpr const char* default_root_namespace = "istio-system";

/// An AuthorizationPolicy as it was found. Which namespace is the root one, and which pods are
/// behind a Service, is known when every document is read.
struct StagedPolicy {
    Policy policy;                    ///< without subjects
    std::vector<PodPeer> inside;      ///< its subjects, in the policy's own namespace
    std::vector<PodPeer> everywhere;  ///< the same in all namespaces
    std::vector<std::pair<std::string, std::string>> services;  ///< namespace and name
    std::vector<MeshGuard> guards;  ///< whom it takes, in its own namespace
};

}  // namespace nspect::ingest::istio
