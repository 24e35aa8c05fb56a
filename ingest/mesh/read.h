// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/kubernetes/object.h"

namespace nspect::ingest {

class Staging;

void read_peer_authentication(const Object& object, Staging& staging);
void read_destination_rule(const Object& object, Staging& staging);
void read_sidecar(const Object& object, Staging& staging);
void read_istio_gateway(const Object& object, Staging& staging);
void read_service_entry(const Object& object, Staging& staging);
/// Istio's MeshConfig: a ConfigMap named istio or istio-REVISION, of which `data.mesh` is read.
bool is_mesh_config_map(const Node& root);
void read_mesh_config_map(const Object& object, Staging& staging);
void read_istio_operator(const Object& object, Staging& staging);
/// The values of Istio's Helm chart, which have no kind. False: it is something else.
bool read_mesh_values(const Node& root, Report& report, Staging& staging);
/// nspect's own kind, docs/expectations.md.
void read_traffic_expectation(const Object& object, Staging& staging);

}  // namespace nspect::ingest
