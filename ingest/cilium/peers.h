// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ingest/cilium/staged.h"
#include "ingest/document/report.h"

namespace nspect::ingest::cilium {

/// What of a rule says whom it is about.
struct PeersRead {
    Peers peers;
    bool given = false;  ///< some field names peers, even if it is an empty list
};

/// from... and to... of one rule. `own_namespace` is empty for cluster-wide policies.
PeersRead read_peers(const Node& rule, Direction direction, const std::string& own_namespace,
                     Report& report);

}  // namespace nspect::ingest::cilium
