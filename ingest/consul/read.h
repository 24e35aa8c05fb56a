// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/kubernetes/object.h"

namespace nspect::ingest {

class Staging;

/// https://developer.hashicorp.com/consul/docs/connect/config-entries/service-intentions
void read_consul_intentions(const Object& object, Staging& staging);
/// ServiceDefaults and ProxyDefaults: their mutualTLSMode.
void read_consul_defaults(const Object& object, Staging& staging);

/// A configuration entry as Consul's own API and command line write it, {"Kind":
/// "service-intentions", ...}. False when it is none.
bool read_consul_entry(const Node& root, Report& report, Staging& staging);

}  // namespace nspect::ingest
