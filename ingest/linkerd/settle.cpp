// SPDX-License-Identifier: Apache-2.0
#include "ingest/linkerd/settle.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "ingest/linkerd/identities.h"
#include "ingest/linkerd/passes.h"

namespace nspect::ingest::linkerd {

namespace {

constexpr std::string_view default_key = "config.linkerd.io/default-inbound-policy";
constexpr std::string_view skip_key = "config.linkerd.io/skip-inbound-ports";
constexpr std::string_view identity_key = "config.linkerd.io/proxy-require-identity-inbound-ports";
constexpr std::string_view inject_key = "linkerd.io/inject";
constexpr std::string_view injected_key = "linkerd.io/proxy-version";

// In this order a proxy is asked: not at all, a Server's authorizations, the default.
const Stage skip_stage{10, "linkerd-skip", Layer::mesh};
const Stage server_stage{11, "linkerd-server", Layer::mesh};
const Stage default_stage{12, "linkerd-default", Layer::mesh};

enum Rank : int { default_rank, identity_rank, server_rank, skip_rank };

bool is_key(std::string_view key) {
    return key.starts_with("config.linkerd.io/") || key.starts_with("linkerd.io/");
}

Requirement is(std::string_view key, const std::string& value) {
    return {std::string(mesh_key) + std::string(key), Requirement::Op::in, {value}};
}

class Settler {
public:
    Settler(Documents documents, const MeshNamespaces& namespaces, Bundle& bundle,
            Diagnostics& diagnostics)
        : documents_(std::move(documents)),
          namespaces_(namespaces),
          bundle_(bundle),
          diagnostics_(diagnostics) {}

    void settle() {
        if (!is_used()) return;
        settle_pods();
        for (const Authorization& each : documents_.authorizations) find_servers(each);
        for (std::size_t i = 0; i < documents_.servers.size(); ++i) add_server(i);
        add_annotations();
    }

private:
    bool is_used() const {
        const auto says = [](const Labels& labels) {
            return std::any_of(labels.entries().begin(), labels.entries().end(),
                               [](const auto& entry) { return is_key(entry.first); });
        };
        const auto& endpoints = bundle_.inventory.endpoints();
        return !documents_.servers.empty() || !documents_.authorizations.empty() ||
               std::any_of(namespaces_.begin(), namespaces_.end(),
                           [&](const auto& entry) { return says(entry.second); }) ||
               std::any_of(endpoints.begin(), endpoints.end(),
                           [&](const Endpoint& each) { return says(each.mesh); });
    }

    /// A pod has a proxy when it was injected or will be; where its namespace is in no document,
    /// that is taken to be so.
    std::string membership(const Endpoint& endpoint) const {
        if (endpoint.host_network) return "out";
        if (endpoint.mesh.find(injected_key) != nullptr) return "in";
        const std::string* inject = endpoint.mesh.find(inject_key);
        if (inject != nullptr) return *inject == "disabled" ? "out" : "in";
        const bool declared = !bundle_.inventory.namespace_of(endpoint).where.file.empty();
        return declared ? "out" : "in";
    }

    void settle_pods() {
        for (std::size_t i = 0; i < bundle_.inventory.endpoints().size(); ++i) {
            Endpoint& endpoint = bundle_.inventory.endpoint(i);
            const auto space = namespaces_.find(bundle_.inventory.namespace_of(endpoint).name);
            if (space != namespaces_.end()) {
                for (const auto& [key, value] : space->second.entries()) {
                    const bool own = endpoint.mesh.find(key) != nullptr;
                    if (is_key(key) && !own) endpoint.mesh.set(key, value);
                }
            }
            endpoint.mesh.set(std::string(membership_key), membership(endpoint));
        }
    }

    std::vector<Name> parents(const Authorization& authorization) const {
        std::vector<Name> servers;
        for (const Route& each : documents_.routes) {
            if (each.name != authorization.target_name) continue;
            if (each.kind != authorization.target_kind) continue;
            servers.insert(servers.end(), each.servers.begin(), each.servers.end());
        }
        return servers;
    }

    bool is_target(const Server& server, const Authorization& authorization,
                   const std::vector<Name>& parents) const {
        using Target = Authorization::Target;
        const bool own = server.name.namespace_name == authorization.name.namespace_name;
        switch (authorization.target) {
            case Target::server:
                return server.name == authorization.target_name;
            case Target::servers:
                return own && authorization.servers->matches(server.labels);
            case Target::space:
                return own && authorization.target_name.name == server.name.namespace_name;
            case Target::route:
                break;
        }
        return std::find(parents.begin(), parents.end(), server.name) != parents.end();
    }

