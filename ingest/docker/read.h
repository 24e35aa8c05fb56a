// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/docker/documents.h"
#include "ingest/document/report.h"

namespace nspect::ingest {

/// Docker's documents have no kind; they are known by their fields. False when it is none of them:
/// an item of `docker inspect` or `docker network inspect`, or a Compose file.
bool read_docker(const Node& root, Report& report, DockerDocuments& documents);

bool is_inspected_container(const Node& root);
bool is_inspected_network(const Node& root);
bool is_compose_file(const Node& root);
void read_inspected_container(const Node& root, Report& report, DockerDocuments& documents);
void read_inspected_network(const Node& root, Report& report, DockerDocuments& documents);
void read_compose_file(const Node& root, Report& report, DockerDocuments& documents);

/// What the options of a network's driver change.
void read_driver_option(std::string_view name, std::string_view value, DockerNetwork& network);

}  // namespace nspect::ingest
