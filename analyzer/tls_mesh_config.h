// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "analyzer/tls_links.h"
#include "model/expectation.h"
#include "model/finding.h"

namespace nspect::analyzer {

/// A SPIFFE identity in which the mesh's own trust domain, whatever it is called and was called
/// before, reads "cluster.local", as Istio's policies name it. Others stay as they are.
std::string in_own_domain(const MeshConfig& mesh, const std::string& identity);

/// Istio's traffic against what MeshConfig says of the whole mesh: whose certificates, and the
/// least version.
void hold_mesh_config(const MeshConfig& mesh, const TlsLink& link, std::vector<Finding>& findings);

}  // namespace nspect::analyzer
