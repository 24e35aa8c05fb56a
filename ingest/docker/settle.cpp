// SPDX-License-Identifier: Apache-2.0
// What Docker's networks let through, in the normal form. https://docs.docker.com/engine/network/
#include <algorithm>
#include <set>
#include <unordered_map>

#include "ingest/docker/documents.h"

namespace nspect::ingest {

namespace {

/// What containers are on of whose networks not all are known.
constexpr const char* not_known = "networks not known";
constexpr int longest_chain = 8;  // of containers that use each other's network
/// Where ways in come from (docs/policy-semantics.md, section 7).
constexpr const char* ways_in_namespace = "ingress-controller-ns";

PodPeer on_network(const std::string& name) {
    PodPeer peer;
    peer.pods.add({std::string(network_key) + name, Requirement::Op::exists, {}});
    return peer;
}

AddressPeer outside(bool ipv4, bool ipv6) {
    IpSet addresses;
    if (ipv4) addresses = addresses | all_addresses(IpFamily::v4);
    if (ipv6) addresses = addresses | all_addresses(IpFamily::v6);
    return {addresses, PodsByAddress::no, true};
}

Rule allow(std::string name, std::vector<Peer> peers, const Policy& policy) {
    Rule rule;
    rule.name = std::move(name);
    rule.peers = std::move(peers);
    rule.all_ports = true;
    rule.where = policy.where;
    return rule;
}

void add(Rule rule, std::vector<Rule>& rules) {
    rule.index = rules.size() + 1;
    rules.push_back(std::move(rule));
}

Policy attachment_policy(std::string name, Location where) {
    Policy policy;
    policy.kind = PolicyKind::docker_network;
    policy.name = std::move(name);
    policy.stage = {0, "networks", Layer::attachment};
    policy.selects_host_network = true;
    policy.where = std::move(where);
    return policy;
}

class Settler {
public:
    Settler(DockerDocuments documents, Inventory& inventory, std::vector<Policy>& policies,
            Diagnostics& diagnostics)
        : documents_(std::move(documents)),
          inventory_(inventory),
          policies_(policies),
          diagnostics_(diagnostics) {}

    void settle() {
        drop_templates();
        share_networks();
        for (DockerContainer& container : documents_.containers) {
            describe_networks(container);
            if (!container.unknown.empty()) container.endpoint.networks.emplace_back(not_known);
            any_unknown_ = any_unknown_ || !container.unknown.empty();
        }
        for (const DockerContainer& container : documents_.containers) add_endpoint(container);
        for (const auto& [name, network] : documents_.networks) add_network(network);
        for (const std::string& name : shared_) add_shared(name);
        std::set<WorkloadId> published;
        for (const DockerContainer& container : documents_.containers) {
            if (!container.unknown.empty()) add_unknown(container);
            if (published.insert(container.id).second) add_published(container);
        }
    }

private:
    /// A service whose containers were inspected is those containers.
    void drop_templates() {
        std::set<WorkloadId> running;
        for (const DockerContainer& container : documents_.containers) {
            if (!container.is_template) running.insert(container.id);
        }
        std::erase_if(documents_.containers, [&](const DockerContainer& container) {
            return container.is_template && running.contains(container.id);
        });
    }

    DockerContainer* find(const std::string& key) {
        for (DockerContainer& one : documents_.containers) {
            const bool by_id = !one.is_template && key.size() >= 12 && one.key.starts_with(key);
            if (by_id || one.key == key || one.endpoint.name == key) return &one;
        }
        return nullptr;
    }

    /// A container in the network namespace of another has its networks, addresses and ports, and
    /// reaches it over loopback whatever its networks are.
    void share_networks() {
        for (DockerContainer& container : documents_.containers) {
            DockerContainer* owner = &container;
            for (int step = 0; step < longest_chain && owner != nullptr; ++step) {
                if (owner->shares.empty()) break;
                owner = find(owner->shares);
            }
            if (owner == &container) continue;
            if (owner == nullptr || !owner->shares.empty()) {
                container.unknown.push_back("the network of " + container.shares);
                continue;
            }
            const std::string name = "namespace of " + owner->key;
            shared_.insert(name);
            auto& own = owner->endpoint.networks;
            if (std::find(own.begin(), own.end(), name) == own.end()) own.push_back(name);
            container.endpoint.networks = own;
            container.endpoint.host_network = owner->endpoint.host_network;
            container.published = owner->published;
        }
    }

