// SPDX-License-Identifier: Apache-2.0
#include "tests/analyzer/random_calico.h"

#include <algorithm>

namespace nspect::test {
namespace {

using namespace oracle::calico;

const std::vector<std::string> spaces{"a", "b"};
const std::vector<std::string> values{"1", "2", "12"};
const std::vector<std::string> accounts{"default", "robot"};
const std::vector<std::string> v4_blocks{"10.0.0.0/24", "10.0.0.0/30", "10.0.0.2/31",
                                         "203.0.113.0/24", "0.0.0.0/1"};
const std::vector<std::string> v6_blocks{"fd00::/64", "fd00::2/127", "2001:db8::/32"};
const std::vector<std::string> pod_keys{"x", "y"};
const std::vector<std::string> all_keys{"x",
                                        "y",
                                        "x",
                                        "pcns.x",
                                        "pcsa.x",
                                        "projectcalico.org/namespace",
                                        "projectcalico.org/serviceaccount"};
const std::vector<std::string> space_keys{"x", "projectcalico.org/name"};

}  // namespace

LabelMap RandomCalico::labels() {
    LabelMap made;
    if (chance(65)) made["x"] = one_of(values);
    if (chance(45)) made["y"] = one_of(values);
    return made;
}

std::string RandomCalico::condition(const std::vector<std::string>& keys) {
    const std::string key = one_of(keys);
    const bool named = key.find("calico.org") != std::string::npos;
    const std::string value = "'" + (named ? one_of({"a", "b", "robot"}) : one_of(values)) + "'";
    switch (below(8)) {
        case 0:
            return "has(" + key + ")";
        case 1:
            return key + " != " + value;
        case 2:
            return key + " in {" + value + ", '2'}";
        case 3:
            return key + " not in {" + value + "}";
        case 4:
            return key + one_of({" contains ", " starts with ", " ends with "}) + value;
        case 5:
            return chance(20) ? "all()" : key + " == " + value;
        default:
            return key + " == " + value;
    }
}

std::string RandomCalico::selector(const std::vector<std::string>& keys, unsigned depth) {
    if (depth == 0 || chance(45)) return (chance(15) ? "!" : "") + condition(keys);
    const std::string left = selector(keys, depth - 1);
    const std::string right = selector(keys, depth - 1);
    return one_of({"", "!"}) + "(" + left + one_of({" && ", " || "}) + right + ")";
}

std::string RandomCalico::pod_selector() {
    return selector(chance(30) ? all_keys : pod_keys, 2);
}

Pod RandomCalico::pod(unsigned number) {
    Pod made;
    made.space = one_of(spaces);
    made.name = "pod-" + std::to_string(number);
    made.account = one_of(accounts);
    made.labels = labels();
    made.host_network = chance(12);
    const std::string last = std::to_string((made.host_network ? 200 : 1) + number);
    if (chance(75)) made.addresses.push_back("10.0.0." + last);
    if (made.addresses.empty() || chance(30)) made.addresses.push_back("fd00::" + last);
    if (!made.host_network && chance(60)) made.web_port = 80 + static_cast<int>(below(2));
    return made;
}

void RandomCalico::traffic(Rule& rule) {
    const unsigned sort = below(8);
    if (sort < 3) return;
    if (sort == 3) {
        rule.not_protocol = one_of({"UDP", "TCP", "17"});
        return;
    }
    if (sort == 4) {
        rule.protocol = "ICMP";
        if (chance(60)) rule.icmp_type = chance(50) ? 8 : 0;
        return;
    }
    rule.protocol = one_of({"TCP", "TCP", "UDP", "6"});
    if (chance(20)) return;
    const std::vector<std::string> numbers{"80", "81", "79:80", "81:90"};
    if (chance(75)) {
        rule.destination.ports.push_back(one_of(numbers));
        if (chance(30)) rule.destination.ports.push_back("web");
    }
    if (chance(30)) rule.destination.not_ports.push_back(one_of(numbers));
}

Entity RandomCalico::peer() {
    Entity made;
    if (chance(50)) made.selector = pod_selector();
    if (chance(20)) made.not_selector = pod_selector();
    if (chance(25)) {
        made.namespace_selector = chance(15) ? "global()" : selector(space_keys, 1);
        if (made.namespace_selector.find("all()") != std::string::npos) {
            made.namespace_selector = "all()";
        }
    }
    if (chance(10)) made.account_names = {one_of(accounts)};
    if (chance(10)) made.account_selector = condition({"x", "y"});
    return made;
}

/// Blocks of one version in one rule, on either side.
void RandomCalico::blocks(Rule& rule, bool ingress) {
    const bool v6 = chance(30);
    const auto& known = v6 ? v6_blocks : v4_blocks;
    Entity& peer = ingress ? rule.source : rule.destination;
    Entity& own = ingress ? rule.destination : rule.source;
    if (chance(20)) peer.nets.push_back(one_of(known));
    if (chance(10)) peer.not_nets.push_back(one_of(known));
    if (chance(4)) own.nets.push_back(one_of(known));
    const bool some = !peer.nets.empty() || !peer.not_nets.empty() || !own.nets.empty();
    if (chance(10)) rule.ip_version = some ? (v6 ? 6 : 4) : (chance(50) ? 4 : 6);
}

Rule RandomCalico::rule(bool ingress, const std::string& space) {
    Rule made;
    made.action = one_of({"Allow", "Allow", "Deny", "Pass", "Log"});
    traffic(made);
    Entity& peer_side = ingress ? made.source : made.destination;
    Entity& own = ingress ? made.destination : made.source;
    const auto ports = peer_side.ports;
    if (chance(8) && ports.empty() && peer_side.not_ports.empty() && made.protocol != "ICMP") {
        peer_side.service = one_of({"one", "two"});
        peer_side.service_space = space.empty() || chance(30) ? one_of(spaces) : "";
    } else {
        Entity wanted = peer();
        wanted.ports = peer_side.ports;
        wanted.not_ports = peer_side.not_ports;
        peer_side = wanted;
        blocks(made, ingress);
    }
    if (chance(20)) own.selector = pod_selector();
    if (chance(8)) own.not_selector = condition(pod_keys);
    return made;
}

Policy RandomCalico::policy(unsigned number) {
    Policy made;
    made.kind = chance(60) ? "NetworkPolicy" : "GlobalNetworkPolicy";
    made.name = "p" + std::to_string(number);
    if (made.kind == "NetworkPolicy") made.space = one_of(spaces);
    made.tier = one_of({"default", "default", "first", "last", "beside", "missing"});
    if (chance(75)) made.order = std::vector<double>{-1, 10, 1000, 1000}[below(4)];
    if (chance(60)) made.selector = pod_selector();
    if (made.space.empty() && chance(25)) made.namespace_selector = "x == '1'";
    if (chance(8)) made.account_selector = condition({"x", "y"});
    if (chance(80)) made.types.push_back("Ingress");
    if (made.types.empty() || chance(60)) made.types.push_back("Egress");
    for (unsigned i = below(4); i > 0; --i) made.ingress.push_back(rule(true, made.space));
    for (unsigned i = below(4); i > 0; --i) made.egress.push_back(rule(false, made.space));
    return made;
}

Policy RandomCalico::kubernetes_policy(unsigned number) {
    Policy made;
    made.kind = "Kubernetes";
    made.space = one_of(spaces);
    made.name = "p" + std::to_string(number);
    made.selector = chance(50) ? "x == '1'" : "all()";
    made.types = {"Ingress"};
    if (chance(70)) {
        Rule rule;
        rule.action = "Allow";
        // As Calico translates it: network sets are no pods of Kubernetes.
        rule.source.selector =
            "y == '" + one_of(values) + "' && projectcalico.org/orchestrator == 'k8s'";
        made.ingress.push_back(rule);
    }
    return made;
}

World RandomCalico::make() {
    World world;
    for (const auto& space : spaces) world.spaces[space] = labels();
    for (unsigned i = 0; i < 5; ++i) world.pods.push_back(pod(i));
    for (const auto& space : spaces) {
        if (chance(60)) world.accounts.push_back({space, one_of(accounts), labels()});
    }
    for (unsigned i = below(4); i > 0; --i) {
        world.sets.push_back({chance(50) ? one_of(spaces) : "", labels(), {}});
        world.sets.back().nets.push_back(one_of(chance(70) ? v4_blocks : v6_blocks));
    }
    world.services.push_back({one_of(spaces), "one", {{"x", one_of(values)}}, "80"});
    world.services.push_back({one_of(spaces), "two", {{"y", one_of(values)}}, "web"});
    world.tiers.push_back({"first", 1.0 + below(2), chance(40) ? "Pass" : "Deny"});
    world.tiers.push_back({"beside", 1e6, chance(60) ? "Pass" : "Deny"});
    world.tiers.push_back({"last", std::nullopt, chance(40) ? "Pass" : "Deny"});
    for (unsigned i = 0; i < 1 + below(5); ++i) world.policies.push_back(policy(i));
    for (unsigned i = 0; i < below(2); ++i) world.policies.push_back(kubernetes_policy(10 + i));
    return world;
}

namespace {

std::string quoted(const std::string& text) {
    return '"' + text + '"';
}

std::string list_of(const std::vector<std::string>& items) {
    std::string text;
    for (const auto& item : items) text += (text.empty() ? "" : ", ") + quoted(item);
    return "[" + text + "]";
}

std::string mapping_of(const LabelMap& labels) {
    std::string text;
    for (const auto& [key, value] : labels) {
        text += (text.empty() ? "" : ", ") + key + ": " + quoted(value);
    }
    return "{" + text + "}";
}

std::string head(const std::string& version, const std::string& kind, const std::string& space,
                 const std::string& name, const LabelMap& labels = {}) {
    const std::string place = space.empty() ? "" : ", namespace: " + space;
    return "---\napiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: " + name +
           place + ", labels: " + mapping_of(labels) + "}\n";
}

/// ", field: value", or nothing.
void put(std::string& text, const std::string& field, const std::string& value) {
    if (value.empty() || value == "[]") return;
    text += (text.empty() ? "" : ", ") + field + ": " + value;
}
void put_text(std::string& text, const std::string& field, const std::string& value) {
    if (!value.empty()) put(text, field, quoted(value));
}

std::string text_of(const Entity& entity) {
    std::string text;
    put_text(text, "selector", entity.selector);
    put_text(text, "notSelector", entity.not_selector);
    put_text(text, "namespaceSelector", entity.namespace_selector);
    put(text, "nets", list_of(entity.nets));
    put(text, "notNets", list_of(entity.not_nets));
    put(text, "ports", list_of(entity.ports));
    put(text, "notPorts", list_of(entity.not_ports));
    std::string accounts_text;
    put(accounts_text, "names", list_of(entity.account_names));
    put_text(accounts_text, "selector", entity.account_selector);
    if (!accounts_text.empty()) put(text, "serviceAccounts", "{" + accounts_text + "}");
    std::string service;
    put(service, "name", entity.service);
    put(service, "namespace", entity.service_space);
    if (!entity.service.empty()) put(text, "services", "{" + service + "}");
    return "{" + text + "}";
}

std::string text_of(const std::vector<Rule>& rules) {
    std::string text;
    for (const Rule& rule : rules) {
        std::string one;
        put(one, "action", rule.action);
        put(one, "protocol", rule.protocol);
        put(one, "notProtocol", rule.not_protocol);
        if (rule.ip_version != 0) put(one, "ipVersion", std::to_string(rule.ip_version));
        if (rule.icmp_type) put(one, "icmp", "{type: " + std::to_string(*rule.icmp_type) + "}");
        put(one, "source", text_of(rule.source));
        put(one, "destination", text_of(rule.destination));
        text += "  - {" + one + "}\n";
    }
    return text;
}

std::string text_of(const Policy& policy) {
    std::string text = head("projectcalico.org/v3", policy.kind, policy.space, policy.name);
    text += "spec:\n  types: " + list_of(policy.types) + "\n  tier: " + policy.tier + "\n";
    if (policy.order) text += "  order: " + std::to_string(*policy.order) + "\n";
    if (!policy.selector.empty()) text += "  selector: " + quoted(policy.selector) + "\n";
    if (!policy.namespace_selector.empty()) {
        text += "  namespaceSelector: " + quoted(policy.namespace_selector) + "\n";
    }
    if (!policy.account_selector.empty()) {
        text += "  serviceAccountSelector: " + quoted(policy.account_selector) + "\n";
    }
    return text + "  ingress:\n" + text_of(policy.ingress) + "  egress:\n" + text_of(policy.egress);
}

std::string kubernetes_text(const Policy& policy) {
    const std::string subject = policy.selector == "all()" ? "{}" : "{matchLabels: {x: \"1\"}}";
    std::string text = head("networking.k8s.io/v1", "NetworkPolicy", policy.space, policy.name) +
                       "spec:\n  podSelector: " + subject + "\n  policyTypes: [Ingress]\n";
    for (const Rule& rule : policy.ingress) {
        const std::string value = rule.source.selector.substr(6);
        const std::string bare = value.substr(0, value.find('\''));
        text += "  ingress: [{from: [{podSelector: {matchLabels: {y: \"" + bare + "\"}}}]}]\n";
    }
    return text;
}

std::string text_of(const Pod& pod) {
    std::string text = head("v1", "Pod", pod.space, pod.name, pod.labels);
    text += "spec: {serviceAccountName: " + pod.account;
    if (pod.host_network) text += ", hostNetwork: true";
    text += ", containers: [{name: c";
    if (pod.web_port) {
        text += ", ports: [{name: web, containerPort: " + std::to_string(*pod.web_port) + "}]";
    }
    std::string ips;
    for (const auto& address : pod.addresses) {
        ips += (ips.empty() ? "" : ", ") + std::string("{ip: ") + quoted(address) + "}";
    }
    return text + "}]}\nstatus: {podIP: " + quoted(pod.addresses.front()) + ", podIPs: [" + ips +
           "]}\n";
}

}  // namespace

std::string manifests_of(const World& world) {
    std::string text;
    for (const auto& [name, labels] : world.spaces)
        text += head("v1", "Namespace", "", name, labels);
    for (const Pod& pod : world.pods) text += text_of(pod);
    for (const Account& each : world.accounts) {
        text += head("v1", "ServiceAccount", each.space, each.name, each.labels);
    }
    for (const Service& each : world.services) {
        text += head("v1", "Service", each.space, each.name) +
                "spec: {selector: " + mapping_of(each.selector) +
                ", ports: [{port: 5, targetPort: " + each.target + "}]}\n";
    }
    unsigned number = 0;
    for (const NetworkSet& each : world.sets) {
        text += head("projectcalico.org/v3", each.space.empty() ? "GlobalNetworkSet" : "NetworkSet",
                     each.space, "set-" + std::to_string(++number), each.labels) +
                "spec: {nets: " + list_of(each.nets) + "}\n";
    }
    for (const Tier& each : world.tiers) {
        text += head("projectcalico.org/v3", "Tier", "", each.name) +
                "spec: {defaultAction: " + each.default_action +
                (each.order ? ", order: " + std::to_string(*each.order) : "") + "}\n";
    }
    for (const Policy& each : world.policies) {
        text += each.kind == "Kubernetes" ? kubernetes_text(each) : text_of(each);
    }
    return text;
}

}  // namespace nspect::test
