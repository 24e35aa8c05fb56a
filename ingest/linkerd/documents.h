// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/diagnostics.h"
#include "model/expectation.h"
#include "model/ip.h"
#include "model/labels.h"
#include "model/policy.h"

namespace nspect::ingest::linkerd {

/// Where an object is: references are settled when all documents are read.
struct Name {
    std::string namespace_name;
    std::string name;

    bool operator==(const Name&) const = default;
};

/// Some port of some pods, and who may reach it where no authorization says so.
struct Server {
    Name name;
    Labels labels;
    Selector pods;
    PortMatch port;
    std::string access = "deny";  ///< spec.accessPolicy
    Location where;
    Location access_where;
};

struct MeshTlsAuthentication {
    Name name;
    std::vector<std::string> identities;
};

struct NetworkAuthentication {
    Name name;
    IpSet networks;
};

/// An HTTPRoute or GRPCRoute with Servers as parents.
struct Route {
    std::string kind;
    Name name;
    std::vector<Name> servers;
};

/// What a requiredAuthenticationRef names.
struct Required {
    enum class Kind : std::uint8_t { mesh_tls, network, service_account };
    Kind kind = Kind::mesh_tls;
    Name name;
    Diagnostic missing;  ///< for when there is none
};

/// ServerAuthorization and AuthorizationPolicy.
struct Authorization {
    enum class Target : std::uint8_t { server, servers, space, route };

    Name name;
    std::string by;  ///< "AuthorizationPolicy shop/web"
    Location where;
    Target target = Target::server;
    Name target_name;
    std::string target_kind;          ///< of a route
    std::optional<Selector> servers;  ///< by label, for Target::servers
    Diagnostic missing;               ///< for when there is no such target
    // What a client must be: all of it.
    TlsMode mode = TlsMode::permissive;
    std::vector<std::string> identities;  ///< of strict; empty: any
    IpSet networks = all_addresses();
    std::vector<Required> required;
};

/// What Linkerd's documents said.
struct Documents {
    std::vector<Server> servers;
    std::vector<MeshTlsAuthentication> identities;
    std::vector<NetworkAuthentication> networks;
    std::vector<Route> routes;
    std::vector<Authorization> authorizations;
};

}  // namespace nspect::ingest::linkerd
