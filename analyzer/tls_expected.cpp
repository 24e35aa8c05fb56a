// SPDX-License-Identifier: Apache-2.0
#include "analyzer/tls_expected.h"

#include <algorithm>
#include <tuple>

#include "analyzer/tls_guards.h"
#include "analyzer/tls_listeners.h"

namespace nspect::analyzer {
namespace {

std::string title(const PeerAuthentication& policy) {
    return "PeerAuthentication " + policy.namespace_name + "/" + policy.name;
}

bool is_older(const PeerAuthentication& a, const PeerAuthentication& b) {
    return std::tie(a.created, a.name) < std::tie(b.created, b.name);
}

/// The oldest policy of a scope.
template <class InScope>
const PeerAuthentication* oldest(const Expectations& expectations, InScope in_scope) {
    const PeerAuthentication* found = nullptr;
    for (const PeerAuthentication& each : expectations.peer_authentications) {
        if (in_scope(each) && (found == nullptr || is_older(each, *found))) found = &each;
    }
    return found;
}

void apply(EffectiveTls& effective, TlsMode mode, const std::string& by, const Location& where,
           const std::string& scope) {
    effective.steps.push_back(scope + ": " + std::string(to_string(mode)) + " by " + by + " (" +
                              to_string(where) + ")");
    if (mode == TlsMode::unset) return;
    effective.mode = mode;
    effective.by = by;
    effective.where = where;
}

void apply_ports(EffectiveTls& effective, const PeerAuthentication& policy, Port port) {
    for (const PortTlsMode& each : policy.ports) {
        if (each.port != port) continue;
        apply(effective, each.mode, title(policy), each.where,
              "port " + std::to_string(port.number));
    }
}

/// What a guard of Linkerd or Consul says, in words.
std::string guarded(const MeshGuard& guard, const std::optional<IpAddress>& client) {
    const GuardPass* pass = easiest_pass({&guard}, client);
    const std::string by = guard.by + " (" + to_string(guard.where) + ")";
    if (pass == nullptr) return guard.mesh + ": nobody is let in by " + by;
    std::string text = guard.mesh + ": " + std::string(to_string(pass->mode)) + " by " + by;
    if (pass->by != guard.by) text += ", " + pass->by + " (" + to_string(pass->where) + ")";
    return text;
}

}  // namespace

std::string root_namespace(const Expectations& expectations) {
    const auto& written = expectations.mesh.root_namespace;
    return written ? written->value : "istio-system";
}

const PeerAuthentication* workload_policy(const Expectations& expectations,
                                          const Inventory& inventory, const Endpoint& server) {
    const std::string& space = inventory.namespace_of(server).name;
    if (space == root_namespace(expectations)) return nullptr;
    const Labels labels = policy_labels(server);
    return oldest(expectations, [&](const auto& each) {
        return each.selector && each.namespace_name == space && each.selector->matches(labels);
    });
}

namespace {

EffectiveTls by_peer_authentication(const Expectations& expectations, const Inventory& inventory,
                                    const Endpoint& server, Port port) {
    EffectiveTls effective;
    if (expectations.peer_authentications.empty()) return effective;
    effective.mode = TlsMode::permissive;
    effective.by = "Istio's default";
    effective.mesh = "Istio";
    effective.steps.emplace_back("default: PERMISSIVE");
    const std::string& space = inventory.namespace_of(server).name;
    const std::string root = root_namespace(expectations);
    const auto wide = [](const PeerAuthentication& each, std::string_view name) {
        return !each.selector && each.namespace_name == name;
    };
    const auto* mesh = oldest(expectations, [&](const auto& each) { return wide(each, root); });
    if (mesh != nullptr) apply(effective, mesh->mode, title(*mesh), mesh->where, "mesh");
    if (space == root) return effective;
    const auto* own = oldest(expectations, [&](const auto& each) { return wide(each, space); });
    if (own != nullptr) apply(effective, own->mode, title(*own), own->where, "namespace");
    const auto* workload = workload_policy(expectations, inventory, server);
    if (workload == nullptr) return effective;
    apply(effective, workload->mode, title(*workload), workload->where, "workload");
    apply_ports(effective, *workload, port);
    return effective;
}

}  // namespace

EffectiveTls effective_tls(const Expectations& expectations, const Inventory& inventory,
                           const Endpoint& server, Port port) {
    EffectiveTls effective = by_peer_authentication(expectations, inventory, server, port);
    apply_listeners(expectations, inventory, server, port, effective);
    return effective;
}

EffectiveTls mesh_tls(const Expectations& expectations, const Inventory& inventory,
                      const Endpoint& server, Port port, const std::optional<IpAddress>& client) {
    EffectiveTls effective = effective_tls(expectations, inventory, server, port);
    const auto guards = guards_of(expectations, inventory, server, port);
    for (const char* mesh : {"Linkerd", "Consul"}) {
        std::vector<const MeshGuard*> own;
        for (const MeshGuard* each : guards) {
            if (each->mesh == mesh) own.push_back(each);
        }
        for (const MeshGuard* each : own) effective.steps.push_back(guarded(*each, client));
        const GuardPass* pass = easiest_pass(own, client);
        // Istio's default is nobody's word where another mesh has one.
        const bool counts = pass != nullptr && (pass->mode > effective.mode ||
                                                (!effective.where && pass->mode >= effective.mode));
        if (!counts) continue;
        effective.mode = pass->mode;
        effective.by = pass->by;
        effective.where = pass->where;
        effective.mesh = mesh;
    }
    return effective;
}

EffectiveTls demanded_tls(const Expectations& expectations, const Inventory& inventory,
                          const Endpoint* client, const std::optional<IpAddress>& address,
                          const Endpoint* server, Port port) {
    EffectiveTls demanded;
    if (server != nullptr) demanded = mesh_tls(expectations, inventory, *server, port, address);
    for (const TrafficExpectation* each :
         expectations_of(expectations, inventory, client, server, port)) {
        if (each->mode == TlsMode::unset) continue;
        const std::string by = "TrafficExpectation " + each->namespace_name + "/" + each->name;
        demanded.steps.push_back("expected: " + std::string(to_string(each->mode)) + " by " + by +
                                 " (" + to_string(each->where) + ")");
        if (each->mode <= demanded.mode) continue;
        demanded.mode = each->mode;
        demanded.by = by;
        demanded.where = each->where;
        demanded.mesh.clear();
    }
    return demanded;
}

bool is_party(const ExpectedParty& party, const Inventory& inventory, const Endpoint* endpoint) {
    if (endpoint == nullptr) return !party.namespace_name && !party.workload && !party.selector;
    if (party.namespace_name && *party.namespace_name != inventory.namespace_of(*endpoint).name) {
        return false;
    }
    if (party.workload && *party.workload != inventory.workload_of(*endpoint).name) return false;
    return !party.selector || party.selector->matches(policy_labels(*endpoint));
}

std::vector<const TrafficExpectation*> expectations_of(const Expectations& expectations,
                                                       const Inventory& inventory,
                                                       const Endpoint* client,
                                                       const Endpoint* server, Port port) {
    std::vector<const TrafficExpectation*> found;
    for (const TrafficExpectation& each : expectations.traffic) {
        if (!each.ports.empty() && !each.ports.contains(port)) continue;
        if (!is_party(each.to, inventory, server)) continue;
        const bool from = each.from.empty() ||
                          std::any_of(each.from.begin(), each.from.end(), [&](const auto& party) {
                              return is_party(party, inventory, client);
                          });
        if (from) found.push_back(&each);
    }
    return found;
}

std::vector<WithoutEffect> without_effect(const Expectations& expectations) {
    std::vector<WithoutEffect> found;
    const std::string root = root_namespace(expectations);
    for (const PeerAuthentication& each : expectations.peer_authentications) {
        if (each.selector && each.namespace_name == root) {
            found.push_back({title(each),
                             "a PeerAuthentication with a selector in the root namespace selects "
                             "no workload of other namespaces",
                             each.where});
        }
        const auto* first = oldest(expectations, [&](const auto& other) {
            return other.namespace_name == each.namespace_name && other.selector == each.selector;
        });
        if (first != nullptr && first != &each) {
            found.push_back({title(each),
                             "of several in one scope only the oldest counts: " + title(*first),
                             each.where});
        }
    }
    return found;
}

}  // namespace nspect::analyzer
