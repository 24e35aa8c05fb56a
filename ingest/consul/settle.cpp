// SPDX-License-Identifier: Apache-2.0
// https://developer.hashicorp.com/consul/docs/connect/intentions
#include "ingest/consul/settle.h"

#include <algorithm>
#include <set>
#include <utility>

#include "ingest/istio/sources.h"

namespace nspect::ingest::consul {

namespace {

using istio::Sources;
using istio::Term;
using Op = Requirement::Op;

// Keys of Endpoint::mesh, set here.
constexpr std::string_view membership_key = "consul";        // "in", "out"
constexpr std::string_view mode_key = "consul-mode";         // "strict", "permissive"
constexpr std::string_view guarded_key = "consul-guarded";   // by some intention
constexpr std::string_view service_key = "consul-service/";  // followed by the service's name

constexpr std::string_view inject_key = "consul.hashicorp.com/connect-inject";
constexpr std::string_view name_key = "consul.hashicorp.com/connect-service";

// Of equal services the one with the higher precedence is asked first.
constexpr double after_intentions = 50;

Requirement asked(std::string key, Op op, std::vector<std::string> values = {}) {
    return {std::string(mesh_key) + std::move(key), op, std::move(values)};
}

Requirement in_mesh() {
    return asked(std::string(membership_key), Op::in, {"in"});
}

/// Consul's namespaces are the cluster's where they are named, and else all of them.
bool is_space(const std::string& namespace_name) {
    return namespace_name != "default" && namespace_name != "*";
}

Sources pods_of(const ServiceName& service) {
    Term term;
    term.pods.add(in_mesh());
    if (service.name != "*") {
        term.pods.add(asked(std::string(service_key) + service.name, Op::exists));
    }
    if (is_space(service.namespace_name)) {
        term.namespaces.add({std::string(namespace_name_label), Op::in, {service.namespace_name}});
    }
    return Sources{{std::move(term)}, {}};
}

/// 9 for exact on both sides down to 1, as Consul's table has it.
double precedence(const ServiceName& source, const ServiceName& destination) {
    const auto part = [](const ServiceName& service) {
        if (service.name != "*") return 2.0;
        return service.namespace_name == "*" ? 0.0 : 1.0;
    };
    return part(destination) * 3 + part(source) + 1;
}

std::vector<std::string> words(std::string_view list) {
    std::vector<std::string> all;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        all.emplace_back(list.substr(0, comma));
        if (comma == std::string_view::npos) break;
        list.remove_prefix(comma + 1);
    }
    return all;
}

class Settler {
public:
    Settler(Documents documents, Bundle& bundle, Diagnostics& diagnostics)
        : documents_(std::move(documents)), bundle_(bundle), diagnostics_(diagnostics) {}

    void settle() {
        if (documents_.intentions.empty() && documents_.modes.empty()) return;
        for (const Intentions& each : documents_.intentions) {
            named_.insert(each.destination.name);
            for (const Source& source : each.sources) named_.insert(source.service.name);
        }
        for (std::size_t i = 0; i < bundle_.inventory.endpoints().size(); ++i) {
            settle_pod(bundle_.inventory.endpoint(i));
        }
        report_missing();
        for (const Intentions& each : documents_.intentions) add_intentions(each);
        if (documents_.intentions.empty()) return;
        add_rest("strict");
        add_rest("permissive");
    }

private:
    /// The annotation, or else the Services that select the pod.
    std::vector<std::string> services_of(const Endpoint& endpoint) const {
        if (const std::string* name = endpoint.mesh.find(name_key)) return words(*name);
        std::vector<std::string> names;
        const std::string& space = bundle_.inventory.namespace_of(endpoint).name;
        for (const Service& each : bundle_.inventory.services()) {
            const bool selects = each.has_selector && each.namespace_name == space &&
                                 each.selector.matches(endpoint.labels);
            if (selects) names.push_back(each.name);
        }
        return names;
    }

    bool is_member(const Endpoint& endpoint, const std::vector<std::string>& services) const {
        if (endpoint.host_network) return false;
        const std::string* inject = endpoint.mesh.find(inject_key);
        if (inject != nullptr) return *inject != "false";
        return std::any_of(services.begin(), services.end(),
                           [&](const std::string& each) { return named_.count(each) != 0; });
    }

    const MutualTls* mode_of(const std::vector<std::string>& services) const {
        const MutualTls* found = nullptr;
        for (const MutualTls& each : documents_.modes) {
            const bool own =
                std::find(services.begin(), services.end(), each.service) != services.end();
            if (own) return &each;
            if (each.service.empty()) found = &each;
        }
        return found;
    }

    void report_missing() {
        const auto check = [&](const ServiceName& service) {
            const bool known = service.name == "*" || known_.count(service.name) != 0;
            if (!known && !known_.empty()) diagnostics_.add(service.missing);
        };
        for (const Intentions& each : documents_.intentions) {
            check(each.destination);
            for (const Source& source : each.sources) {
                if (!source.elsewhere) check(source.service);
            }
        }
    }

