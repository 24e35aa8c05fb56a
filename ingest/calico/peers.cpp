// SPDX-License-Identifier: Apache-2.0
#include "ingest/calico/peers.h"

#include <algorithm>
#include <utility>

#include "ingest/calico/parts.h"

namespace nspect::ingest {

namespace {

using Op = Requirement::Op;

Selector with(const Selector& selector, Requirement requirement) {
    Selector result = selector;
    result.add(std::move(requirement));
    return result;
}

std::vector<std::string> keys_of(const std::map<std::string, std::vector<std::string>>& map) {
    std::vector<std::string> keys;
    for (const auto& entry : map) keys.push_back(entry.first);
    return keys;
}

/// "Exactly this namespace" reads better than a selector that says the same.
void simplify(PodPeer& pods) {
    const auto& all = pods.namespaces.requirements();
    if (all.size() != 1 || all[0].key != namespace_name_label) return;
    if (all[0].op != Op::in || all[0].values.size() != 1) return;
    pods.namespace_name = all[0].values.front();
    pods.namespaces = {};
}

std::vector<PodTerm> terms_or_all(const Expression& expression, Rule& rule) {
    if (auto terms = pod_terms(expression)) return std::move(*terms);
    add_condition(rule, "a selector with more than 256 alternatives");
    return {PodTerm{}};
}

Expression not_excluded(const CalicoEntity& entity) {
    return negated(*entity.not_selector);
}

}  // namespace

/// Which addresses a side of a rule is about, and by what right.
struct CalicoPeers::Limit {
    IpSet addresses;
    bool by_block = false;    ///< nets or notNets say so
    bool by_version = false;  ///< the rule is about one version of IP
    bool any() const { return by_block || by_version; }
};

CalicoPeers::CalicoPeers(const Inventory& inventory, const CalicoDocuments& documents)
    : inventory_(inventory), documents_(documents) {
    for (const CalicoNetworkSet& set : documents.sets) {
        Labels labels = set.labels;
        if (!set.namespace_name.empty()) {
            labels.set(std::string(calico_namespace_key), set.namespace_name);
            const std::string prefix(namespace_prefix);
            labels.set(prefix + std::string(calico_name_key), set.namespace_name);
            const auto space = inventory.find_namespace(set.namespace_name);
            if (space) {
                for (const auto& [key, value] : inventory.namespaces()[*space].labels.entries()) {
                    labels.set(prefix + key, value);
                }
            }
        }
        set_labels_.push_back(std::move(labels));
    }
    for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
        const auto addresses = inventory.addresses_of(i);
        if (inventory.endpoints()[i].host_network) {
            for (const IpAddress& address : addresses) node_addresses_.insert({address, address});
            continue;
        }
        all_addresses_known_ = all_addresses_known_ && !addresses.empty();
        pod_addresses_.insert(addresses.begin(), addresses.end());
    }
    for (const nspect::Node& node : inventory.nodes()) {
        for (const IpAddress& address : node.addresses) node_addresses_.insert({address, address});
    }
}

IpSet CalicoPeers::set_addresses(const Expression& expression) const {
    IpSet addresses;
    for (std::size_t i = 0; i < set_labels_.size(); ++i) {
        if (holds(expression, set_labels_[i])) addresses = addresses | documents_.sets[i].nets;
    }
    return addresses;
}

std::vector<std::string> CalicoPeers::set_domains(const Expression& expression, Rule& rule) const {
    std::vector<std::string> domains;
    bool wider = false;
    for (std::size_t i = 0; i < set_labels_.size(); ++i) {
        const CalicoNetworkSet& set = documents_.sets[i];
        if (!holds(expression, set_labels_[i])) continue;
        domains.insert(domains.end(), set.domains.begin(), set.domains.end());
        wider = wider || set.wider_domains;
    }
    if (wider) add_condition(rule, "a star inside a domain name");
    return domains;
}

bool CalicoPeers::holds_pods(const IpSet& addresses) const {
    return std::any_of(pod_addresses_.begin(), pod_addresses_.end(),
                       [&](const IpAddress& address) { return addresses.contains(address); });
}

std::vector<PodPeer> CalicoPeers::pods(const std::vector<PodTerm>& terms) const {
    std::vector<PodPeer> peers;
    for (const PodTerm& term : terms) {
        PodPeer made{std::nullopt, term.namespaces, term.pods, std::nullopt};
        if (term.accounts.matches_everything()) {
            peers.push_back(std::move(made));
        } else {
            add_accounts(term, std::move(made), peers);
        }
    }
    for (PodPeer& peer : peers) simplify(peer);
    return peers;
}

/// Labels of accounts are replaced by the names of those that have them, namespace by namespace.
/// An account that is not declared has no labels.
void CalicoPeers::add_accounts(const PodTerm& term, PodPeer made,
                               std::vector<PodPeer>& peers) const {
    const bool without_labels = term.accounts.matches(Labels());
    std::map<std::string, std::vector<std::string>> named;  // those that differ from that
    for (const ServiceAccount& account : documents_.accounts) {
        if (term.accounts.matches(account.labels) == without_labels) continue;
        named[account.namespace_name].push_back(account.name);
    }
    const std::string space_key(namespace_name_label);
    const std::string account_key(service_account_key);
    for (const auto& [space, accounts] : named) {
        PodPeer one = made;
        one.namespaces = with(made.namespaces, {space_key, Op::in, {space}});
        auto names = accounts;
        std::sort(names.begin(), names.end());
        one.pods = with(made.pods, {account_key, without_labels ? Op::not_in : Op::in, names});
        peers.push_back(std::move(one));
    }
    if (!without_labels) return;
    if (!named.empty()) {
        made.namespaces = with(made.namespaces, {space_key, Op::not_in, keys_of(named)});
    }
    peers.push_back(std::move(made));
}

