// SPDX-License-Identifier: Apache-2.0
#include "ingest/linkerd/passes.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "ingest/linkerd/identities.h"

namespace nspect::ingest::linkerd {

namespace {

using istio::Sources;
using istio::Term;

Sources named(const std::vector<std::string>& identities) {
    Sources sources;
    for (const std::string& each : identities) {
        if (auto found = sources_of(each)) sources = sources | *found;
    }
    return sources;
}

/// Who is meant by a mode, identities and addresses together.
Sources sources_of(const GuardPass& pass) {
    Sources sources = pass.mode != TlsMode::strict ? Sources::everyone()
                      : pass.identities.empty()    ? in_mesh()
                                                   : named(pass.identities);
    if (pass.clients == all_addresses()) return sources;
    return sources & Sources{{Term{{}, {}, pass.clients}}, pass.clients};
}

Pass made(GuardPass pass, std::string condition = {}) {
    Sources sources = sources_of(pass);
    return {std::move(sources), std::move(condition), std::move(pass)};
}

/// Adds what a reference requires; false when it is not there.
bool add(const Required& required, const Documents& documents, GuardPass& pass) {
    const auto is_named = [&](const auto& each) { return each.name == required.name; };
    switch (required.kind) {
        case Required::Kind::service_account:
            pass.mode = TlsMode::strict;
            pass.identities = {identity_of(required.name.namespace_name, required.name.name)};
            return true;
        case Required::Kind::mesh_tls: {
            const auto& all = documents.identities;
            const auto found = std::find_if(all.begin(), all.end(), is_named);
            if (found == all.end()) return false;
            pass.mode = TlsMode::strict;
            pass.identities = found->identities;
            return true;
        }
        case Required::Kind::network:
            break;
    }
    const auto& all = documents.networks;
    const auto found = std::find_if(all.begin(), all.end(), is_named);
    if (found == all.end()) return false;
    pass.clients = pass.clients & found->networks;
    return true;
}

Rule rule_of(const PortMatch* ports, const Location& where) {
    Rule rule;
    rule.where = where;
    rule.all_ports = ports == nullptr;
    if (ports != nullptr) rule.ports = {*ports};
    return rule;
}

}  // namespace

IpSet cluster_networks() {
    IpSet networks;
    for (const char* text :
         {"10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"}) {
        networks.insert(IpPrefix::parse(text)->range());
    }
    return networks;
}

std::optional<Pass> pass_of_access(std::string_view word, std::string by, Location where) {
    if (word == "deny") return std::nullopt;
    GuardPass pass;
    pass.mode = word.ends_with("-authenticated") ? TlsMode::strict : TlsMode::permissive;
    pass.clients = word.starts_with("cluster-") ? cluster_networks() : all_addresses();
    pass.by = std::move(by);
    pass.where = std::move(where);
    return made(std::move(pass));
}

std::optional<Pass> pass_of(const Authorization& authorization, const Documents& documents,
                            Diagnostics& diagnostics) {
    GuardPass pass{authorization.mode, authorization.identities, authorization.networks,
                   authorization.by, authorization.where};
    bool whole = true;
    for (const Required& each : authorization.required) {
        if (add(each, documents, pass)) continue;
        diagnostics.add(each.missing);
        whole = false;
    }
    if (!whole) return std::nullopt;
    const bool route = authorization.target == Authorization::Target::route;
    return made(std::move(pass), route ? "a request that the " + authorization.target_kind + " " +
                                             authorization.target_name.name + " matches"
                                       : std::string());
}

std::vector<Rule> rules_of(const std::vector<Pass>& passes, const PortMatch* ports,
                           const Location& where) {
    std::vector<Rule> rules;
    bool everyone = false;
    for (const Pass& each : passes) {
        Rule rule = rule_of(ports, each.pass.where);
        rule.index = rules.size() + 1;
        rule.name = each.pass.by;
        rule.peers = istio::peers_of(each.sources);
        rule.condition = each.condition;
        everyone =
            everyone || (each.condition.empty() && rule.peers == std::vector<Peer>{AnyPeer{}});
        rules.push_back(std::move(rule));
    }
    if (everyone) return rules;
    Rule rest = rule_of(ports, where);
    rest.action = Action::deny;
    rest.order = 1;
    rest.index = rules.size() + 1;
    rest.name = "what no authorization allows";
    rest.peers = {AnyPeer{}};
    rules.push_back(std::move(rest));
    return rules;
}

std::vector<GuardPass> guard_passes(const std::vector<Pass>& passes) {
    std::vector<GuardPass> all;
    for (const Pass& each : passes) all.push_back(each.pass);
    return all;
}

}  // namespace nspect::ingest::linkerd
