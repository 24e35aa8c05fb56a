// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Cilium's policies judged as its documentation tells it, by identities: everyone is a set of
/// labels with sources, and everything a policy names is a selector on such labels or a block of
/// addresses outside. It shares nothing with nspect's own normal form.
namespace nspect::oracle::cilium {

using Pairs = std::map<std::string, std::string>;

struct Named {
    std::string name;
    std::string protocol;
    int number = 0;
};

struct Pod {
    std::string space;
    std::string name;
    Pairs labels;
    std::string account;
    std::string address;
    std::string node;
    bool host_network = false;
    std::vector<Named> ports;
};

struct Host {
    std::string name;
    Pairs labels;
    std::string address;
};

struct Match {
    std::string key;  ///< as written: "app", "k8s:app", "reserved:host"
    std::string op;   ///< "In", "NotIn", "Exists", "DoesNotExist"
    std::vector<std::string> values;
};
using Selector = std::vector<Match>;

struct Block {
    std::string cidr;
    std::string group;  ///< instead of cidr: the name of a group
    std::vector<std::string> except;
};

struct ServiceName {
    std::string space;
    std::string name;
};

struct PortEntry {
    std::string port;
    int end = 0;
    std::string protocol;
};

struct Rule {
    std::optional<std::vector<Selector>> endpoints;
    std::optional<std::vector<std::string>> entities;
    std::optional<std::vector<Block>> blocks;
    std::optional<std::vector<Selector>> nodes;
    std::optional<std::vector<ServiceName>> services;
    std::vector<Selector> requirements;
    std::vector<PortEntry> ports;
    std::vector<int> icmp_types;
};

struct Section {
    std::vector<Rule> allow;
    std::vector<Rule> deny;
    std::optional<bool> default_deny;
};

struct Policy {
    std::string space;  ///< empty: cluster-wide
    std::string name;
    Selector subject;
    Section ingress;
    Section egress;
};

struct Service {
    std::string space;
    std::string name;
    Pairs selector;                     ///< empty: none
    std::vector<std::string> backends;  ///< of one without a selector
};

struct Cluster {
    std::map<std::string, Pairs> spaces;
    std::vector<Host> nodes;
    std::vector<Pod> pods;
    std::vector<Service> services;
    std::map<std::string, std::vector<std::string>> groups;
    std::vector<std::string> apiserver;
    std::vector<Policy> policies;
};

struct Point {
    std::string protocol;  ///< "TCP", "UDP", "SCTP", "ICMP", "OTHER"
    int number = 0;
};

/// A pod by its index, or an address.
struct Party {
    std::optional<std::size_t> pod;
    std::string address;
};

bool allowed(const Cluster& cluster, const Party& from, const Party& to, const Point& point);

}  // namespace nspect::oracle::cilium
