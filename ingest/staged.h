// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/bundle.h"

namespace nspect::ingest {

/// Makes the bundle what it would be if its staged policies were enforced: each replaces, or
/// removes, the policy of its kind and name. Bundle::staged is empty afterwards.
void enforce_staged(Bundle& bundle);

/// By kind, namespace and name; several policies of one name stay in order.
void sort_policies(std::vector<Policy>& policies);

/// Gives the rules of Calico's policies their order: that of the policy and, among policies of
/// equal order, NetworkPolicy among them, that of their names. May be done again after any change.
void put_in_calico_order(std::vector<Policy>& policies);

}  // namespace nspect::ingest
