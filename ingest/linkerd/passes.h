// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/istio/sources.h"
#include "ingest/linkerd/documents.h"
#include "model/expectation.h"

namespace nspect::ingest::linkerd {

/// What lets somebody in, as policies and as expectations say it.
struct Pass {
    istio::Sources sources;
    std::string condition;  ///< what is not evaluated; may be empty
    GuardPass pass;
};

/// The addresses that cluster-authenticated and cluster-unauthenticated mean unless Linkerd is
/// installed with others.
IpSet cluster_networks();

/// Of an access word; none for deny.
std::optional<Pass> pass_of_access(std::string_view word, std::string by, Location where);

/// Of an authorization, once what it requires is found. Nothing, and LD010, when one is missing.
std::optional<Pass> pass_of(const Authorization& authorization, const Documents& documents,
                            Diagnostics& diagnostics);

/// The rules of a policy about `ports`: one for each pass, then a denial of everyone else.
std::vector<Rule> rules_of(const std::vector<Pass>& passes, const PortMatch* ports,
                           const Location& where);

std::vector<GuardPass> guard_passes(const std::vector<Pass>& passes);

}  // namespace nspect::ingest::linkerd
