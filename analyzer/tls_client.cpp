// SPDX-License-Identifier: Apache-2.0
// https://istio.io/latest/docs/ops/best-practices/traffic-management/#cross-namespace-configuration
// https://istio.io/latest/docs/reference/config/networking/destination-rule/
#include "analyzer/tls_client.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "analyzer/tls_proxies.h"

namespace nspect::analyzer {
namespace {

std::string title(const DestinationRule& rule) {
    return "DestinationRule " + rule.namespace_name + "/" + rule.name;
}

bool lists(const std::vector<std::string>& all, std::string_view word) {
    return std::find(all.begin(), all.end(), word) != all.end();
}

/// Whether clients of that namespace see a rule of another one.
bool is_exported(const DestinationRule& rule, const MeshConfig& mesh, const std::string& client) {
    if (rule.exported_to.empty()) return !mesh.rules_private;
    return lists(rule.exported_to, "*") || lists(rule.exported_to, client);
}

/// Whether clients of its own namespace do.
bool is_at_home(const DestinationRule& rule) {
    const auto& to = rule.exported_to;
    return to.empty() || lists(to, ".") || lists(to, "*") || lists(to, rule.namespace_name);
}

bool is_visible(const DestinationRule& rule, const MeshConfig& mesh, const Sender& client) {
    if (rule.namespace_name == client.namespace_name) return is_at_home(rule);
    return is_exported(rule, mesh, client.namespace_name);
}

/// The host itself before a wildcard, a longer wildcard before a shorter one.
std::pair<bool, std::size_t> closeness(const DestinationRule& rule) {
    const bool exact = !rule.host.starts_with("*");
    return {exact, exact ? 0 : rule.host.size()};
}

using Rules = std::vector<const DestinationRule*>;

/// Of the closest rules of a namespace those that are for a client: the oldest that selects it,
/// with others for the same pods; else those for all.
Rules rules_of_client(const Rules& closest, const Sender& client) {
    const auto selects = std::find_if(closest.begin(), closest.end(), [&](const auto* each) {
        return each->clients && each->namespace_name == client.namespace_name &&
               each->clients->matches(client.labels);
    });
    std::optional<Selector> wanted;
    if (selects != closest.end()) wanted = (*selects)->clients;
    Rules found;
    for (const DestinationRule* each : closest) {
        if (each->clients == wanted) found.push_back(each);
    }
    return found;
}

/// The rules of one namespace about a Service, closest host alone, oldest first.
Rules closest_rules(const Expectations& expectations, const std::string& space,
                    const Sender& client, const Service& service) {
    Rules found;
    for (const DestinationRule& each : expectations.destination_rules) {
        const bool counts = each.namespace_name == space &&
                            names_service(each.host, each.namespace_name, service) &&
                            is_visible(each, expectations.mesh, client);
        if (counts) found.push_back(&each);
    }
    std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) {
        return std::tuple(closeness(*b), a->created, a->name) <
               std::tuple(closeness(*a), b->created, b->name);
    });
    const auto wider = std::find_if(found.begin(), found.end(), [&](const auto* each) {
        return closeness(*each) != closeness(*found.front());
    });
    found.erase(wider, found.end());
    return found;
}

/// The first namespace with a rule about the Service counts, also where that rule says nothing of
/// TLS, or is for other clients: it hides wider ones.
Rules rules_for(const Expectations& expectations, const Sender& client, const Service& service) {
    const std::array<std::string, 3> order{client.namespace_name, service.namespace_name,
                                           root_namespace(expectations)};
    for (const std::string& space : order) {
        const Rules closest = closest_rules(expectations, space, client, service);
        if (!closest.empty()) return rules_of_client(closest, client);
    }
    return {};
}

class Way {
public:
    explicit Way(EffectiveTls base) : base_(base), tls_(std::move(base)) {}

    void say(TlsMode mode, const std::string& by, const Location& where, const std::string& scope) {
        const std::string word = mode == TlsMode::unset ? "nothing" : std::string(to_string(mode));
        tls_.steps.push_back(scope + ": " + word + " by " + by + " (" + to_string(where) + ")");
        if (mode == TlsMode::unset) {
            auto steps = std::move(tls_.steps);
            tls_ = base_;
            tls_.steps = std::move(steps);
            return;
        }
        tls_.mode = mode;
        tls_.by = by;
        tls_.where = where;
    }

