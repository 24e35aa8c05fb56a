// SPDX-License-Identifier: Apache-2.0
#include "analyzer/mesh_ports.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "analyzer/judge.h"

namespace nspect::analyzer {
namespace {

Facts facts_of(const World& world, const Who& who) {
    if (!who.endpoint) return analyzer::facts_of(who.address);
    return analyzer::facts_of(world.inventory, *who.endpoint, who.family);
}

/// The policies of the mesh, and the others.
std::pair<std::vector<std::size_t>, std::vector<std::size_t>> by_layer(const PolicyEngine& engine,
                                                                       const Who& subject,
                                                                       Direction direction) {
    std::pair<std::vector<std::size_t>, std::vector<std::size_t>> split;
    if (!subject.endpoint) return split;
    for (const std::size_t index : engine.policies_of(*subject.endpoint, direction)) {
        const bool mesh = engine.world().policies[index].stage.layer == Layer::mesh;
        (mesh ? split.first : split.second).push_back(index);
    }
    return split;
}

void depend_on_rule(DirectionVerdict& verdict) {
    auto& all = verdict.depends_on;
    if (std::find(all.begin(), all.end(), Dependency::rule_condition) != all.end()) return;
    all.push_back(Dependency::rule_condition);
    std::sort(all.begin(), all.end());
}

DirectionVerdict both(DirectionVerdict network, DirectionVerdict mesh) {
    network.isolated = network.isolated || mesh.isolated;
    for (const Dependency dependency : mesh.depends_on) {
        auto& all = network.depends_on;
        if (std::find(all.begin(), all.end(), dependency) == all.end()) all.push_back(dependency);
    }
    std::sort(network.depends_on.begin(), network.depends_on.end());
    const bool mesh_decides = network.allowed && !mesh.allowed;
    if (mesh_decides) network.reasons.clear();
    if (mesh_decides || network.allowed == mesh.allowed) {
        network.reasons.insert(network.reasons.end(), mesh.reasons.begin(), mesh.reasons.end());
    }
    network.allowed = network.allowed && mesh.allowed;
    return network;
}

DirectionVerdict decide_side(const PolicyEngine& engine, Direction direction, const Who& from,
                             const Who& to, const TrafficPoint& wire,
                             std::optional<Port> application) {
    const World& world = engine.world();
    const bool in = direction == Direction::ingress;
    const Facts subject = facts_of(world, in ? to : from);
    const Facts peer = facts_of(world, in ? from : to);
    const auto [mesh, others] = by_layer(engine, in ? to : from, direction);
    DirectionVerdict network = judge(world, direction, others, subject, peer, wire);
    if (mesh.empty()) return network;
    const TrafficPoint inner{Protocol::tcp, application.value_or(wire.port)};
    DirectionVerdict carried = judge(world, direction, mesh, subject, peer, inner);
    if (!application) {
        const PortSet open = permitted(world, direction, mesh, subject, peer).tcp;
        const bool same_for_all = open.empty() || open == PortSet{all_ports};
        if (!same_for_all) depend_on_rule(carried);
    }
    return both(std::move(network), std::move(carried));
}

}  // namespace

const MeshPort* mesh_port(const TrafficPoint& point) {
    if (point.protocol != Protocol::tcp) return nullptr;
    const auto row = std::find_if(mesh_ports.begin(), mesh_ports.end(), [&](const MeshPort& one) {
        return one.number == point.port.number;
    });
    return row == mesh_ports.end() ? nullptr : &*row;
}

bool carries_others(const TrafficPoint& point) {
    const MeshPort* row = mesh_port(point);
    return row != nullptr && row->carries;
}

Verdict decide_through_mesh(const PolicyEngine& engine, const Who& from, const Who& to,
                            const TrafficPoint& wire, std::optional<Port> application) {
    Verdict whole = engine.decide(from, to, wire);
    const bool any_mesh = !by_layer(engine, from, Direction::egress).first.empty() ||
                          !by_layer(engine, to, Direction::ingress).first.empty();
    const bool itself = from.endpoint && to.endpoint && *from.endpoint == *to.endpoint;
    if (!any_mesh || itself) return whole;
    return {decide_side(engine, Direction::egress, from, to, wire, application),
            decide_side(engine, Direction::ingress, from, to, wire, application)};
}

}  // namespace nspect::analyzer
