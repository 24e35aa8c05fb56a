// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/bundle.h"
#include "ingest/linkerd/documents.h"
#include "ingest/mesh/annotations.h"

namespace nspect::ingest::linkerd {

/// Says of every pod whether it has a proxy and what its namespace's annotations add, and adds the
/// policies and guards of Linkerd's documents to the bundle, whose inventory must be complete.
/// `diagnostics` takes references to what is not there (LD009, LD010).
void settle(Documents documents, const MeshNamespaces& namespaces, Bundle& bundle,
            Diagnostics& diagnostics);

}  // namespace nspect::ingest::linkerd
