// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ingest/istio/targets.h"
#include "model/expectation.h"

namespace nspect::ingest::istio {

/// The identities that the rules of an ALLOW policy name: one guard for each rule, with the ports
/// that it names. Of a rule that needs none, or excludes some, everyone is accepted. None for a
/// policy at a gateway or waypoint. All are of pods in the policy's own namespace. What is wrong in
/// the rules was reported by who read them.
std::vector<MeshGuard> accepted_by(const Node& spec, const Object& object, const Target& target);

}  // namespace nspect::ingest::istio
