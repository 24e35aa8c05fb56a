// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/world.h"

/// Small worlds written down in code.
namespace nspect::worlds {

inline IpAddress ip(std::string_view text) {
    return *IpAddress::parse(text);
}
inline IpSet block(std::string_view text) {
    return IpSet{IpPrefix::parse(text)->range()};
}
inline TrafficSet tcp(std::uint16_t port) {
    return TrafficSet::of(Protocol::tcp, {{port}, {port}});
}
inline TrafficPoint tcp_point(std::uint16_t port) {
    return {Protocol::tcp, {port}};
}

struct PodSpec {
    std::string space = "default";
    std::string name;
    Labels labels{};
    std::vector<std::string> addresses{};
    std::vector<ContainerPort> ports{};
    bool host_network = false;
    std::string node{};
    std::string account{};
};

/// A bare pod: its workload is "space/name[Pod]". The index of the endpoint.
inline std::size_t add_pod(Inventory& inventory, const PodSpec& spec) {
    Endpoint endpoint;
    endpoint.name = spec.name;
    endpoint.workload = inventory.ensure_workload({spec.space, spec.name, "Pod"});
    endpoint.labels = spec.labels;
    endpoint.ports = spec.ports;
    endpoint.host_network = spec.host_network;
    endpoint.node = spec.node;
    endpoint.service_account = spec.account;
    const std::size_t index = inventory.add_endpoint(std::move(endpoint));
    for (const auto& address : spec.addresses) inventory.add_lease({ip(address), index});
    return index;
}

inline PodPeer pods_in(std::string space, Labels labels = {}) {
    return {std::move(space), {}, Selector::matching(labels), std::nullopt};
}
inline PodPeer pods_anywhere(Labels labels = {}) {
    return {std::nullopt, {}, Selector::matching(labels), std::nullopt};
}

inline Rule rule(Action action, std::vector<Peer> peers, double order = 0) {
    Rule made;
    made.action = action;
    made.order = order;
    made.peers = std::move(peers);
    made.all_ports = true;
    return made;
}
inline Rule rule(Action action, std::vector<Peer> peers, TrafficSet traffic, double order = 0) {
    Rule made = rule(action, std::move(peers), order);
    made.all_ports = false;
    made.ports = {{std::move(traffic), "", std::nullopt}};
    return made;
}
inline Rule rule_by_name(Action action, std::vector<Peer> peers, std::string port_name,
                         double order = 0) {
    Rule made = rule(action, std::move(peers), order);
    made.all_ports = false;
    made.ports = {{{}, std::move(port_name), Protocol::tcp}};
    return made;
}

/// A NetworkPolicy that isolates in the directions given.
inline Policy network_policy(std::string space, std::string name, Labels subject, bool ingress,
                             bool egress) {
    Policy policy;
    policy.kind = PolicyKind::network_policy;
    policy.namespace_name = space;
    policy.name = std::move(name);
    policy.stage = {namespace_stage, "namespace"};
    policy.subjects = {pods_in(std::move(space), std::move(subject))};
    policy.isolates_ingress = ingress;
    policy.isolates_egress = egress;
    return policy;
}

inline Policy admin_policy(std::string name, PodPeer subject, double priority) {
    Policy policy;
    policy.kind = PolicyKind::admin_network_policy;
    policy.name = std::move(name);
    policy.stage = {admin_stage, "admin"};
    policy.priority = priority;
    policy.subjects = {std::move(subject)};
    return policy;
}

inline Policy baseline_policy(PodPeer subject) {
    Policy policy = admin_policy("default", std::move(subject), 0);
    policy.kind = PolicyKind::baseline_admin_network_policy;
    policy.stage = {baseline_stage, "baseline"};
    return policy;
}

}  // namespace nspect::worlds
