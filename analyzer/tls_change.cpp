// SPDX-License-Identifier: Apache-2.0
#include "analyzer/tls_change.h"

#include <map>

#include "analyzer/generate_labels.h"
#include "analyzer/tls_expected.h"

namespace nspect::analyzer {
namespace {

using Words = std::vector<std::string>;

std::string pair_of(const std::string& key, const std::string& value) {
    return key + ": \"" + value + "\"";
}

std::string joined(const Words& words) {
    std::string text;
    for (const std::string& each : words) text += (text.empty() ? "" : ", ") + each;
    return text;
}

/// {app: "db", tier: "back"}; without what a rollout or a single pod sets.
std::string labels_of(const Inventory& inventory, const Endpoint& server) {
    Words labels;
    const Labels own = WorkloadSelectors(inventory).of(server.workload).labels;
    for (const auto& [key, value] : own.entries()) labels.push_back(pair_of(key, value));
    if (!labels.empty()) return "{" + joined(labels) + "}";
    for (const auto& [key, value] : server.labels.entries()) {
        if (use_of_label(key) == LabelUse::any) labels.push_back(pair_of(key, value));
    }
    return "{" + joined(labels) + "}";
}

std::string labels_of(const Selector& selector) {
    Words labels;
    for (const Requirement& each : selector.requirements()) {
        if (!each.values.empty()) labels.push_back(pair_of(each.key, each.values.front()));
    }
    return "{" + joined(labels) + "}";
}

std::string head(const Inventory& inventory, const Endpoint& server, const std::string& version,
                 const std::string& kind, const std::string& name) {
    return "{apiVersion: " + version + ", kind: " + kind + ", metadata: {name: " + name +
           ", namespace: " + inventory.namespace_of(server).name + "}, spec: ";
}

/// Others whom a change of the policy is about, too.
Words also_selected(const Inventory& inventory, const Endpoint& server,
                    const PeerAuthentication& policy) {
    std::set<std::string> others;
    for (const Endpoint& each : inventory.endpoints()) {
        const bool other = each.workload != server.workload &&
                           inventory.namespace_of(each).name == policy.namespace_name &&
                           policy.selector->matches(policy_labels(each));
        if (other) others.insert(to_string(inventory.workload_of(each)));
    }
    Words words;
    for (const std::string& each : others) words.push_back("it selects " + each + ", too");
    return words;
}

std::string mode_of(TlsMode mode) {
    return "{mode: " + std::string(to_string(mode)) + "}";
}

Words istio(const Expectations& expectations, const Inventory& inventory, const ReadyPorts& ports) {
    const Endpoint& server = *ports.server;
    const PeerAuthentication* own = workload_policy(expectations, inventory, server);
    std::map<Port, TlsMode> modes;
    if (own != nullptr) {
        for (const PortTlsMode& each : own->ports) modes[each.port] = each.mode;
    }
    for (const Port each : ports.ready) modes[each] = TlsMode::strict;
    Words levels;
    for (const auto& [port, mode] : modes) {
        levels.push_back("\"" + std::to_string(port.number) + "\": " + mode_of(mode));
    }
    const std::string name =
        own != nullptr ? own->name : inventory.workload_of(server).name + "-strict";
    std::string document =
        head(inventory, server, "security.istio.io/v1", "PeerAuthentication", name) +
        "{selector: {matchLabels: " +
        (own != nullptr ? labels_of(*own->selector) : labels_of(inventory, server)) + "}, ";
    if (own != nullptr && own->mode != TlsMode::unset)
        document += "mtls: " + mode_of(own->mode) + ", ";
    Words change{document + "portLevelMtls: {" + joined(levels) + "}}}"};
    if (own != nullptr) {
        for (std::string& each : also_selected(inventory, server, *own)) {
            change.push_back(std::move(each));
        }
    }
    return change;
}

Words linkerd(const Inventory& inventory, const ReadyPorts& ports, Port port) {
    const Endpoint& server = *ports.server;
    const std::string number = std::to_string(port.number);
    const std::string name = inventory.workload_of(server).name + "-" + number;
    return {head(inventory, server, "policy.linkerd.io/v1beta3", "Server", name) +
            "{podSelector: {matchLabels: " + labels_of(inventory, server) + "}, port: " + number +
            ", accessPolicy: all-authenticated}}"};
}

/// The mode is of the whole service.
Words consul(const Inventory& inventory, const ReadyPorts& ports) {
    const Endpoint& server = *ports.server;
    if (!ports.others.empty()) {
        return {"mutualTLSMode is of the whole service: TCP " +
                std::to_string(ports.others.begin()->number) + " must be ready, too"};
    }
    return {head(inventory, server, "consul.hashicorp.com/v1alpha1", "ServiceDefaults",
                 inventory.workload_of(server).name) +
            "{mutualTLSMode: strict}}"};
}

}  // namespace

std::vector<std::string> strict_change(const Expectations& expectations, const Inventory& inventory,
                                       const ReadyPorts& ports, Port port) {
    if (ports.mesh == "Linkerd") return linkerd(inventory, ports, port);
    if (ports.mesh == "Consul") return consul(inventory, ports);
    return istio(expectations, inventory, ports);
}

}  // namespace nspect::analyzer
