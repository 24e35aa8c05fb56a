// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Calico's policy model once more, straight from its documentation and on its own small structs:
/// no normal form, no sets of rules, one packet at a time. It shares nothing with nspect but
/// IpPrefix.
namespace nspect::oracle::calico {

using LabelMap = std::map<std::string, std::string>;

struct Pod {
    std::string space;
    std::string name;
    std::string account;
    LabelMap labels;
    std::vector<std::string> addresses;
    bool host_network = false;
    std::optional<int> web_port;  ///< the TCP port named "web"
};

struct NetworkSet {
    std::string space;  ///< empty: global
    LabelMap labels;
    std::vector<std::string> nets;
};

struct Account {
    std::string space;
    std::string name;
    LabelMap labels;
};

struct Service {
    std::string space;
    std::string name;
    LabelMap selector;
    std::string target;  ///< a number, or "web"
};

/// Texts are as in the document; empty ones are not there.
struct Entity {
    std::string selector;
    std::string not_selector;
    std::string namespace_selector;
    std::vector<std::string> account_names;
    std::string account_selector;
    std::vector<std::string> nets;
    std::vector<std::string> not_nets;
    std::vector<std::string> ports;  ///< of the destination only
    std::vector<std::string> not_ports;
    std::string service;
    std::string service_space;
};

struct Rule {
    std::string action;
    std::string protocol;
    std::string not_protocol;
    int ip_version = 0;
    std::optional<int> icmp_type;
    Entity source;
    Entity destination;
};

struct Policy {
    std::string kind;  ///< NetworkPolicy, GlobalNetworkPolicy, or Kubernetes for that of Kubernetes
    std::string space;
    std::string name;
    std::string tier = "default";
    std::optional<double> order;
    std::string selector;
    std::string namespace_selector;
    std::string account_selector;
    std::vector<std::string> types;
    std::vector<Rule> ingress;
    std::vector<Rule> egress;
};

struct Tier {
    std::string name;
    std::optional<double> order;
    std::string default_action;
};

struct World {
    std::map<std::string, LabelMap> spaces;
    std::vector<Pod> pods;
    std::vector<NetworkSet> sets;
    std::vector<Account> accounts;
    std::vector<Service> services;
    std::vector<Tier> tiers;
    std::vector<Policy> policies;
};

/// A pod, by index, or an address outside.
struct Party {
    std::optional<std::size_t> pod;
    std::string address;
};

struct Packet {
    std::string protocol;  ///< "TCP", "UDP", "ICMP", "OTHER"
    int port = 0;          ///< or the ICMP type
};

/// Whether the text of a selector holds for the labels.
bool holds(const std::string& selector, const LabelMap& labels);

/// Whether the packet gets from one to the other, over one of the IP versions both have.
bool allowed(const World& world, const Party& from, const Party& to, const Packet& packet);

}  // namespace nspect::oracle::calico
