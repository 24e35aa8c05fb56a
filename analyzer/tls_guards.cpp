// SPDX-License-Identifier: Apache-2.0
#include "analyzer/tls_guards.h"

#include <algorithm>
#include <map>

namespace nspect::analyzer {
namespace {

bool has_port(const MeshGuard& guard, const Endpoint& server, Port port) {
    if (guard.port_name.empty()) return guard.ports.contains(port);
    return std::any_of(server.ports.begin(), server.ports.end(), [&](const ContainerPort& each) {
        return each.name == guard.port_name && each.port == port && each.protocol == Protocol::tcp;
    });
}

/// Guards of each mesh.
std::map<std::string, std::vector<const MeshGuard*>> by_mesh(
    const std::vector<const MeshGuard*>& guards) {
    std::map<std::string, std::vector<const MeshGuard*>> meshes;
    for (const MeshGuard* each : guards) meshes[each->mesh].push_back(each);
    return meshes;
}

}  // namespace

std::vector<const MeshGuard*> guards_of(const Expectations& expectations,
                                        const Inventory& inventory, const Endpoint& server,
                                        Port port) {
    std::vector<const MeshGuard*> found;
    if (expectations.guards.empty()) return found;
    const Labels labels = policy_labels(server);
    const std::string& space = inventory.namespace_of(server).name;
    std::map<std::string, int> highest;
    for (const MeshGuard& each : expectations.guards) {
        if (each.namespace_name && *each.namespace_name != space) continue;
        if (!each.pods.matches(labels) || !has_port(each, server, port)) continue;
        found.push_back(&each);
        int& rank = highest.try_emplace(each.mesh, each.rank).first->second;
        rank = std::max(rank, each.rank);
    }
    std::erase_if(found, [&](const MeshGuard* each) { return each->rank < highest[each->mesh]; });
    return found;
}

const GuardPass* easiest_pass(const std::vector<const MeshGuard*>& guards,
                              const std::optional<IpAddress>& client) {
    const GuardPass* easiest = nullptr;
    for (const MeshGuard* guard : guards) {
        for (const GuardPass& each : guard->passes) {
            if (client && !each.clients.contains(*client)) continue;
            if (easiest == nullptr || each.mode < easiest->mode) easiest = &each;
        }
    }
    return easiest;
}

std::vector<AcceptedIdentities> accepted_identities(const Expectations& expectations,
                                                    const Inventory& inventory,
                                                    const Endpoint& server, Port port) {
    std::vector<AcceptedIdentities> all;
    for (const auto& [mesh, guards] : by_mesh(guards_of(expectations, inventory, server, port))) {
        AcceptedIdentities accepted;
        bool anyone = false;
        for (const MeshGuard* guard : guards) {
            if (accepted.by.find(guard->by) == std::string::npos) {
                accepted.by += (accepted.by.empty() ? "" : ", ") + guard->by;
            }
            if (accepted.where.file.empty()) accepted.where = guard->where;
            for (const GuardPass& pass : guard->passes) {
                anyone = anyone || pass.mode != TlsMode::strict || pass.identities.empty();
                accepted.patterns.insert(accepted.patterns.end(), pass.identities.begin(),
                                         pass.identities.end());
            }
        }
        if (!anyone && !accepted.patterns.empty()) all.push_back(std::move(accepted));
    }
    return all;
}

bool matches_identity(std::string_view pattern, std::string_view identity) {
    if (pattern == "*") return true;
    const bool any_before = pattern.starts_with("*");
    const bool any_behind = pattern.ends_with("*");
    if (any_before) pattern.remove_prefix(1);
    if (any_behind) pattern.remove_suffix(1);
    if (any_before && any_behind) return identity.find(pattern) != std::string_view::npos;
    if (any_before) return identity.ends_with(pattern);
    if (any_behind) return identity.starts_with(pattern);
    return pattern == identity;
}

}  // namespace nspect::analyzer
