// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/bundle.h"
#include "ingest/consul/documents.h"

namespace nspect::ingest::consul {

/// Says of every pod which services of Consul it is, and adds the policies and guards of the
/// intentions to the bundle, whose inventory must be complete. `diagnostics` takes services that
/// no pod is (CN007).
void settle(Documents documents, Bundle& bundle, Diagnostics& diagnostics);

}  // namespace nspect::ingest::consul