CalicoPeers::Limit CalicoPeers::limit_of(const CalicoRule& rule, const CalicoEntity& entity) const {
    Limit limit;
    if (rule.v4) limit.addresses = limit.addresses | all_addresses(IpFamily::v4);
    if (rule.v6) limit.addresses = limit.addresses | all_addresses(IpFamily::v6);
    limit.by_version = !rule.v4 || !rule.v6;
    limit.by_block = entity.nets.has_value() || !entity.not_nets.empty();
    if (entity.nets) limit.addresses = limit.addresses & *entity.nets;
    limit.addresses = limit.addresses - entity.not_nets;
    return limit;
}

/// Pods by their terms; with `addresses`, those that have one of them.
std::vector<Peer> CalicoPeers::limited(const std::vector<PodTerm>& terms,
                                       const IpSet& addresses) const {
    std::vector<Peer> peers;
    for (PodPeer& pod : pods(terms)) {
        if (addresses != all_addresses()) pod.addresses = addresses;
        peers.push_back(std::move(pod));
    }
    return peers;
}

/// With a selector: pods it selects and blocks of the sets it selects, without what the
/// notSelector names.
std::vector<Peer> CalicoPeers::selected(const CalicoEntity& entity, const Limit& limit,
                                        Rule& rule) const {
    IpSet hidden;
    Expression wanted = *entity.selector;
    if (entity.not_selector) {
        hidden = set_addresses(*entity.not_selector);
        wanted = both({*entity.selector, not_excluded(entity)});
    }
    const IpSet open = limit.addresses - hidden;
    const bool narrow = limit.any() || holds_pods(hidden);
    auto peers = limited(terms_or_all(wanted, rule), narrow ? open : all_addresses());
    const IpSet blocks = set_addresses(*entity.selector) & open;
    if (blocks.empty()) return peers;
    if (!entity.not_selector) {
        peers.push_back(AddressPeer{blocks, PodsByAddress::yes});
        return peers;
    }
    peers.push_back(AddressPeer{blocks, PodsByAddress::no});
    const auto inside = limited(terms_or_all(not_excluded(entity), rule), blocks);
    peers.insert(peers.end(), inside.begin(), inside.end());
    const IpSet nodes = blocks & node_addresses_;
    if (!nodes.empty()) peers.push_back(AddressPeer{nodes, PodsByAddress::yes});
    return peers;
}

/// With a notSelector alone: everyone but pods and sets it selects.
std::vector<Peer> CalicoPeers::excluded(const CalicoEntity& entity, const Limit& limit,
                                        Rule& rule) const {
    const IpSet hidden = set_addresses(*entity.not_selector);
    const IpSet open = limit.addresses - hidden;
    const bool narrow = limit.any() || holds_pods(hidden);
    auto peers = limited(terms_or_all(not_excluded(entity), rule), narrow ? open : all_addresses());
    if (!open.empty()) peers.push_back(AddressPeer{open, PodsByAddress::no});
    // Pods on the host network are no endpoints: no selector names them.
    const IpSet nodes = open & node_addresses_;
    if (open == all_addresses()) peers.push_back(NodePeer{});
    if (!nodes.empty()) peers.push_back(AddressPeer{nodes, PodsByAddress::yes});
    return peers;
}

std::vector<Peer> CalicoPeers::peers_of(const CalicoEntity& entity, const Limit& limit,
                                        Rule& rule) const {
    if (entity.selector) return selected(entity, limit, rule);
    if (entity.not_selector) return excluded(entity, limit, rule);
    if (!limit.any()) return {AnyPeer{}};
    if (limit.addresses.empty()) return {};
    return {AddressPeer{limit.addresses, PodsByAddress::yes}};
}

std::vector<Rule> CalicoPeers::rules(const CalicoRule& written, const CalicoEntity& entity,
                                     Direction direction) const {
    if (entity.service) return service_rules(written, entity, direction);
    Rule made = written.rule;
    std::vector<std::string> domains = entity.domains;
    const bool only_domains =
        !domains.empty() && !entity.selects() && !entity.nets && entity.not_nets.empty();
    const Limit limit = limit_of(written, entity);
    if (!only_domains) made.peers = peers_of(entity, limit, made);
    if (direction == Direction::egress && made.action == Action::allow && entity.selector) {
        const auto more = set_domains(*entity.selector, made);
        domains.insert(domains.end(), more.begin(), more.end());
    }
    if (!domains.empty()) made.peers.push_back(DomainPeer{std::move(domains)});
    std::vector<Rule> rules{made};
    if (!limit.by_version || limit.by_block || all_addresses_known_ || only_domains) return rules;
    Rule wide = written.rule;
    Limit none;
    none.addresses = all_addresses();
    wide.peers = entity.selects() ? peers_of(entity, none, wide) : std::vector<Peer>{PodPeer{}};
    std::erase_if(wide.peers,
                  [](const Peer& peer) { return !std::holds_alternative<PodPeer>(peer); });
    add_condition(wide, "the IP version where addresses are not known");
    rules.push_back(std::move(wide));
    return rules;
}

const Service* CalicoPeers::find(const CalicoServiceRef& wanted) const {
    const auto& services = inventory_.services();
    const auto found = std::find_if(services.begin(), services.end(), [&](const Service& service) {
        return service.namespace_name == wanted.namespace_name && service.name == wanted.name;
    });
    return found == services.end() ? nullptr : &*found;
}

}  // namespace nspect::ingest
