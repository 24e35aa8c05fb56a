// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/bundle.h"
#include "ingest/calico/documents.h"
#include "model/diagnostics.h"

namespace nspect::ingest {

/// Turns Calico's documents into policies of the bundle, whose inventory must be complete.
/// `diagnostics` takes what could not be said before: tiers and Services that are missing.
void settle_calico(CalicoDocuments documents, Bundle& bundle, Diagnostics& diagnostics);

}  // namespace nspect::ingest
