// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/ip.h"

namespace nspect::oracle::linkerd {

/// Authorization as Linkerd describes it, on small structs of its own: one connection, every object
/// looked at each time. It shares nothing with the engine but addresses.
/// https://linkerd.io/2/reference/authorization-policy/

using Words = std::vector<std::string>;

struct Space {
    std::string name;
    bool declared = true;  ///< there is a Namespace object
    std::string inject;    ///< annotations; "" for none, as in all that follows
    std::string default_policy;
    std::string skipped;
};

struct Pod {
    const Space* space = nullptr;
    std::string name;
    std::string app;
    std::string account;
    std::string inject;
    std::string default_policy;
    std::string skipped;   ///< one port
    std::string identity;  ///< one port that needs one
    bool host_network = false;
    IpAddress address;
};

/// Who connects: a pod, or an address outside.
struct Client {
    const Pod* pod = nullptr;
    IpAddress address;
};

struct Server {
    std::string space;
    std::string name;
    std::string team;  ///< label
    std::string app;   ///< podSelector; "" for everyone
    std::string port;  ///< a number, or "web": every pod's port 80
    std::string access;
};

/// What a client must be. In an AuthorizationPolicy identities stand in a MeshTLSAuthentication,
/// accounts in references and networks in a NetworkAuthentication.
struct Needs {
    std::string form;  ///< "plaintext", "tls", "identity"
    Words identities;
    Words accounts;        ///< "NAMESPACE/NAME"
    Words networks;        ///< "CIDR" or "CIDR-EXCEPT"
    bool missing = false;  ///< it refers to what is not there
};

struct Authorization {
    bool policy = false;  ///< AuthorizationPolicy, else ServerAuthorization
    std::string space;
    std::string target;  ///< "server", "labels", "namespace", "route"
    std::string name;    ///< of the Server, team or route
    Needs needs;
};

struct Route {
    std::string space;
    std::string name;
    std::string server;
};

struct World {
    std::vector<Server> servers;
    std::vector<Authorization> authorizations;
    std::vector<Route> routes;
};

struct Possible {
    bool allow = false;
    bool deny = false;
    bool operator==(const Possible&) const = default;
};

Possible judge(const World& world, const Client& from, const Pod& to, unsigned port);

}  // namespace nspect::oracle::linkerd
