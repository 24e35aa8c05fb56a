// SPDX-License-Identifier: Apache-2.0
#include "tests/analyzer/random_istio.h"

namespace nspect::worlds {

namespace {

using namespace oracle::istio;

const Words principals{"cluster.local/ns/a/sa/x",
                       "cluster.local/ns/b/sa/y",
                       "cluster.local/ns/a/*",
                       "cluster.local/ns/ab*",
                       "*/sa/x",
                       "*/ns/b/sa/x",
                       "*",
                       "*y",
                       "cluster.local/ns/a/sa/y",
                       "cluster.local/ns/b/sa/x*"};
const Words namespaces{"a", "b", "a*", "*b", "*", "ab"};
const Words blocks{"10.0.0.0/30", "10.0.0.4/30", "10.0.0.1", "192.0.2.0/24", "0.0.0.0/0"};
const Words ports{"80", "81", "443"};

std::string list(const Words& words) {
    std::string text = "[";
    for (const std::string& word : words) text += (text.size() > 1 ? ", \"" : "\"") + word + "\"";
    return text + "]";
}

std::string fields(const std::vector<std::pair<std::string, Words>>& all) {
    std::string text = "{";
    for (const auto& [name, words] : all) {
        if (words.empty()) continue;
        text += (text.size() > 1 ? ", " : "") + name + ": " + list(words);
    }
    return text + "}";
}

std::string text_of(const Source& source) {
    return fields({{"principals", source.principals},
                   {"notPrincipals", source.not_principals},
                   {"namespaces", source.namespaces},
                   {"notNamespaces", source.not_namespaces},
                   {"ipBlocks", source.blocks},
                   {"notIpBlocks", source.not_blocks}});
}

std::string text_of(const Rule& rule) {
    std::string text;
    const auto add = [&](const std::string& more) { text += (text.empty() ? "{" : ", ") + more; };
    std::string entries;
    for (const Source& each : rule.from) entries += "{source: " + text_of(each) + "}, ";
    if (!entries.empty()) add("from: [" + entries + "]");
    entries.clear();
    for (const Operation& each : rule.to) {
        entries +=
            "{operation: " +
            fields(
                {{"ports", each.ports}, {"notPorts", each.not_ports}, {"methods", each.methods}}) +
            "}, ";
    }
    if (!entries.empty()) add("to: [" + entries + "]");
    entries.clear();
    for (const When& each : rule.when) {
        entries += "{key: \"" + each.key + "\"" +
                   (each.values.empty() ? "" : ", values: " + list(each.values)) +
                   (each.not_values.empty() ? "" : ", notValues: " + list(each.not_values)) + "}, ";
    }
    if (!entries.empty()) add("when: [" + entries + "]");
    return text.empty() ? "{}" : text + "}";
}

std::string label(const std::string& key, const std::string& value) {
    return value.empty() ? "" : key + ": \"" + value + "\", ";
}

}  // namespace

Words RandomIstio::some(const Words& words, unsigned percent) {
    Words chosen;
    if (!chance(percent)) return chosen;
    for (unsigned i = 0; i <= below(2); ++i) chosen.push_back(one_of(words));
    return chosen;
}

Source RandomIstio::source() {
    Source made{some(principals, 35), some(principals, 20), some(namespaces, 25),
                some(namespaces, 15), some(blocks, 20),     some(blocks, 15)};
    if (text_of(made) == "{}") made.namespaces = {"a"};
    return made;
}

Rule RandomIstio::rule() {
    Rule made;
    if (chance(70)) {
        for (unsigned i = 0; i <= below(2); ++i) made.from.push_back(source());
    }
    if (chance(50)) {
        for (unsigned i = 0; i <= below(2); ++i) {
            Operation operation{some(ports, 60), some(ports, 20), {}};
            if (chance(20)) operation.methods = {"GET"};
            const bool empty = operation.ports.empty() && operation.not_ports.empty();
            if (empty && operation.methods.empty()) operation.ports = {"80"};
            made.to.push_back(operation);
        }
    }
    if (chance(25)) {
        const std::string key = one_of({"source.ip", "source.namespace", "source.principal",
                                        "destination.port", "request.headers[x]"});
        const Words& from = key == "source.ip"          ? blocks
                            : key == "source.namespace" ? namespaces
                            : key == "source.principal" ? principals
                                                        : ports;
        When when{key, some(from, 60), some(from, 30)};
        if (when.values.empty() && when.not_values.empty()) when.values = {one_of(from)};
        made.when.push_back(when);
    }
    return made;
}

void RandomIstio::make() {
    for (const char* name : {"a", "b", "ab"}) {
        spaces.push_back({name, chance(40) ? one_of({"enabled", "disabled"}) : "",
                          chance(25) ? one_of({"ambient", "none"}) : ""});
    }
    std::uint32_t number = 0;
    for (const Space& space : spaces) {
        for (unsigned i = 0; i <= below(3); ++i) {
            Pod pod;
            pod.space = &space;
            pod.name = space.name + "-" + std::to_string(i);
            pod.app = one_of({"web", "db"});
            pod.account = one_of({"x", "y", "xy"});
            if (chance(30)) pod.inject = one_of({"true", "false"});
            if (chance(20)) pod.mode = one_of({"ambient", "none"});
            pod.host_network = chance(8);
            pod.address = IpAddress::v4(0x0a000001 + number++);
            pods.push_back(pod);
        }
    }
    for (unsigned i = 0; i <= below(4); ++i) {
        Policy policy{one_of({"a", "b", "istio-system"}),
                      chance(50) ? one_of({"web", "db"}) : "",
                      one_of({"ALLOW", "ALLOW", "DENY", "DENY", "AUDIT", "CUSTOM"}),
                      {}};
        for (unsigned k = below(3); k > 0; --k) policy.rules.push_back(rule());
        policies.push_back(std::move(policy));
    }
}

std::string RandomIstio::yaml() const {
    std::string text;
    for (const Space& space : spaces) {
        text += "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + space.name + ", labels: {" +
                label("istio-injection", space.injection) +
                label("istio.io/dataplane-mode", space.mode) + "}}\n---\n";
    }
    for (const Pod& pod : pods) {
        text += "apiVersion: v1\nkind: Pod\nmetadata: {name: " + pod.name +
                ", namespace: " + pod.space->name + ", labels: {app: " + pod.app + ", " +
                label("istio.io/dataplane-mode", pod.mode) + "}, annotations: {" +
                label("sidecar.istio.io/inject", pod.inject) +
                "}}\nspec: {serviceAccountName: " + pod.account +
                (pod.host_network ? ", hostNetwork: true" : "") +
                "}\nstatus: {podIP: " + to_string(pod.address) + "}\n---\n";
    }
    unsigned number = 0;
    for (const Policy& policy : policies) {
        text += "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p" +
                std::to_string(number++) + ", namespace: " + policy.space +
                "}\nspec:\n  action: " + policy.action + "\n";
        if (policy.action == "CUSTOM") text += "  provider: {name: opa}\n";
        if (!policy.app.empty()) text += "  selector: {matchLabels: {app: " + policy.app + "}}\n";
        if (!policy.rules.empty()) text += "  rules:\n";
        for (const Rule& rule : policy.rules) text += "  - " + text_of(rule) + "\n";
        text += "---\n";
    }
    return text;
}

}  // namespace nspect::worlds
