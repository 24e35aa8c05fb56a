// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ingest/document/report.h"
#include "ingest/istio/match.h"
#include "ingest/istio/principal.h"

namespace nspect::ingest::istio {

/// How identities are written.
enum class IdentityForm : std::uint8_t { principal, namespace_name, service_account };

/// Lists of identities; what nobody can be called is reported (IS008) and names nobody.
std::vector<IdentityPattern> read_identities(const Node& list, IdentityForm form,
                                             const std::string& own_namespace, Report& report);

/// Limits `matches` to sources that have one of the identities.
void keep_identities(Matches& matches, const std::vector<IdentityPattern>& identities);
/// Limits `matches` to sources that have none of them.
void drop_identities(Matches& matches, const std::vector<IdentityPattern>& identities);

}  // namespace nspect::ingest::istio
