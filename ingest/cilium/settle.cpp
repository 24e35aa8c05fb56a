// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "ingest/cilium/staged.h"

namespace nspect::ingest::cilium {

namespace {

IpSet set_of(const std::vector<IpAddress>& addresses) {
    IpSet set;
    for (const IpAddress& address : addresses) set.insert({address, address});
    return set;
}

class Settler {
public:
    Settler(const std::vector<CidrGroup>& groups, const Inventory& inventory,
            const std::vector<IpAddress>& apiserver, Diagnostics& diagnostics)
        : groups_(groups),
          inventory_(inventory),
          apiserver_(set_of(apiserver)),
          diagnostics_(diagnostics) {}

    std::vector<Rule> rules(StagedRule staged) {
        Peers& peers = staged.peers;
        for (const ServiceReference& reference : peers.services) add_services(reference, peers);
        for (const GroupReference& reference : peers.groups) add_groups(reference, peers);
        const bool known = peers.known_kube_apiserver && !apiserver_.empty();
        if (peers.kube_apiserver || known) add_kube_apiserver(peers);
        std::vector<PeerPart> parts = std::move(peers.partly);
        if (!peers.exact.empty() || parts.empty()) {
            parts.insert(parts.begin(), {std::move(peers.exact), {}});
        }
        std::vector<Rule> made;
        for (const PeerPart& part : parts) {
            for (const PortPart& ports : staged.ports) {
                Rule rule = staged.rule;
                rule.peers = part.peers;
                rule.ports = ports.ports;
                rule.all_ports = ports.all;
                rule.condition = joined_conditions(
                    rule.condition, joined_conditions(part.condition, ports.condition));
                made.push_back(std::move(rule));
            }
        }
        return made;
    }

private:
    // A Service with a selector stands for the pods it selects, another for its endpoints'
    // addresses, as a CIDR would.
    void add_services(const ServiceReference& reference, Peers& peers) {
        bool found = false;
        for (const Service& service : inventory_.services()) {
            if (!reference.namespace_name.empty() &&
                reference.namespace_name != service.namespace_name) {
                continue;
            }
            if (reference.labels ? !reference.labels->matches(service.labels)
                                 : reference.name != service.name) {
                continue;
            }
            found = true;
            if (service.has_selector) {
                PodPeer pods;
                pods.namespace_name = service.namespace_name;
                pods.pods = service.selector;
                peers.exact.push_back(std::move(pods));
            } else if (!service.backends.empty()) {
                peers.exact.push_back(
                    AddressPeer{set_of(service.backends), PodsByAddress::no, false});
            }
        }
        if (!found) diagnostics_.add(reference.missing);
    }

    void add_groups(const GroupReference& reference, Peers& peers) {
        bool found = false;
        AddressPeer peer{{}, PodsByAddress::no, false};
        for (const CidrGroup& group : groups_) {
            const bool meant = reference.labels ? reference.labels->matches(group.labels)
                                                : reference.name == group.name;
            if (!meant) continue;
            found = true;
            peer.addresses = peer.addresses | (group.addresses - reference.except);
        }
        if (!found) diagnostics_.add(reference.missing);
        if (!peer.addresses.empty()) peers.exact.push_back(std::move(peer));
    }

    void add_kube_apiserver(Peers& peers) {
        if (!apiserver_.empty()) {
            peers.exact.push_back(AddressPeer{apiserver_, PodsByAddress::always});
            return;
        }
        peers.partly.push_back({{NodePeer{}, AddressPeer{all_addresses(), PodsByAddress::no}},
                                "which address the API server has"});
    }

    const std::vector<CidrGroup>& groups_;
    const Inventory& inventory_;
    IpSet apiserver_;
    Diagnostics& diagnostics_;
};

}  // namespace

std::string joined_conditions(const std::string& left, const std::string& right) {
    if (left.empty() || left == right) return right;
    return right.empty() ? left : left + " and " + right;
}

void settle(Documents documents, const std::vector<IpAddress>& apiserver,
            const Inventory& inventory, std::vector<Policy>& policies, Diagnostics& diagnostics) {
    const bool requirements =
        std::any_of(documents.policies.begin(), documents.policies.end(),
                    [](const StagedPolicy& staged) { return staged.has_requirements; });
    Settler settler(documents.groups, inventory, apiserver, diagnostics);
    for (StagedPolicy& staged : documents.policies) {
        for (const Direction direction : {Direction::ingress, Direction::egress}) {
            const bool in = direction == Direction::ingress;
            std::vector<Rule>& rules = in ? staged.policy.ingress : staged.policy.egress;
            for (StagedRule& rule : in ? staged.ingress : staged.egress) {
                const bool allows = rule.rule.action == Action::allow;
                if (requirements && allows && !rule.peers.by_endpoints) {
                    rule.rule.order = other_peers_order;
                }
                for (Rule& made : settler.rules(std::move(rule))) rules.push_back(std::move(made));
            }
        }
        policies.push_back(std::move(staged.policy));
    }
}

}  // namespace nspect::ingest::cilium
