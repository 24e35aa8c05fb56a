// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "ingest/document/node.h"
#include "model/labels.h"
#include "model/traffic.h"

namespace nspect::ingest {

/// What the annotations of a pod, a template or a namespace say of proxies (Endpoint::mesh), by
/// their keys. A label of the same key counts before an annotation.
Labels read_mesh_annotations(const Node& metadata);

/// "25,587,8000-8010"; what is no port is left out.
PortSet ports_in(std::string_view annotation);

/// What the namespaces say, by name.
using MeshNamespaces = std::map<std::string, Labels, std::less<>>;

}  // namespace nspect::ingest
