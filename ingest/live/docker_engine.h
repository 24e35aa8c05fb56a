// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ingest/live/http.h"
#include "ingest/load.h"
#include "model/result.h"

namespace nspect::ingest {

/// The engine that answers on a unix socket: `path`, or "" for $DOCKER_HOST (`docker_host`), else
/// /var/run/docker.sock.
Result<HttpEndpoint> docker_endpoint(const std::string& path, const std::string& docker_host);

/// What `docker inspect` prints of all containers, and `docker network inspect` of all networks.
Result<std::vector<NamedText>> docker_documents(const HttpEndpoint& endpoint);

}  // namespace nspect::ingest
