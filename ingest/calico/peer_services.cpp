// SPDX-License-Identifier: Apache-2.0
// Rules on Services, and whom a rule with conditions on its own side is about.
#include <algorithm>

#include "ingest/calico/parts.h"
#include "ingest/calico/peers.h"

namespace nspect::ingest {

namespace {

TrafficSet numbers_of(const Rule& rule) {
    if (rule.all_ports) return TrafficSet::all();
    TrafficSet traffic;
    for (const PortMatch& match : rule.ports) traffic = traffic | match.traffic;
    return traffic;
}

/// The ports of the Service on its pods, as far as the rule's protocol lets them through.
std::vector<PortMatch> target_ports(const Service& service, const TrafficSet& asked) {
    std::vector<PortMatch> matches;
    for (const ServicePort& port : service.ports) {
        if (!asked.contains(TrafficSet::of(port.protocol))) continue;
        if (!port.target_name.empty()) {
            matches.push_back({{}, port.target_name, port.protocol});
        } else {
            const Port number = port.target_port.value_or(port.port);
            matches.push_back({TrafficSet::of(port.protocol, {number, number}), {}, {}});
        }
    }
    return matches;
}

bool is_selected(const PodPeer& pods, const Endpoint& endpoint, const Namespace& space) {
    const bool in_namespace = pods.namespace_name ? *pods.namespace_name == space.name
                                                  : pods.namespaces.matches(space.labels);
    return in_namespace && pods.pods.matches(policy_labels(endpoint));
}

/// Addresses behind the Service that are no pod's own: listed ones, and hosts'.
IpSet addresses_behind(const Service& service, const PodPeer& pods, const Inventory& inventory) {
    IpSet addresses;
    for (const IpAddress& address : service.backends) addresses.insert({address, address});
    for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
        const Endpoint& endpoint = inventory.endpoints()[i];
        if (!endpoint.host_network || !service.has_selector) continue;
        if (!is_selected(pods, endpoint, inventory.namespace_of(endpoint))) continue;
        for (const IpAddress& address : inventory.addresses_of(i)) {
            addresses.insert({address, address});
        }
    }
    return addresses;
}

}  // namespace

std::vector<Rule> CalicoPeers::service_rules(const CalicoRule& written, const CalicoEntity& entity,
                                             Direction direction) const {
    const Service* service = find(*entity.service);
    Rule made = written.rule;
    if (service == nullptr) return {made};
    PodPeer pods;
    pods.namespace_name = service->namespace_name;
    pods.pods = service->selector;
    const IpSet addresses = addresses_behind(*service, pods, inventory_);
    if (service->has_selector) made.peers.push_back(pods);
    if (!addresses.empty()) made.peers.push_back(AddressPeer{addresses, PodsByAddress::yes});
    if (direction == Direction::egress) {
        made.ports = target_ports(*service, numbers_of(made));
        made.all_ports = false;
    }
    if (!written.v4 || !written.v6) add_condition(made, "the IP version of a Service's pods");
    return {made};
}

std::vector<PodPeer> CalicoPeers::subjects(const Expression& subject, const CalicoEntity& own,
                                           CalicoRule& rule) const {
    std::vector<Expression> parts{subject};
    if (own.selector) {
        // A block of a selected set would make more pods match: those cannot be told by labels.
        if (holds_pods(set_addresses(*own.selector))) {
            add_condition(rule.rule, "a network set that holds pods");
        } else {
            parts.push_back(*own.selector);
        }
    }
    if (own.not_selector) {
        if (holds_pods(set_addresses(*own.not_selector))) {
            add_condition(rule.rule, "a network set that holds pods");
        }
        parts.push_back(negated(*own.not_selector));
    }
    auto terms = pod_terms(both(std::move(parts)));
    if (!terms) {
        add_condition(rule.rule, "a selector with more than 256 alternatives");
        terms = pod_terms(subject);
    }
    std::vector<PodPeer> result = pods(terms.value_or(std::vector<PodTerm>()));
    bool nobody = false;
    check_own_blocks(result, own, rule, nobody);
    if (nobody) result.clear();
    return result;
}

/// A block on the rule's own side: subjects are not told apart by address, so it is evaluated only
/// where all of them are in it, or none.
void CalicoPeers::check_own_blocks(const std::vector<PodPeer>& subjects, const CalicoEntity& own,
                                   CalicoRule& rule, bool& nobody) const {
    if (!own.nets && own.not_nets.empty()) return;
    const IpSet block = own.nets.value_or(all_addresses()) - own.not_nets;
    bool some_inside = false;
    bool some_outside = false;
    for (std::size_t i = 0; i < inventory_.endpoints().size(); ++i) {
        const Endpoint& endpoint = inventory_.endpoints()[i];
        const Namespace& space = inventory_.namespace_of(endpoint);
        const bool is_subject =
            !endpoint.host_network &&
            std::any_of(subjects.begin(), subjects.end(),
                        [&](const PodPeer& pods) { return is_selected(pods, endpoint, space); });
        if (!is_subject) continue;
        const auto addresses = inventory_.addresses_of(i);
        some_inside = some_inside || addresses.empty();
        some_outside = some_outside || addresses.empty();
        for (const IpAddress& address : addresses) {
            if (address.is_v4() ? !rule.v4 : !rule.v6) continue;
            (block.contains(address) ? some_inside : some_outside) = true;
        }
    }
    nobody = !some_inside;
    if (some_inside && some_outside) add_condition(rule.rule, "address blocks of its own pods");
}

}  // namespace nspect::ingest