    void say(const ClientPolicy& policy, const std::string& by, const std::string& scope,
             Port port) {
        if (policy.mode) say(*policy.mode, by, policy.where, scope);
        for (const PortTlsMode& each : policy.ports) {
            if (each.port == port) say(each.mode, by, each.where, scope + " port");
        }
    }
    const EffectiveTls& tls() const { return tls_; }

private:
    EffectiveTls base_;
    EffectiveTls tls_;
};

/// What proxies do where no rule speaks: only what turns auto mutual TLS off is a word.
EffectiveTls without_rule(const Expectations& expectations) {
    EffectiveTls effective;
    const MeshConfig& mesh = expectations.mesh;
    if (!mesh.auto_mtls || mesh.auto_mtls->value) return effective;
    effective.mode = TlsMode::disable;
    effective.by = mesh.by;
    effective.where = mesh.auto_mtls->where;
    effective.steps.push_back("mesh: DISABLE by enableAutoMtls of " + mesh.by + " (" +
                              to_string(mesh.auto_mtls->where) + ")");
    return effective;
}

/// The way to a Service that the client's proxy does not know.
ClientWay unknown_to(const SidecarConfig& sidecar, const Expectations& expectations,
                     const Sender& client, const Service& service) {
    ClientWay way{service.namespace_name + "/" + service.name, {}, {}, {}};
    way.tls.mode = TlsMode::disable;
    way.tls.by = "Sidecar " + sidecar.namespace_name + "/" + sidecar.name;
    way.tls.where = sidecar.egress.front().where;
    const bool refused = outbound_of(expectations, client).policy == OutboundPolicy::registry_only;
    way.tls.steps.push_back("egress: not among the hosts of " + way.tls.by + " (" +
                            to_string(*way.tls.where) + "), " +
                            (refused ? "refused (REGISTRY_ONLY)" : "passed on as it is"));
    return way;
}

}  // namespace

Sender sender_of(const Inventory& inventory, const Endpoint& client) {
    return {inventory.namespace_of(client).name, client.labels};
}

bool names_service(const std::string& host, const std::string& namespace_name,
                   const Service& service) {
    const std::string full = service.name + "." + service.namespace_name + ".svc.cluster.local";
    if (host.starts_with("*")) return full.ends_with(std::string_view(host).substr(1));
    if (host.find('.') == std::string::npos) {
        return host == service.name && namespace_name == service.namespace_name;
    }
    // Whatever the cluster's domain is called.
    return host.starts_with(service.name + "." + service.namespace_name + ".svc.");
}

std::vector<ClientWay> client_ways(const Expectations& expectations, const Sender& client,
                                   const Service& service, Port service_port) {
    const SidecarConfig* sidecar = sidecar_of(expectations, client);
    if (sidecar != nullptr && !knows_service(*sidecar, client, service, service_port)) {
        return {unknown_to(*sidecar, expectations, client, service)};
    }
    const Rules rules = rules_for(expectations, client, service);
    Way whole(without_rule(expectations));
    for (const DestinationRule* part : rules) {
        if (!part->policy) continue;
        whole.say(*part->policy, title(*part), "host", service_port);
        break;  // of several the oldest that has one
    }
    const std::string name = service.namespace_name + "/" + service.name;
    std::vector<ClientWay> ways{{name, {}, {}, whole.tls()}};
    for (const DestinationRule* part : rules) {
        for (const RuleSubset& subset : part->subsets) {
            const bool known = std::any_of(ways.begin() + 1, ways.end(), [&](const auto& way) {
                return way.subset == subset.name;
            });
            if (known) continue;
            Way own = whole;
            const std::string scope = "subset " + subset.name;
            if (subset.policy) own.say(*subset.policy, title(*part), scope, service_port);
            ways.push_back({name, subset.name, subset.pods, own.tls()});
        }
    }
    return ways;
}

EffectiveTls client_tls(const Expectations& expectations, const Sender& client,
                        const Service& service, Port service_port) {
    return client_ways(expectations, client, service, service_port).front().tls;
}

}  // namespace nspect::analyzer
