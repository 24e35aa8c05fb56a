// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "analyzer/audit.h"
#include "analyzer/connectivity.h"
#include "analyzer/diff.h"
#include "analyzer/generate.h"
#include "model/conversation.h"
#include "model/inventory.h"
#include "model/recording.h"
#include "viz/view.h"

/// The shop of samples/shop, as results that the analyzer would give: every edge state once at
/// least.
namespace nspect::test {

Inventory shop_inventory();
Recording shop_recording();
std::vector<Conversation> shop_conversations();
analyzer::Audit shop_audit();
analyzer::Connectivity shop_connectivity();
analyzer::ConnectivityDiff shop_diff();
analyzer::Generated shop_generated();

/// The audit, with the generated policies as documents, and all that a page has room for.
viz::View shop_view();

/// A ring of `nodes` workloads in `namespaces` namespaces, each with `edges_each` edges.
viz::View ring_view(std::size_t nodes, std::size_t namespaces, std::size_t edges_each);

/// 2 000 workloads and 10 000 edges, with all that a page has room for.
viz::View large_view();

}  // namespace nspect::test
