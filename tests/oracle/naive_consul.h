// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace nspect::oracle::consul {

/// Intentions as Consul describes them, on small structs of its own: one connection, every
/// intention looked at each time.
/// https://developer.hashicorp.com/consul/docs/connect/intentions#precedence-and-match-order

struct Pod {
    std::string space;
    std::string name;
    std::string service;  ///< by annotation; "" for the Service that selects it, which is its app
    std::string app;
    std::string inject;  ///< annotation; "" for none
    bool host_network = false;
};

struct Source {
    std::string name;
    std::string space;   ///< "" for default
    std::string action;  ///< "allow", "deny", or of its only permission "allow-some", "deny-some"
};

struct Intention {
    std::string name;
    std::string space;
    std::vector<Source> sources;
};

/// mutualTLSMode of a service; of all where there is no name.
struct Mode {
    std::string service;
    std::string mode;
};

struct World {
    std::vector<Pod> pods;
    std::vector<Intention> intentions;
    std::vector<Mode> modes;
};

struct Possible {
    bool allow = false;
    bool deny = false;
    bool operator==(const Possible&) const = default;
};

/// `from` is nullptr for an address outside.
Possible judge(const World& world, const Pod* from, const Pod& to);

}  // namespace nspect::oracle::consul
