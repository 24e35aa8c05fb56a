// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ingest/document/report.h"
#include "model/ip.h"

namespace nspect::ingest::linkerd {

/// Lists of {cidr, except} (LD004), of identities (LD005), of {name, namespace} as identities.
IpSet read_networks(const Node& list, Report& report);
std::vector<std::string> read_identities(const Node& list, Report& report);
std::vector<std::string> read_accounts(const Node& list, const std::string& own_namespace,
                                       Report& report);

}  // namespace nspect::ingest::linkerd
