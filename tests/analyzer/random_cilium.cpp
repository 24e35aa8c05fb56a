// SPDX-License-Identifier: Apache-2.0
#include "tests/analyzer/random_cilium.h"

namespace nspect::worlds {
namespace {

using namespace oracle::cilium;

const std::vector<std::string> spaces{"a", "b"};
const std::vector<std::string> values{"1", "2"};

std::string quoted(const std::string& text) {
    return "\"" + text + "\"";
}

std::string list_of(const std::vector<std::string>& items) {
    std::string text;
    for (const auto& item : items) text += (text.empty() ? "" : ", ") + item;
    return "[" + text + "]";
}

template <class T, class F>
std::string list_of(const std::vector<T>& items, const F& write) {
    std::vector<std::string> texts;
    for (const T& item : items) texts.push_back(write(item));
    return list_of(texts);
}

std::string pairs(const Pairs& labels) {
    std::string text;
    for (const auto& [key, value] : labels) {
        text += (text.empty() ? "" : ", ") + quoted(key) + ": " + quoted(value);
    }
    return "{" + text + "}";
}

std::string quoted_list(const std::vector<std::string>& items) {
    return list_of(items, quoted);
}

std::string selector_text(const Selector& selector) {
    if (selector.empty()) return "{}";
    return "{matchExpressions: " +
           list_of(
               selector,
               [](const Match& match) {
                   return "{key: " + quoted(match.key) + ", operator: " + match.op +
                          (match.values.empty() ? "" : ", values: " + quoted_list(match.values)) +
                          "}";
               }) +
           "}";
}

std::string block_text(const Block& block) {
    return (block.group.empty() ? "{cidr: " + quoted(block.cidr)
                                : "{cidrGroupRef: " + quoted(block.group)) +
           ", except: " + quoted_list(block.except) + "}";
}

std::string port_text(const PortEntry& entry) {
    return "{port: " + quoted(entry.port) +
           (entry.end != 0 ? ", endPort: " + std::to_string(entry.end) : "") +
           (entry.protocol.empty() ? "" : ", protocol: " + entry.protocol) + "}";
}

std::string service_text(const ServiceName& service) {
    return "{k8sService: {serviceName: " + service.name +
           (service.space.empty() ? "" : ", namespace: " + service.space) + "}}";
}

std::string rule_text(const Rule& rule, bool in) {
    const std::string word = in ? "from" : "to";
    std::vector<std::string> parts;
    if (rule.endpoints) {
        parts.push_back(word + "Endpoints: " + list_of(*rule.endpoints, selector_text));
    }
    if (rule.entities) parts.push_back(word + "Entities: " + quoted_list(*rule.entities));
    if (rule.blocks) parts.push_back(word + "CIDRSet: " + list_of(*rule.blocks, block_text));
    if (rule.nodes) parts.push_back(word + "Nodes: " + list_of(*rule.nodes, selector_text));
    if (rule.services) parts.push_back("toServices: " + list_of(*rule.services, service_text));
    if (!rule.requirements.empty()) {
        parts.push_back(word + "Requires: " + list_of(rule.requirements, selector_text));
    }
    if (!rule.ports.empty()) {
        parts.push_back("toPorts: [{ports: " + list_of(rule.ports, port_text) + "}]");
    }
    if (!rule.icmp_types.empty()) {
        parts.push_back("icmps: [{fields: " +
                        list_of(rule.icmp_types,
                                [](int type) { return "{type: " + std::to_string(type) + "}"; }) +
                        "}]");
    }
    std::string text;
    for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
    return "{" + text + "}";
}

std::string section_text(const Section& section, bool in) {
    const std::string name = in ? "ingress" : "egress";
    const auto rules = [&](const std::string& key, const std::vector<Rule>& list) {
        return "  " + key + ": " +
               list_of(list, [&](const Rule& rule) { return rule_text(rule, in); }) + "\n";
    };
    std::string text = rules(name, section.allow);
    if (!section.deny.empty()) text += rules(name + "Deny", section.deny);
    return text;
}

std::string policy_text(const Policy& policy) {
    const bool wide = policy.space.empty();
    std::string text = "---\napiVersion: cilium.io/v2\nkind: Cilium";
    text += wide ? "ClusterwideNetworkPolicy\n" : "NetworkPolicy\n";
    text += "metadata: {name: " + policy.name + (wide ? "" : ", namespace: " + policy.space) +
            "}\nspec:\n  endpointSelector: " + selector_text(policy.subject) + "\n";
    text += section_text(policy.ingress, true) + section_text(policy.egress, false);
    std::string defaults;
    const auto add = [&](const std::string& key, const std::optional<bool>& value) {
        if (!value) return;
        defaults += (defaults.empty() ? "" : ", ") + key + (*value ? ": true" : ": false");
    };
    add("ingress", policy.ingress.default_deny);
    add("egress", policy.egress.default_deny);
    return text + "  enableDefaultDeny: {" + defaults + "}\n";
}

std::string pod_text(const Pod& pod) {
    return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + pod.name +
           ", namespace: " + pod.space + ", labels: " + pairs(pod.labels) +
           "}\nspec:\n  nodeName: " + pod.node + "\n  serviceAccountName: " + pod.account +
           "\n  hostNetwork: " + (pod.host_network ? "true" : "false") +
           "\n  containers: [{ports: " +
           list_of(pod.ports,
                   [](const Named& port) {
                       return "{name: " + port.name +
                              ", containerPort: " + std::to_string(port.number) +
                              ", protocol: " + port.protocol + "}";
                   }) +
           "}]\nstatus: {podIP: " + quoted(pod.address) + "}\n";
}

std::string service_document(const Service& service) {
    const std::string metadata =
        "\nmetadata: {name: " + service.name + ", namespace: " + service.space + "}\n";
    std::string text = "---\napiVersion: v1\nkind: Service" + metadata +
                       "spec: {selector: " + pairs(service.selector) + ", ports: [{port: 80}]}\n";
    if (service.backends.empty()) return text;
    return text + "---\napiVersion: v1\nkind: Endpoints" + metadata + "subsets: [{addresses: " +
           list_of(service.backends,
                   [](const std::string& address) { return "{ip: " + quoted(address) + "}"; }) +
           "}]\n";
}

}  // namespace

Cluster RandomCilium::make() {
    Cluster cluster;
    for (const auto& space : spaces) {
        cluster.spaces[space] = labels();
        cluster.spaces[space]["kubernetes.io/metadata.name"] = space;
    }
    for (unsigned i = 0; i < 2; ++i) {
        cluster.nodes.push_back(
            {"node-" + std::to_string(i), labels(), "10.1.0." + std::to_string(1 + i)});
    }
    for (unsigned i = 0; i < 5; ++i) {
        Pod pod{one_of(spaces),
                "pod-" + std::to_string(i),
                labels(),
                chance(50) ? "robot" : "default",
                "10.0.0." + std::to_string(1 + i),
                "node-" + std::to_string(below(2)),
                i == 4,
                {}};
        if (pod.host_network) pod.address = cluster.nodes[pod.node == "node-0" ? 0 : 1].address;
        if (chance(60))
            pod.ports.push_back(
                {"web", chance(80) ? "TCP" : "UDP", static_cast<int>(80 + below(2))});
        cluster.pods.push_back(std::move(pod));
    }
    cluster.services = {{one_of(spaces), "pods", {{"x", one_of(values)}}, {}},
                        {one_of(spaces), "beyond", {}, {"203.0.113.9", "10.0.0.2"}}};
    cluster.groups = {{"partners", {"203.0.113.0/24", "2001:db8::/32"}}};
    cluster.apiserver = {chance(50) ? "10.1.0.1" : "198.51.100.1"};
    const std::size_t count = 1 + below(4);
    for (std::size_t i = 0; i < count; ++i) cluster.policies.push_back(policy(i));
    return cluster;
}

Pairs RandomCilium::labels() {
    Pairs made;
    if (chance(70)) made["x"] = one_of(values);
    if (chance(50)) made["y"] = one_of(values);
    return made;
}

Match RandomCilium::match(bool with_namespaces) {
    std::vector<std::string> keys{"x", "y", "k8s:x", "any:y",
                                  "io.cilium.k8s.policy.serviceaccount"};
    if (with_namespaces) {
        keys.insert(keys.end(),
                    {"io.kubernetes.pod.namespace", "k8s:io.kubernetes.pod.namespace",
                     "k8s:io.cilium.k8s.namespace.labels.x", "io.cilium.k8s.namespace.labels.y"});
    }
    Match made{
        one_of(keys), one_of<std::string>({"In", "In", "NotIn", "Exists", "DoesNotExist"}), {}};
    if (made.op == "Exists" || made.op == "DoesNotExist") return made;
    if (made.key.find("serviceaccount") != std::string::npos) {
        made.values = {"robot"};
    } else if (made.key.find("pod.namespace") != std::string::npos) {
        made.values = {one_of(spaces)};
    } else {
        made.values = {one_of(values)};
    }
    return made;
}

Selector RandomCilium::selector(bool with_namespaces) {
    Selector made;
    for (unsigned i = below(3); i > 0; --i) made.push_back(match(with_namespaces));
    return made;
}

Block RandomCilium::block() {
    if (chance(25)) return {"", "partners", {"203.0.113.0/28"}};
    Block made{one_of<std::string>({"0.0.0.0/0", "203.0.113.0/24", "10.0.0.0/8", "::/0"}), "", {}};
    if (made.cidr == "0.0.0.0/0" && chance(50)) made.except = {"203.0.113.9/32", "10.0.0.0/24"};
    return made;
}

void RandomCilium::add_peers(bool in, Rule& rule) {
    const unsigned sort = below(12);
    if (sort < 5) {
        rule.endpoints.emplace();
        for (unsigned i = below(3); i > 0; --i) rule.endpoints->push_back(selector(true));
        if (chance(10)) rule.endpoints->push_back({{"reserved:world", "Exists", {}}});
    } else if (sort < 8) {
        rule.entities = {{one_of<std::string>(
            {"all", "world", "world-ipv4", "world-ipv6", "cluster", "kube-apiserver", "health"})}};
        if (chance(30)) rule.entities = {{"host", "remote-node"}};
    } else if (sort < 10) {
        rule.blocks = {{block()}};
        if (chance(30)) rule.blocks->push_back(block());
    } else if (sort == 10) {
        rule.nodes.emplace();
        rule.nodes->push_back(chance(50) ? Selector{} : Selector{{"x", "In", {one_of(values)}}});
    } else if (!in) {
        rule.services = {{{chance(50) ? one_of(spaces) : "", chance(50) ? "pods" : "beyond"}}};
    }
}

Rule RandomCilium::rule(bool in, bool allows) {
    Rule made;
    if (chance(85)) add_peers(in, made);
    if (allows && chance(8)) made.requirements = {selector(true)};
    if (chance(15)) {
        made.icmp_types = {chance(50) ? 8 : 0};
    } else if (chance(50)) {
        made.ports.push_back({one_of<std::string>({"80", "81", "79", "0", "web"}), 0,
                              one_of<std::string>({"TCP", "TCP", "UDP", "ANY", ""})});
        if (made.ports.back().port == "79" && chance(70)) made.ports.back().end = 80;
    }
    return made;
}

Section RandomCilium::section(bool in) {
    Section made;
    if (chance(70)) {
        for (unsigned i = below(3); i > 0; --i) made.allow.push_back(rule(in, true));
    }
    if (chance(30)) made.deny.push_back(rule(in, false));
    if (chance(20)) made.default_deny = chance(50);
    return made;
}

Policy RandomCilium::policy(std::size_t number) {
    Policy made;
    if (chance(65)) made.space = one_of(spaces);
    made.name = "p" + std::to_string(number);
    made.subject = selector(made.space.empty());
    made.ingress = section(true);
    made.egress = section(false);
    return made;
}

std::string to_yaml(const Cluster& cluster) {
    std::string text;
    for (const auto& [space, labels] : cluster.spaces) {
        text += "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " + space +
                ", labels: " + pairs(labels) + "}\n";
    }
    for (const Host& node : cluster.nodes) {
        text += "---\napiVersion: v1\nkind: Node\nmetadata: {name: " + node.name +
                ", labels: " + pairs(node.labels) +
                "}\nstatus: {addresses: [{type: InternalIP, address: " + quoted(node.address) +
                "}]}\n";
    }
    for (const Pod& pod : cluster.pods) text += pod_text(pod);
    for (const Service& service : cluster.services) text += service_document(service);
    text +=
        "---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: kubernetes}\nsubsets: "
        "[{addresses: [{ip: " +
        quoted(cluster.apiserver.front()) + "}]}]\n";
    for (const auto& [name, blocks] : cluster.groups) {
        text +=
            "---\napiVersion: cilium.io/v2alpha1\nkind: CiliumCIDRGroup\nmetadata: {name: " + name +
            "}\nspec: {externalCIDRs: " + quoted_list(blocks) + "}\n";
    }
    for (const Policy& policy : cluster.policies) text += policy_text(policy);
    return text;
}

}  // namespace nspect::worlds
