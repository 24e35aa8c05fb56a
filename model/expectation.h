// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/diagnostics.h"
#include "model/ip.h"
#include "model/istio.h"
#include "model/labels.h"
#include "model/time.h"
#include "model/tls_mode.h"
#include "model/traffic.h"

namespace nspect {

/// One way through a guard: whom it lets in, and how they must protect the connection at least.
struct GuardPass {
    TlsMode mode = TlsMode::strict;  ///< permissive, one_way or strict
    /// Of the client, for strict; "*" at either end stands for any text. Empty: any.
    std::vector<std::string> identities;
    IpSet clients;  ///< addresses
    std::string by;
    Location where;
};

/// Ports of pods that a mesh lets only some through to: Linkerd's Server, Consul's intentions,
/// the principals of Istio's AuthorizationPolicy.
struct MeshGuard {
    std::string by;                             ///< "Server shop/db"
    std::optional<std::string> namespace_name;  ///< of the pods
    Selector pods;                              ///< on what policy_labels() gives
    PortSet ports;                              ///< TCP, the container's
    std::string port_name;                      ///< of a container port; asked when it is not empty
    /// Where guards of one mesh overlap, the higher counts.
    int rank = 0;
    std::string mesh;
    bool identities_alone = false;  ///< it says nothing about how connections are protected
    std::vector<GuardPass> passes;  ///< any of them; none: nobody gets through
    Location where;
};

/// Who an expectation is about: every part that is given must hold.
struct ExpectedParty {
    std::optional<std::string> namespace_name;
    std::optional<std::string> workload;  ///< its name
    std::optional<Selector> selector;
};

enum class Reach : std::uint8_t { any, must, must_not };

/// nspect's own document: what traffic between two parties must be like (docs/expectations.md).
struct TrafficExpectation {
    std::string namespace_name;
    std::string name;
    std::vector<ExpectedParty> from;  ///< any of them; empty: everyone
    ExpectedParty to;
    PortSet ports;  ///< TCP; empty: all
    TlsMode mode = TlsMode::unset;
    std::vector<std::string> identities;  ///< of the client; "*" at either end stands for any text
    std::string trust_domain;             ///< of both ends
    std::uint16_t min_version = 0;        ///< as on the wire
    Duration max_lifetime{};              ///< of a certificate; 0: any
    Reach reach = Reach::any;
    Location where;
};

/// What documents say about how traffic is protected.
struct Expectations {
    std::vector<PeerAuthentication> peer_authentications;
    std::vector<DestinationRule> destination_rules;
    std::vector<SidecarConfig> sidecars;
    std::vector<MeshGateway> gateways;
    std::vector<ServiceEntry> service_entries;  ///< known by themselves: they expect nothing
    MeshConfig mesh;                            ///< Istio's
    std::vector<TrafficExpectation> traffic;
    std::vector<MeshGuard> guards;

    bool empty() const {
        return peer_authentications.empty() && destination_rules.empty() && traffic.empty() &&
               guards.empty() && sidecars.empty() && gateways.empty() && mesh.by.empty();
    }
};

}  // namespace nspect