    void find_servers(const Authorization& authorization) {
        auto pass = pass_of(authorization, documents_, diagnostics_);
        const std::vector<Name> routes = parents(authorization);
        const bool of_servers = authorization.target == Authorization::Target::server ||
                                authorization.target == Authorization::Target::route;
        bool found = false;
        for (std::size_t i = 0; i < documents_.servers.size(); ++i) {
            if (!is_target(documents_.servers[i], authorization, routes)) continue;
            found = true;
            if (pass) passes_[i].push_back(*pass);
        }
        if (!found && of_servers) diagnostics_.add(authorization.missing);
    }

    PodPeer pods_of(const Server& server) const {
        PodPeer pods;
        pods.namespace_name = server.name.namespace_name;
        pods.pods = server.pods;
        pods.pods.add(is(membership_key, "in"));
        return pods;
    }

    void add_server(std::size_t index) {
        const Server& server = documents_.servers[index];
        Policy policy;
        policy.kind = PolicyKind::linkerd_server;
        policy.namespace_name = server.name.namespace_name;
        policy.name = server.name.name;
        policy.stage = server_stage;
        policy.selects_host_network = true;  // without a proxy, and yet a peer
        policy.where = server.where;
        policy.subjects = {pods_of(server)};
        std::vector<Pass> passes = passes_[index];
        if (auto access =
                pass_of_access(server.access, policy_title(policy), server.access_where)) {
            passes.push_back(std::move(*access));
        }
        policy.ingress = rules_of(passes, &server.port, server.access_where);
        MeshGuard guard = guard_of(policy, server_rank, guard_passes(passes));
        guard.ports = server.port.traffic.tcp;
        guard.port_name = server.port.name;
        bundle_.expectations.guards.push_back(std::move(guard));
        bundle_.policies.push_back(std::move(policy));
    }

    static MeshGuard guard_of(const Policy& policy, int rank, std::vector<GuardPass> passes) {
        MeshGuard guard;
        guard.by = policy_title(policy);
        guard.namespace_name = policy.subjects.front().namespace_name;
        guard.pods = policy.subjects.front().pods;
        guard.ports = PortSet{all_ports};
        guard.rank = rank;
        guard.mesh = "Linkerd";
        guard.passes = std::move(passes);
        guard.where = policy.where;
        return guard;
    }

    /// The pods that have one value of an annotation share a policy.
    void add_annotations() {
        for (const std::string_view key : {skip_key, identity_key, default_key}) {
            std::map<std::string, Location> values;
            for (const Endpoint& each : bundle_.inventory.endpoints()) {
                const std::string* value = each.mesh.find(key);
                const std::string* member = each.mesh.find(membership_key);
                if (value == nullptr || *member != "in") continue;
                values.try_emplace(*value, each.where);
            }
            for (const auto& [value, where] : values) add_annotation(key, value, where);
        }
    }

    void add_annotation(std::string_view key, const std::string& value, const Location& where) {
        Policy policy;
        policy.kind = PolicyKind::linkerd_annotation;
        policy.selects_host_network = true;
        policy.name = std::string(key.substr(key.find('/') + 1)) + "=" + value;
        policy.where = where;
        PodPeer pods;
        pods.pods = Selector({is(membership_key, "in"), is(key, value)});
        policy.subjects = {std::move(pods)};
        const std::string by = policy_title(policy);
        const bool is_default = key == default_key;
        PortMatch ports;
        if (!is_default) ports.traffic.tcp = ports_in(value);
        const std::string_view word = is_default        ? std::string_view(value)
                                      : key == skip_key ? "all-unauthenticated"
                                                        : "all-authenticated";
        if (is_default ? !is_access_word(value) : ports.traffic.tcp.empty()) return;
        std::vector<Pass> passes;
        if (auto pass = pass_of_access(word, by, where)) passes.push_back(std::move(*pass));
        policy.stage = key == skip_key ? skip_stage : default_stage;
        policy.ingress = rules_of(passes, is_default ? nullptr : &ports, where);
        // What must have an identity is asked before the default.
        if (key == identity_key) {
            for (Rule& rule : policy.ingress) rule.order -= 2;
        }
        const int rank = is_default ? default_rank : key == skip_key ? skip_rank : identity_rank;
        MeshGuard guard = guard_of(policy, rank, guard_passes(passes));
        if (!is_default) guard.ports = ports.traffic.tcp;
        bundle_.expectations.guards.push_back(std::move(guard));
        bundle_.policies.push_back(std::move(policy));
    }

    Documents documents_;
    const MeshNamespaces& namespaces_;
    Bundle& bundle_;
    Diagnostics& diagnostics_;
    std::map<std::size_t, std::vector<Pass>> passes_;  ///< by index of the Server
};

}  // namespace

void settle(Documents documents, const MeshNamespaces& namespaces, Bundle& bundle,
            Diagnostics& diagnostics) {
    Settler(std::move(documents), namespaces, bundle, diagnostics).settle();
}

}  // namespace nspect::ingest::linkerd
