// SPDX-License-Identifier: Apache-2.0
#include "tests/analyzer/random_linkerd.h"

namespace nspect::worlds {

namespace {

using namespace oracle::linkerd;

const std::string domain = ".serviceaccount.identity.linkerd.cluster.local";
const Words identities{"*",
                       "x.a" + domain,
                       "y.b" + domain,
                       "*.a" + domain,
                       "*.ab" + domain,
                       "*.x.b" + domain,
                       "z.x.b" + domain,
                       "*" + domain,
                       "*.cluster.local",
                       "nobody"};
const Words access{"deny",
                   "deny",
                   "all-authenticated",
                   "all-unauthenticated",
                   "cluster-authenticated",
                   "cluster-unauthenticated",
                   "audit"};
const Words networks{"10.0.0.0/30", "192.0.2.0/24", "0.0.0.0/0-10.0.0.0/8", "10.0.0.0/8-10.0.0.1",
                     "10.0.0.4"};
const Words ports{"80", "81", "443"};
const Words accounts{"x", "y", "z.x"};

std::string list(const Words& words) {
    std::string text = "[";
    for (const std::string& word : words) text += (text.size() > 1 ? ", \"" : "\"") + word + "\"";
    return text + "]";
}

std::string list_of_networks(const Words& all) {
    std::string text = "[";
    for (const std::string& each : all) {
        const std::size_t dash = each.find('-');
        text += (text.size() > 1 ? ", {cidr: " : "{cidr: ") + each.substr(0, dash);
        if (dash != std::string::npos) text += ", except: [" + each.substr(dash + 1) + "]";
        text += "}";
    }
    return text + "]";
}

std::string list_of_accounts(const Words& all, const std::string& kind) {
    std::string text = "[";
    for (const std::string& each : all) {
        const std::size_t slash = each.find('/');
        text += (text.size() > 1 ? ", {" : "{") + kind + "name: " + each.substr(slash + 1) +
                ", namespace: " + each.substr(0, slash) + "}";
    }
    return text + "]";
}

std::string entry(const std::string& key, const std::string& value) {
    return value.empty() ? "" : key + ": \"" + value + "\", ";
}

std::string head(const std::string& kind, const std::string& space, const std::string& name,
                 const std::string& more = "") {
    return "apiVersion: policy.linkerd.io/v1\nkind: " + kind + "\nmetadata: {name: " + name +
           ", namespace: " + space + more + "}\nspec: ";
}

std::string annotations(const std::string& inject, const std::string& policy,
                        const std::string& skipped, const std::string& identity) {
    return "annotations: {" + entry("linkerd.io/inject", inject) +
           entry("config.linkerd.io/default-inbound-policy", policy) +
           entry("config.linkerd.io/skip-inbound-ports", skipped) +
           entry("config.linkerd.io/proxy-require-identity-inbound-ports", identity) + "}";
}

std::string server_authorization(const Authorization& made, const std::string& name) {
    const Needs& needs = made.needs;
    std::string text =
        head("ServerAuthorization", made.space, name) + "{server: {" +
        (made.target == "labels" ? "selector: {matchLabels: {team: " + made.name + "}}"
                                 : "name: " + made.name) +
        "}, client: {";
    if (!needs.networks.empty()) text += "networks: " + list_of_networks(needs.networks) + ", ";
    if (needs.form == "plaintext") return text + "unauthenticated: true}}\n---\n";
    text += "meshTLS: {";
    if (needs.form == "tls") text += "unauthenticatedTLS: true";
    if (!needs.identities.empty()) text += "identities: " + list(needs.identities) + ", ";
    if (!needs.accounts.empty()) text += "serviceAccounts: " + list_of_accounts(needs.accounts, "");
    return text + "}}}\n---\n";
}

std::string authorization_policy(const Authorization& made, const std::string& name) {
    const Needs& needs = made.needs;
    std::string text;
    std::string references;
    if (!needs.networks.empty()) {
        text += head("NetworkAuthentication", made.space, name + "-n") +
                "{networks: " + list_of_networks(needs.networks) + "}\n---\n";
        references += "{kind: NetworkAuthentication, name: " + name + "-n}, ";
    }
    if (needs.form == "identity") {
        Words all = needs.identities;
        if (all.empty() && needs.accounts.empty()) all = {"*"};
        text += head("MeshTLSAuthentication", made.space, name + "-m") + "{";
        if (!all.empty()) text += "identities: " + list(all) + ", ";
        if (!needs.accounts.empty()) {
            text += "identityRefs: " + list_of_accounts(needs.accounts, "kind: ServiceAccount, ");
        }
        text += "}\n---\n";
        references += "{kind: MeshTLSAuthentication, name: " + name + "-m}, ";
    }
    if (needs.missing) references = "{kind: NetworkAuthentication, name: gone}";
    const std::string kind = made.target == "namespace" ? "Namespace"
                             : made.target == "route"   ? "HTTPRoute"
                                                        : "Server";
    return text + head("AuthorizationPolicy", made.space, name) + "{targetRef: {kind: " + kind +
           ", name: " + made.name + "}, requiredAuthenticationRefs: [" + references + "]}\n---\n";
}

}  // namespace

Needs RandomLinkerd::needs(bool policy) {
    Needs made;
    made.form = one_of({"plaintext", "tls", "identity", "identity", "identity"});
    if (policy && made.form == "tls") made.form = "plaintext";
    if (chance(40)) made.networks = {one_of(networks)};
    if (chance(20)) made.networks.push_back(one_of(networks));
    made.missing = policy && chance(8);
    if (made.form != "identity") return made;
    if (chance(80)) made.identities.push_back(one_of(identities));
    if (chance(30)) made.identities.push_back(one_of(identities));
    if (chance(30)) made.accounts.push_back(one_of({"a", "b", "ab"}) + "/" + one_of(accounts));
    return made;
}

void RandomLinkerd::make_pods() {
    for (const char* name : {"a", "b", "ab"}) {
        const bool declared = chance(70);
        spaces.push_back({name, declared, declared ? perhaps(70, {"enabled", "disabled"}) : "",
                          declared ? perhaps(30, access) : "", declared ? perhaps(15, ports) : ""});
    }
    std::uint32_t number = 0;
    for (const Space& space : spaces) {
        for (unsigned i = 0; i <= below(3); ++i) {
            pods.push_back({&space, space.name + "-" + std::to_string(i), one_of({"web", "db"}),
                            one_of(accounts), perhaps(30, {"enabled", "disabled"}),
                            perhaps(20, access), perhaps(15, ports), perhaps(20, ports), chance(8),
                            IpAddress::v4(0x0a000001 + number++)});
        }
    }
}

void RandomLinkerd::make() {
    make_pods();
    for (unsigned i = 0; i < 1 + below(4); ++i) {
        world.servers.push_back({one_of({"a", "b"}), "s" + std::to_string(i),
                                 one_of({"red", "blue"}), perhaps(60, {"web", "db"}),
                                 one_of({"80", "81", "443", "web"}),
                                 chance(60) ? "deny" : one_of(access)});
    }
    for (unsigned i = below(3); i > 0; --i) {
        const Server& server = world.servers[below(static_cast<unsigned>(world.servers.size()))];
        world.routes.push_back({server.space, "r" + std::to_string(i), server.name});
    }
    for (unsigned i = below(5); i > 0; --i) {
        Authorization made;
        made.policy = chance(60);
        const Server& server = world.servers[below(static_cast<unsigned>(world.servers.size()))];
        made.space = server.space;
        made.target = made.policy ? one_of({"server", "server", "namespace", "route"})
                                  : one_of({"server", "labels"});
        made.name = made.target == "server"      ? server.name
                    : made.target == "labels"    ? one_of({"red", "blue"})
                    : made.target == "namespace" ? server.space
                                                 : one_of({"r1", "r2"});
        made.needs = needs(made.policy);
        world.authorizations.push_back(std::move(made));
    }
}

std::string RandomLinkerd::yaml() const {
    std::string text;
    for (const Space& space : spaces) {
        if (!space.declared) continue;
        text += "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + space.name + ", " +
                annotations(space.inject, space.default_policy, space.skipped, "") + "}\n---\n";
    }
    for (const Pod& pod : pods) {
        text += "apiVersion: v1\nkind: Pod\nmetadata: {name: " + pod.name +
                ", namespace: " + pod.space->name + ", labels: {app: " + pod.app + "}, " +
                annotations(pod.inject, pod.default_policy, pod.skipped, pod.identity) +
                "}\nspec: {serviceAccountName: " + pod.account +
                ", containers: [{name: c, ports: [{name: web, containerPort: 80}]}]" +
                (pod.host_network ? ", hostNetwork: true" : "") +
                "}\nstatus: {podIP: " + to_string(pod.address) + "}\n---\n";
    }
    for (const Server& each : world.servers) {
        const std::string selector =
            each.app.empty() ? "{}" : "{matchLabels: {app: " + each.app + "}}";
        text += head("Server", each.space, each.name, ", labels: {team: " + each.team + "}") +
                "{podSelector: " + selector + ", port: " + each.port +
                ", accessPolicy: " + each.access + "}\n---\n";
    }
    for (const Route& each : world.routes) {
        text += head("HTTPRoute", each.space, each.name) +
                "{parentRefs: [{group: policy.linkerd.io, kind: Server, name: " + each.server +
                "}]}\n---\n";
    }
    unsigned number = 0;
    for (const Authorization& each : world.authorizations) {
        const std::string name = "p" + std::to_string(number++);
        text += each.policy ? authorization_policy(each, name) : server_authorization(each, name);
    }
    return text;
}

}  // namespace nspect::worlds
