// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/kubernetes/object.h"

namespace nspect::ingest {

class Staging;

void read_peer_authentication(const Object& object, Staging& staging);
void read_destination_rule(const Object& object, Staging& staging);
/// nspect's own kind, docs/expectations.md.
void read_traffic_expectation(const Object& object, Staging& staging);

}  // namespace nspect::ingest
