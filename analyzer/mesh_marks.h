// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/conversation.h"

namespace nspect::analyzer {

/// Which mesh carried a conversation, and by what it was recognised.
struct MeshMark {
    std::string
        mesh;  ///< "Istio", "Linkerd", "Consul", "Cilium", "WireGuard", "IPsec"...; empty: none
    std::string evidence;  ///< "ALPN istio-peer-exchange", "TCP 15008"
};

MeshMark mesh_of(const Conversation& conversation);

/// Ports on which a mesh's own proxies speak plaintext by design: metrics, health, administration.
bool is_mesh_service_port(Port port);

}  // namespace nspect::analyzer
