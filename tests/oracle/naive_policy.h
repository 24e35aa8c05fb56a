// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analyzer/engine.h"
#include "analyzer/world.h"

namespace nspect::oracle {

/// docs/policy-semantics.md once more, as slowly and plainly as it is written: one pair, one point,
/// every policy and every rule looked at each time. It shares nothing with the engine but the
/// model.
bool allowed(const analyzer::World& world, const analyzer::Who& from, const analyzer::Who& to,
             const TrafficPoint& point);

/// One direction alone.
bool allowed(const analyzer::World& world, Direction direction, const analyzer::Who& from,
             const analyzer::Who& to, const TrafficPoint& point);

}  // namespace nspect::oracle
