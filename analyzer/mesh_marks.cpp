// SPDX-License-Identifier: Apache-2.0
#include "analyzer/mesh_marks.h"

#include <algorithm>
#include <array>

namespace nspect::analyzer {
namespace {

MeshMark by_alpn(const TlsSeen& tls) {
    for (const std::string& each : tls.alpn_offered) {
        if (each == "istio" || each.starts_with("istio-")) return {"Istio", "ALPN " + each};
        if (each.starts_with("transport.l5d.io/")) return {"Linkerd", "ALPN " + each};
    }
    return {};
}

MeshMark by_name(const TlsSeen& tls) {
    if (tls.sni.starts_with("outbound_.")) return {"Istio", "SNI " + tls.sni};
    if (tls.sni.find(".serviceaccount.identity.linkerd.") != std::string::npos) {
        return {"Linkerd", "SNI " + tls.sni};
    }
    if (tls.sni.ends_with(".consul") && tls.sni.find(".internal.") != std::string::npos) {
        return {"Consul", "SNI " + tls.sni};
    }
    for (const std::string& each : tls.client_identity) {
        const bool consul =
            each.starts_with("spiffe://") && each.find(".consul/") != std::string::npos;
        if (consul) return {"Consul", "client identity " + each};
    }
    return {};
}

/// What encrypts below TCP: the flow is the tunnel itself.
MeshMark by_tunnel(const Conversation& conversation) {
    for (const VantagePoint& each : conversation.vantages) {
        if (!each.tunnel || !is_opaque(each.tunnel->kind)) continue;
        if (each.tunnel->kind == TunnelKind::esp) return {"IPsec", "ESP"};
        const unsigned port = conversation.server.socket.port.number;
        return {port == 51871 ? "Cilium" : "WireGuard", "WireGuard on UDP " + std::to_string(port)};
    }
    return {};
}

}  // namespace

MeshMark mesh_of(const Conversation& conversation) {
    const unsigned port = conversation.server.socket.port.number;
    if (conversation.tls) {
        const TlsSeen& tls = *conversation.tls;
        if (MeshMark mark = by_alpn(tls); !mark.mesh.empty()) return mark;
        if (MeshMark mark = by_name(tls); !mark.mesh.empty()) return mark;
        const bool h2 = std::find(tls.alpn_offered.begin(), tls.alpn_offered.end(), "h2") !=
                        tls.alpn_offered.end();
        // ztunnel sends no name.
        if (port == 15008 && h2 && tls.sni.empty()) {
            return {"Istio ambient", "HBONE: TCP 15008, ALPN h2, no SNI"};
        }
        if (port == 4143) return {"Linkerd", "TCP 4143"};
        if (port == 20000 && tls.client_cert == ClientCert::presented) {
            return {"Consul", "TCP 20000"};
        }
        // Between agents; what they vouch for goes without TLS.
        if (port == 4250) return {"Cilium", "TCP 4250: mutual authentication of nodes"};
    }
    return by_tunnel(conversation);
}

bool is_mesh_service_port(Port port) {
    constexpr std::array<std::uint16_t, 10> ports{15000, 15004, 15014, 15020, 15021,
                                                  15053, 15090, 4190,  4191,  15010};
    return std::find(ports.begin(), ports.end(), port.number) != ports.end();
}

}  // namespace nspect::analyzer
