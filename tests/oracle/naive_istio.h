// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "model/ip.h"

namespace nspect::oracle::istio {

/// Authorization as Istio describes it, on small structs of its own: one connection, every policy
/// and every field looked at each time. It shares nothing with the engine but addresses.
/// https://istio.io/latest/docs/reference/config/security/authorization-policy/

struct Space {
    std::string name;
    std::string injection;  ///< label istio-injection; "" for none
    std::string mode;       ///< label istio.io/dataplane-mode
};

struct Pod {
    const Space* space = nullptr;
    std::string name;
    std::string app;
    std::string account;
    std::string inject;  ///< sidecar.istio.io/inject
    std::string mode;    ///< istio.io/dataplane-mode
    bool host_network = false;
    IpAddress address;
};

/// Who connects: a pod, or an address outside.
struct Client {
    const Pod* pod = nullptr;
    IpAddress address;
};

using Words = std::vector<std::string>;

struct Source {
    Words principals, not_principals, namespaces, not_namespaces, blocks, not_blocks;
};
struct Operation {
    Words ports, not_ports, methods;
};
struct When {
    std::string key;
    Words values, not_values;
};
struct Rule {
    std::vector<Source> from;
    std::vector<Operation> to;
    std::vector<When> when;
};
struct Policy {
    std::string space;
    std::string app;  ///< selector; "" for none
    std::string action;
    std::vector<Rule> rules;
};

struct Possible {
    bool allow = false;
    bool deny = false;
    bool operator==(const Possible&) const = default;
};

/// What may happen to a TCP connection: what requests carry is not known.
Possible judge(const std::vector<Policy>& policies, const Client& from, const Pod& to,
               unsigned port);

}  // namespace nspect::oracle::istio
