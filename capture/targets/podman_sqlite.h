// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace nspect::capture {

/// The JSON text that Podman's SQLite database has about a container or a pod; "" when it has none
/// or cannot be read.
std::string podman_container_json(const std::string& database, const std::string& id);
std::string podman_pod_json(const std::string& database, const std::string& id);

}  // namespace nspect::capture
