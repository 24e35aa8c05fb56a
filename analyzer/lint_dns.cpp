// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "analyzer/lint_facts.h"

namespace nspect::analyzer {
namespace {

constexpr std::array<std::string_view, 5> service_names{
    "kube-dns", "coredns", "dns-default", "rke2-coredns-rke2-coredns", "node-local-dns"};
constexpr std::array<std::string_view, 2> dns_namespaces{"kube-system", "openshift-dns"};
constexpr std::array<std::string_view, 4> dns_labels{"kube-dns", "coredns", "node-local-dns",
                                                     "dns-default"};

template <class List>
bool lists(const List& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

/// Ports a resolver is asked on: 53, and behind the Service of some distributions 5353.
TrafficSet dns_traffic() {
    TrafficSet traffic;
    for (const std::uint16_t number : {std::uint16_t{53}, std::uint16_t{5353}}) {
        traffic = traffic | TrafficSet::of(Protocol::tcp, {Port{number}, Port{number}}) |
                  TrafficSet::of(Protocol::udp, {Port{number}, Port{number}});
    }
    return traffic;
}

bool names_dns(const Selector& selector) {
    return std::any_of(selector.requirements().begin(), selector.requirements().end(),
                       [](const Requirement& each) {
                           return std::any_of(
                               each.values.begin(), each.values.end(),
                               [](const std::string& value) { return lists(dns_labels, value); });
                       });
}

class DnsLint {
public:
    explicit DnsLint(LintFacts& facts) : facts_(facts), dns_(dns_traffic()) {
        find_resolvers();
        for (std::size_t i = 0; i < facts_.world.policies.size(); ++i) {
            offers_.push_back(offers(i));
        }
    }

    void find() {
        const auto& classes = facts_.compiled.classes;
        std::map<std::size_t, IdSet> blocked;  // by policy: the classes it leaves without names
        for (std::uint32_t id = 0; id < classes.count(); ++id) {
            const std::size_t pod = facts_.representative(id);
            if (facts_.world.inventory.endpoints()[pod].host_network) continue;
            if (!facts_.engine.isolated(pod, Direction::egress)) continue;
            const auto policies = facts_.compiled.egress.policies_of(id);
            if (resolves(id, policies)) continue;
            for (const std::uint32_t policy : blamed(policies)) blocked[policy].push_back(id);
        }
        for (const auto& [policy, ids] : blocked) report(policy, ids);
    }

private:
    /// Pods behind a Service that answers names, or labelled as the cluster's resolver is.
    void find_resolvers() {
        const auto& inventory = facts_.world.inventory;
        std::set<std::uint32_t> ids;
        for (const Service& service : inventory.services()) {
            const bool dns =
                std::any_of(service.ports.begin(), service.ports.end(),
                            [](const ServicePort& port) { return port.port == Port{53}; });
            if (!dns || !service.has_selector) continue;
            if (!lists(service_names, service.name) &&
                !lists(dns_namespaces, service.namespace_name)) {
                continue;
            }
            for (const auto& address : service.addresses) addresses_.push_back(address);
            const PodPeer pods{service.namespace_name, {}, service.selector, std::nullopt};
            for (const auto pod : facts_.pods.select(pods)) {
                ids.insert(facts_.compiled.classes.class_of[pod]);
            }
        }
        for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
            const auto* label = inventory.endpoints()[i].labels.find("k8s-app");
            if (label != nullptr && lists(dns_labels, *label)) {
                ids.insert(facts_.compiled.classes.class_of[i]);
            }
        }
        resolvers_.assign(ids.begin(), ids.end());
    }

    /// Whether a rule of the policy opens DNS to somebody who may answer and is not known here.
    bool offers(std::size_t policy) {
        const auto& rules = facts_.policy(policy).egress;
        for (std::size_t r = 0; r < rules.size(); ++r) {
            const RuleName name{policy, Direction::egress, r};
            if (rules[r].action != Action::allow) continue;
            const TrafficSet& traffic = facts_.traffic[facts_.traffic_of(name)];
            const bool by_name = std::any_of(
                rules[r].ports.begin(), rules[r].ports.end(), [](const PortMatch& match) {
                    return match.name == "dns" || match.name == "dns-tcp";
                });
            if ((traffic & dns_).empty() && !by_name) continue;
            const bool every_port = rules[r].all_ports || traffic.udp.contains(PortSet{all_ports});
            for (const Peer& peer : rules[r].peers) {
                if (may_answer(peer, every_port)) return true;
            }
        }
        return false;
    }

    bool may_answer(const Peer& peer, bool every_port) const {
        if (std::holds_alternative<AnyPeer>(peer)) return true;
        if (const auto* block = std::get_if<AddressPeer>(&peer)) {
            return !block->addresses.empty();
        }
        const auto* pods = std::get_if<PodPeer>(&peer);
        if (pods == nullptr) return true;       // nodes and names outside
        if (!resolvers_.empty()) return false;  // held against them, class by class
        if (!every_port || names_dns(pods->pods)) return true;
        const auto& space = pods->namespace_name;
        return space ? lists(dns_namespaces, *space) : pods->pods.matches_everything();
    }

    bool resolves(std::uint32_t id, const std::vector<std::uint32_t>& policies) const {
        const std::size_t pod = facts_.representative(id);
        for (const std::uint32_t policy : policies) {
            if (offers_[policy]) return true;
        }
        const auto open = [&](const Who& to) {
            const TrafficSet traffic =
                facts_.engine.allowed(Direction::egress, Who::of_endpoint(pod), to);
            return !(traffic & dns_).empty();
        };
        return std::any_of(resolvers_.begin(), resolvers_.end(),
                           [&](std::uint32_t resolver) {
                               return open(Who::of_endpoint(facts_.representative(resolver)));
                           }) ||
               std::any_of(addresses_.begin(), addresses_.end(), [&](const IpAddress& address) {
                   return open(Who::of_address(address));
               });
    }

    /// Those that isolate, and of them those that let something out.
    std::vector<std::uint32_t> blamed(const std::vector<std::uint32_t>& policies) const {
        std::vector<std::uint32_t> isolating;
        std::vector<std::uint32_t> opening;
        for (const std::uint32_t policy : policies) {
            if (!facts_.policy(policy).isolates_egress) continue;
            isolating.push_back(policy);
            if (!facts_.policy(policy).egress.empty()) opening.push_back(policy);
        }
        return opening.empty() ? isolating : opening;
    }

    void report(std::size_t policy, const IdSet& ids) {
        const bool lets_out = !facts_.policy(policy).egress.empty();
        auto& finding = facts_.report(
            "dns-blocked", lets_out ? Severity::medium : Severity::low, policy,
            lets_out ? "it isolates for egress, and nothing lets the pods ask for names: what its "
                       "rules allow is reached by address only"
                     : "it isolates for egress, and nothing lets the pods out, not even to DNS");
        finding.evidence.push_back("without DNS: " + facts_.workloads(ids));
        finding.evidence.push_back(resolvers_.empty()
                                       ? "no rule opens port 53 or 5353"
                                       : "DNS is answered by " + facts_.workloads(resolvers_));
    }

    LintFacts& facts_;
    TrafficSet dns_;
    IdSet resolvers_;
    std::vector<IpAddress> addresses_;  // of DNS Services
    std::vector<bool> offers_;          // by policy
};

}  // namespace

void find_dns_blocked(LintFacts& facts) {
    DnsLint(facts).find();
}

}  // namespace nspect::analyzer