    void describe_networks(DockerContainer& container) {
        for (const std::string& name : container.endpoint.networks) {
            if (shared_.contains(name) || documents_.networks.contains(name)) continue;
            DockerNetwork network;
            network.name = name;
            network.where = container.endpoint.where;
            if (name == "host" || name == "none") network.driver = name;
            documents_.networks.emplace(name, network);
            if (name == "bridge" || name == "host" || name == "none") continue;
            Diagnostic note;
            note.severity = Diagnostic::Severity::note;
            note.code = "DK008";
            note.message = "no document describes the network \"" + name +
                           "\": it is taken for a bridge with a way outside";
            note.hint = "docker network inspect " + name;
            note.location = container.endpoint.where;
            diagnostics_.add(std::move(note));
        }
    }

    void add_endpoint(const DockerContainer& container) {
        Endpoint endpoint = container.endpoint;
        endpoint.workload = inventory_.ensure_workload(container.id, endpoint.where);
        endpoint.from_template = container.is_template;
        std::sort(endpoint.ports.begin(), endpoint.ports.end());
        endpoint.ports.erase(std::unique(endpoint.ports.begin(), endpoint.ports.end()),
                             endpoint.ports.end());
        const std::size_t index = inventory_.add_endpoint(std::move(endpoint));
        for (const IpAddress& address : container.addresses) {
            AddressLease lease;
            lease.address = address;
            lease.endpoint = index;
            inventory_.add_lease(lease);
        }
    }

    template <class Predicate>
    bool has_member(const std::string& network, Predicate fits) const {
        const auto& all = documents_.containers;
        return std::any_of(all.begin(), all.end(), [&](const DockerContainer& one) {
            const auto& names = one.endpoint.networks;
            return fits(one) && std::find(names.begin(), names.end(), network) != names.end();
        });
    }

    void add_network(const DockerNetwork& network) {
        const bool used = has_member(network.name, [](const auto&) { return true; });
        if (!used || network.driver == "host") return;  // the host's is nobody's to close
        Policy policy = attachment_policy(network.name, network.where);
        policy.subjects = {on_network(network.name)};
        policy.isolates_ingress = true;
        policy.isolates_egress = true;
        const bool closed = network.driver == "none" || network.driver == "null";
        if (!closed) add_members(network, policy);
        if (!closed) add_surroundings(network, policy);
        policies_.push_back(std::move(policy));
    }

    void add_members(const DockerNetwork& network, Policy& policy) {
        const bool links =
            has_member(network.name, [](const DockerContainer& one) { return one.links; });
        if (any_unknown_ && network.talk) {
            Rule rule = allow("what may be on the network", {on_network(not_known)}, policy);
            rule.condition = "networks that are not known";
            rule.order = 1;
            add(rule, policy.ingress);
            add(rule, policy.egress);
        }
        if (!network.talk && !links) return;
        Rule rule = allow("containers of the network", {on_network(network.name)}, policy);
        if (!network.talk) rule.condition = "links between containers";
        add(rule, policy.ingress);
        add(rule, policy.egress);
    }

    void add_surroundings(const DockerNetwork& network, Policy& policy) {
        const bool on_lan = network.driver == "macvlan" || network.driver == "ipvlan";
        const bool open = !network.internal;
        std::vector<Peer> in;
        std::vector<Peer> out;
        if (!on_lan) {
            in = {NodePeer{}, on_network("host")};
            out = {on_network("host")};
        }
        if (open) out.emplace_back(outside(network.ipv4, network.ipv6));
        if (!open && !network.gateways.empty()) {
            AddressPeer host;
            host.pods = PodsByAddress::no;
            for (const IpAddress& gateway : network.gateways) {
                host.addresses.insert({gateway, gateway});
            }
            out.emplace_back(std::move(host));
        }
        if (!in.empty()) add(allow("the host", in, policy), policy.ingress);
        if (!out.empty()) {
            add(allow(open ? "outside" : "the host", out, policy), policy.egress);
        }
        if (!open || !(on_lan || network.unprotected)) return;
        Rule rule = allow("outside", {outside(network.ipv4, network.ipv6)}, policy);
        if (!on_lan) rule.condition = "the sender has a route to the network";
        add(std::move(rule), policy.ingress);
    }