    void settle_pod(Endpoint& endpoint) {
        const std::vector<std::string> services = services_of(endpoint);
        known_.insert(services.begin(), services.end());
        const bool member = is_member(endpoint, services);
        endpoint.mesh.set(std::string(membership_key), member ? "in" : "out");
        for (const std::string& each : services) {
            endpoint.mesh.set(std::string(service_key) + each, "");
        }
        if (!member) return;
        const MutualTls* mode = mode_of(services);
        const bool permissive = mode != nullptr && mode->permissive;
        endpoint.mesh.set(std::string(mode_key), permissive ? "permissive" : "strict");
        const Labels labels = policy_labels(endpoint);
        const Labels& space = bundle_.inventory.namespace_of(endpoint).labels;
        for (const Intentions& each : documents_.intentions) {
            const Term term = pods_of(each.destination).pods.front();
            if (!term.pods.matches(labels) || !term.namespaces.matches(space)) continue;
            endpoint.mesh.set(std::string(guarded_key), "yes");
            add_guard(each, mode, permissive, term);
        }
    }

    /// One for each intention, and mode of its pods.
    void add_guard(const Intentions& intentions, const MutualTls* mode, bool permissive,
                   const Term& term) {
        if (!guards_.insert({&intentions, permissive}).second) return;
        MeshGuard guard;
        guard.mesh = "Consul";
        guard.by = "ServiceIntentions " + title(intentions);
        if (is_space(intentions.destination.namespace_name)) {
            guard.namespace_name = intentions.destination.namespace_name;
        }
        guard.pods = term.pods;
        guard.pods.add(
            asked(std::string(mode_key), Op::in, {permissive ? "permissive" : "strict"}));
        guard.ports = PortSet{all_ports};
        guard.where = intentions.where;
        GuardPass pass{permissive ? TlsMode::permissive : TlsMode::strict,
                       {},
                       all_addresses(),
                       permissive ? "mutualTLSMode" : guard.by,
                       permissive ? mode->where : intentions.where};
        guard.passes = {std::move(pass)};
        bundle_.expectations.guards.push_back(std::move(guard));
    }

    static std::string title(const Intentions& intentions) {
        return (intentions.namespace_name.empty() ? "" : intentions.namespace_name + "/") +
               intentions.name;
    }

    static Policy begin(const Location& where) {
        Policy policy;
        policy.kind = PolicyKind::consul_service_intentions;
        policy.stage = {10, "consul", Layer::mesh};
        policy.selects_host_network = true;  // without a proxy, and yet a peer
        policy.where = where;
        return policy;
    }

    static void add(Action action, std::string condition, const Rule& form, Policy& policy) {
        Rule rule = form;
        rule.action = action;
        rule.condition = std::move(condition);
        policy.ingress.push_back(std::move(rule));
    }

    void add_intentions(const Intentions& intentions) {
        Policy policy = begin(intentions.where);
        policy.namespace_name = intentions.namespace_name;
        policy.name = intentions.name;
        policy.subjects = istio::pods_of(pods_of(intentions.destination), "");
        std::size_t index = 0;
        for (const Source& source : intentions.sources) {
            Rule form;
            form.index = ++index;
            form.name = source.service.name;
            form.order = -precedence(source.service, intentions.destination);
            form.all_ports = true;
            form.where = source.where;
            if (!source.elsewhere) form.peers = istio::peers_of(pods_of(source.service));
            add_source(source, intentions.tokens, form, policy);
        }
        bundle_.policies.push_back(std::move(policy));
    }

    static void add_source(const Source& source, bool tokens, const Rule& form, Policy& policy) {
        if (source.verdict == Verdict::deny) {
            add(Action::deny, {}, form, policy);
        } else if (source.verdict == Verdict::allow) {
            add(Action::allow, tokens ? "a request's token" : "", form, policy);
            if (tokens) add(Action::deny, {}, form, policy);
        } else {
            // What no permission names is left to the default.
            if (source.allows_some) add(Action::allow, "a permission", form, policy);
            add(Action::deny, "a permission", form, policy);
            add(Action::allow, {}, form, policy);
        }
    }

    /// What no intention names: Consul's default, which no document tells; and who has no proxy.
    void add_rest(const std::string& mode) {
        Policy policy = begin(documents_.intentions.front().where);
        policy.name = "default-" + mode;
        PodPeer pods;
        pods.pods = Selector({in_mesh(), asked(std::string(guarded_key), Op::exists),
                              asked(std::string(mode_key), Op::in, {mode})});
        policy.subjects = {std::move(pods)};
        Rule form;
        form.all_ports = true;
        form.where = policy.where;
        form.order = after_intentions;
        form.name = "what no intention names";
        form.peers = istio::peers_of(pods_of({"*", "*", {}}));
        add(Action::deny, "Consul's default policy", form, policy);
        add(Action::allow, {}, form, policy);
        form.name = mode == "strict" ? "who has no proxy" : "plaintext is let through";
        form.index = 2;
        form.order = after_intentions + 1;
        form.peers = {AnyPeer{}};
        add(mode == "strict" ? Action::deny : Action::allow, {}, form, policy);
        bundle_.policies.push_back(std::move(policy));
    }

    Documents documents_;
    Bundle& bundle_;
    Diagnostics& diagnostics_;
    std::set<std::string> named_;  ///< services, by intentions
    std::set<std::string> known_;  ///< that some pod is
    std::set<std::pair<const Intentions*, bool>> guards_;
};

}  // namespace

void settle(Documents documents, Bundle& bundle, Diagnostics& diagnostics) {
    Settler(std::move(documents), bundle, diagnostics).settle();
}

}  // namespace nspect::ingest::consul
