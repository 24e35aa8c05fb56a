// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/kubernetes/object.h"

namespace nspect::ingest {

class Staging;

/// https://linkerd.io/2/reference/authorization-policy/
void read_linkerd_server(const Object& object, Staging& staging);
void read_linkerd_server_authorization(const Object& object, Staging& staging);
void read_linkerd_authorization_policy(const Object& object, Staging& staging);
void read_linkerd_mesh_tls_authentication(const Object& object, Staging& staging);
void read_linkerd_network_authentication(const Object& object, Staging& staging);
/// HTTPRoute and GRPCRoute, Linkerd's and the Gateway API's: those whose parents are Servers.
void read_linkerd_route(const Object& object, Staging& staging);

}  // namespace nspect::ingest