    void add_shared(const std::string& name) {
        Policy policy = attachment_policy(name, {});
        policy.subjects = {on_network(name)};
        add(allow("loopback", {on_network(name)}, policy), policy.ingress);
        add(allow("loopback", {on_network(name)}, policy), policy.egress);
        policies_.push_back(std::move(policy));
    }

    Policy policy_of(const DockerContainer& container) const {
        Policy policy = attachment_policy(container.id.name, container.endpoint.where);
        policy.namespace_name = container.id.namespace_name;
        PodPeer subject;
        subject.namespace_name = container.id.namespace_name;
        subject.pods = Selector::matching(container.selected_by);
        policy.subjects = {std::move(subject)};
        return policy;
    }

    void add_unknown(const DockerContainer& container) {
        Policy policy = policy_of(container);
        Rule rule = allow("what is not known", {AnyPeer{}}, policy);
        for (const std::string& words : container.unknown) {
            rule.condition += (rule.condition.empty() ? "" : ", ") + words;
        }
        rule.order = 1;  // after all that is known
        policy.isolates_ingress = true;
        policy.isolates_egress = true;
        add(rule, policy.ingress);
        add(rule, policy.egress);
        policies_.push_back(std::move(policy));
    }

    /// The host does not pass ports on into networks without a way outside.
    bool can_publish(const DockerContainer& container) const {
        const auto& names = container.endpoint.networks;
        return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
            const auto found = documents_.networks.find(name);
            return found != documents_.networks.end() && !found->second.internal &&
                   found->second.driver != "host" && found->second.driver != "none";
        });
    }

    void add_published(const DockerContainer& container) {
        TrafficSet traffic;
        Service service;
        for (const PublishedPort& port : container.published) {
            if (port.to_host_only) continue;
            traffic = traffic | TrafficSet::of(port.protocol, port.target);
            ServicePort opened;
            opened.protocol = port.protocol;
            opened.port = port.host.value_or(port.target.first);
            if (opened.port != port.target.first) opened.target_port = port.target.first;
            service.ports.push_back(opened);
        }
        if (traffic.empty() || container.endpoint.host_network) return;
        if (!can_publish(container)) {
            Diagnostic warning;
            warning.severity = Diagnostic::Severity::warning;
            warning.code = "DK009";
            warning.message = "the published ports of " + to_string(container.id) +
                              " cannot be reached: none of its networks has a way outside";
            warning.location = container.endpoint.where;
            diagnostics_.add(std::move(warning));
            return;
        }
        open(container, traffic, std::move(service));
    }

    void open(const DockerContainer& container, const TrafficSet& traffic, Service service) {
        Policy policy = policy_of(container);
        PodPeer ways_in;
        ways_in.namespace_name = ways_in_namespace;
        Rule rule = allow("published ports", {outside(true, true), ways_in}, policy);
        rule.all_ports = false;
        rule.ports.push_back({traffic, {}, {}});
        add(std::move(rule), policy.ingress);
        policies_.push_back(std::move(policy));
        service.namespace_name = container.id.namespace_name;
        service.name = container.id.name;
        service.type = "Published";
        service.selector = Selector::matching(container.selected_by);
        service.has_selector = true;
        service.where = container.endpoint.where;
        Entrance entrance;
        entrance.kind = "PublishedPort";
        entrance.namespace_name = service.namespace_name;
        entrance.name = service.name;
        entrance.backends.push_back({service.namespace_name, service.name, {}, {}});
        entrance.where = service.where;
        inventory_.add_service(std::move(service));
        inventory_.add_entrance(std::move(entrance));
    }

    DockerDocuments documents_;
    Inventory& inventory_;
    std::vector<Policy>& policies_;
    Diagnostics& diagnostics_;
    bool any_unknown_ = false;
    std::set<std::string> shared_;  // network namespaces of several containers
};

}  // namespace

void settle(DockerDocuments documents, Inventory& inventory, std::vector<Policy>& policies,
            Diagnostics& diagnostics) {
    if (documents.empty()) return;
    Settler(std::move(documents), inventory, policies, diagnostics).settle();
}

}  // namespace nspect::ingest
