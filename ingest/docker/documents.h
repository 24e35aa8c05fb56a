// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/diagnostics.h"
#include "model/inventory.h"
#include "model/policy.h"

namespace nspect::ingest {

/// A network of container runtimes, by the name it has on the machine.
struct DockerNetwork {
    std::string name;
    std::string driver = "bridge";
    bool internal = false;  ///< no way outside
    bool talk = true;       ///< its containers reach each other (option enable_icc)
    bool ipv4 = true;       ///< its containers have IPv4 addresses
    bool ipv6 = false;
    bool unprotected = false;         ///< ports need not be published to be reached by route
    std::vector<IpAddress> gateways;  ///< the host's addresses on it
    Location where;
};

/// A port of a container that the host passes on.
struct PublishedPort {
    Protocol protocol = Protocol::tcp;
    PortRange target;
    std::optional<Port> host;   ///< of the first of the range, where it is known
    bool to_host_only = false;  ///< published on a loopback address
};

/// A container, or a Compose service that stands for its containers.
struct DockerContainer {
    WorkloadId id;
    Endpoint endpoint;  ///< networks are its own ones
    std::vector<IpAddress> addresses;
    std::string key;     ///< by which others say that they share its network: its id, "service:x"
    std::string shares;  ///< key of the one whose network it uses; else empty
    Labels selected_by;  ///< labels that tell its workload from the others of the namespace
    std::vector<PublishedPort> published;
    bool is_template = false;
    bool links = false;
    std::vector<std::string> unknown;  ///< what is not known of its networks, in words
};

/// What Docker's documents said so far.
struct DockerDocuments {
    std::vector<DockerContainer> containers;
    std::map<std::string, DockerNetwork> networks;

    bool empty() const { return containers.empty(); }
};

/// Adds containers, what networks let through, and ways in.
void settle(DockerDocuments documents, Inventory& inventory, std::vector<Policy>& policies,
            Diagnostics& diagnostics);

}  // namespace nspect::ingest
