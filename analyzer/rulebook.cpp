// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rulebook.h"

#include <algorithm>

namespace nspect::analyzer {
namespace {

template <class T>
void sort_unique(std::vector<T>& items) {
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
}

}  // namespace

Rulebook::Rulebook(const World& world) : terms_(world) {
    policies_.reserve(world.policies.size());
    for (const Policy& policy : world.policies) {
        policies_.push_back(compile(policy, world.options));
    }
}

PolicyRef Rulebook::compile(const Policy& policy, const EngineOptions& options) {
    PolicyRef compiled;
    const bool host_network = includes_host_network(policy, options);
    for (const PodPeer& subject : policy.subjects) {
        compiled.subjects.push_back(terms_.number_of(subject, host_network));
    }
    sort_unique(compiled.subjects);
    for (const Rule& rule : policy.ingress) compiled.ingress.push_back(compile(rule, host_network));
    for (const Rule& rule : policy.egress) compiled.egress.push_back(compile(rule, host_network));
    return compiled;
}

RuleRef Rulebook::compile(const Rule& rule, bool host_network) {
    RuleRef compiled;
    compiled.action = rule.action;
    compiled.order = rule.order;
    for (const Peer& peer : rule.peers) compiled.peers.push_back(terms_.ref(peer, host_network));
    sort_unique(compiled.peers);
    if (rule.all_ports) {
        compiled.traffic = TrafficPool::all;
        return compiled;
    }
    TrafficSet numbered;
    for (const PortMatch& match : rule.ports) {
        if (match.name.empty()) {
            numbered = numbered | match.traffic;
        } else {
            compiled.names.push_back({name_number(match.name), match.name_protocol});
        }
    }
    compiled.traffic = traffic_.intern(numbered);
    sort_unique(compiled.names);
    return compiled;
}

std::uint32_t Rulebook::name_number(const std::string& name) {
    return names_.try_emplace(name, static_cast<std::uint32_t>(names_.size())).first->second;
}

std::vector<NamedPort> Rulebook::named_ports(const Endpoint& endpoint) const {
    std::vector<NamedPort> ports;
    if (names_.empty()) return ports;
    for (const ContainerPort& port : endpoint.ports) {
        const auto known = port.name.empty() ? names_.end() : names_.find(port.name);
        if (known != names_.end()) ports.push_back({known->second, port.protocol, port.port});
    }
    sort_unique(ports);
    return ports;
}

}  // namespace nspect::analyzer
