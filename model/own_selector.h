// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "model/workload.h"

namespace nspect {

/// What the controller of a workload asks of its pods' labels, as far as labels can say it. It is
/// kept with one of the workload's endpoints, beside what annotations say of it, under keys that
/// neither a label nor an annotation can have.

void set_own_selector(Endpoint& endpoint, const Labels& selector);
/// Empty where none is kept.
Labels own_selector(const Endpoint& endpoint);
/// Whether a key of Endpoint::mesh is about it, and not about a mesh.
bool is_own_selector_key(std::string_view key);

}  // namespace nspect
