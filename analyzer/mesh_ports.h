// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "analyzer/engine.h"

namespace nspect::analyzer {

/// A TCP port that the proxies of a service mesh use.
struct MeshPort {
    std::uint16_t number = 0;
    std::string_view mesh;
    std::string_view use;
    bool carries = false;  ///< the traffic of applications, whatever port that is for
};

/// https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio
/// https://istio.io/latest/docs/ambient/architecture/data-plane/
/// https://linkerd.io/2/reference/proxy-configuration/
inline constexpr std::array<MeshPort, 8> mesh_ports{{
    {15008, "istio", "HBONE", true},
    {15006, "istio", "inbound", true},
    {15001, "istio", "outbound", true},
    {15021, "istio", "health", false},
    {15090, "istio", "telemetry", false},
    {4143, "linkerd", "inbound", true},
    {4140, "linkerd", "outbound", true},
    {4191, "linkerd", "admin", false},
}};

/// The row of a point, or nullptr.
const MeshPort* mesh_port(const TrafficPoint& point);
/// Whether a point on the wire stands for another one of the application.
bool carries_others(const TrafficPoint& point);

/// As PolicyEngine::decide(), for traffic that proxies carry on the port `wire`: the network layer
/// sees that port, the mesh the application's. Where that is not known and matters to the mesh,
/// the verdict depends on it.
Verdict decide_through_mesh(const PolicyEngine& engine, const Who& from, const Who& to,
                            const TrafficPoint& wire, std::optional<Port> application);

}  // namespace nspect::analyzer
