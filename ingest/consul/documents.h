// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/diagnostics.h"

namespace nspect::ingest::consul {

/// A service as intentions name it; "*" is any.
struct ServiceName {
    std::string name;
    std::string namespace_name;  ///< of Consul: "default" where none is given; "*" is any
    Diagnostic missing;          ///< for when no pod is it
};

enum class Verdict : std::uint8_t { allow, deny, by_request };

struct Source {
    ServiceName service;
    Verdict verdict = Verdict::deny;
    bool allows_some = false;  ///< by_request: some permission allows
    bool elsewhere = false;    ///< of another cluster or partition: nobody here
    Location where;
};

/// What may connect to one service.
struct Intentions {
    std::string namespace_name;  ///< of the object
    std::string name;
    ServiceName destination;
    std::vector<Source> sources;
    bool tokens = false;  ///< requests need a JWT, too
    Location where;
};

/// MutualTLSMode of a service, or (without a name) of all.
struct MutualTls {
    std::string service;
    bool permissive = false;
    Location where;
};

/// What Consul's documents said.
struct Documents {
    std::vector<Intentions> intentions;
    std::vector<MutualTls> modes;
};

}  // namespace nspect::ingest::consul
