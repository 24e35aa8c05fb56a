// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/kubernetes/staging.h"

namespace nspect::ingest {

/// The kinds of projectcalico.org and crd.projectcalico.org that say who may talk to whom.
void read_calico_network_policy(const Object& object, Staging& staging);
void read_calico_global_network_policy(const Object& object, Staging& staging);
void read_calico_staged_network_policy(const Object& object, Staging& staging);
void read_calico_staged_global_network_policy(const Object& object, Staging& staging);
void read_calico_staged_kubernetes_policy(const Object& object, Staging& staging);
void read_calico_tier(const Object& object, Staging& staging);
void read_calico_network_set(const Object& object, Staging& staging);
/// Only says that it is not evaluated.
void read_calico_host_endpoint(const Object& object, Staging& staging);
/// The core kind: its labels, which Calico's selectors ask for.
void read_service_account(const Object& object, Staging& staging);

}  // namespace nspect::ingest
