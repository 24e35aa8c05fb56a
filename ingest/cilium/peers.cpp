// SPDX-License-Identifier: Apache-2.0
#include "ingest/cilium/peers.h"

#include <algorithm>
#include <array>

#include "ingest/cilium/entities.h"
#include "ingest/cilium/selector.h"
#include "ingest/document/fields.h"
#include "ingest/kubernetes/policy_parts.h"

namespace nspect::ingest::cilium {

namespace {

constexpr const char* at_most = "verdicts that need this rule say \"at most\"";

void add(std::vector<Peer> peers, const std::string& condition, Peers& into) {
    if (condition.empty()) {
        into.exact.insert(into.exact.end(), peers.begin(), peers.end());
    } else {
        into.partly.push_back({std::move(peers), condition});
    }
}

// Identities that are no pods, asked for by label: an entity, or nodes by labels of their own.
void add_reserved(const EndpointTerm& term, Peers& peers) {
    const std::string& name = term.reserved.front();
    const bool nodes = name == "host" || name == "remote-node";
    if (!term.beside_reserved.matches_everything()) {
        if (nodes) add({NodePeer{term.beside_reserved}}, term.condition, peers);
        return;
    }
    Entities entities;
    for (const std::string& each : term.reserved) {
        if (each != "all" && each != "cluster") entities.add(each);
    }
    Peers named;
    entities.finish(named);
    const std::string several =
        term.reserved.size() > 1 ? "whether all the reserved labels fit" : "";
    const std::string condition = joined_conditions(term.condition, several);
    add(std::move(named.exact), condition, peers);
    for (PeerPart& part : named.partly) {
        add(std::move(part.peers), joined_conditions(part.condition, condition), peers);
    }
    peers.kube_apiserver = peers.kube_apiserver || named.kube_apiserver;
}

class PeerReader {
public:
    PeerReader(const Node& rule, Direction direction, const std::string& own_namespace,
               Report& report)
        : rule_(rule),
          in_(direction == Direction::ingress),
          own_namespace_(own_namespace),
          report_(report) {}

    PeersRead read() {
        const Node* filled = nullptr;
        bool empty = false;
        for (const auto& [key, read] : readers()) {
            const Node* list = sequence_field(rule_, key, report_);
            if (list == nullptr) continue;
            made_.given = true;
            empty = empty || list->size == 0;
            if (list->size == 0) continue;
            if (filled != nullptr) {
                report_.key_error(*list, "CI003",
                                  "a rule names peers in one way: by " + std::string(filled->key) +
                                      " or by " + key,
                                  "write two rules");
            }
            filled = list;
            for (const Node& entry : *list) (this->*read)(entry);
        }
        entities_.finish(made_.peers);
        // An empty list beside others makes the rule name nobody.
        if (empty) made_.peers = {};
        return std::move(made_);
    }

private:
    using Reader = void (PeerReader::*)(const Node&);

    std::vector<std::pair<std::string, Reader>> readers() const {
        const std::string word = in_ ? "from" : "to";
        std::vector<std::pair<std::string, Reader>> all{
            {word + "Endpoints", &PeerReader::read_endpoints},
            {word + "Entities", &PeerReader::read_entity},
            {word + "CIDR", &PeerReader::read_cidr},
            {word + "CIDRSet", &PeerReader::read_cidr_rule},
            {word + "Nodes", &PeerReader::read_nodes},
            {word + "Groups", &PeerReader::read_group}};
        if (!in_) {
            all.emplace_back("toServices", &PeerReader::read_service);
            all.emplace_back("toFQDNs", &PeerReader::read_fqdn);
        }
        return all;
    }

    void read_endpoints(const Node& entry) {
        made_.peers.by_endpoints = true;
        const EndpointTerm term = read_term(entry, own_namespace_, TermUse::peer, report_);
        if (term.nobody) return;
        if (!term.reserved.empty()) {
            add_reserved(term, made_.peers);
        } else {
            add({term.anyone ? Peer{AnyPeer{}} : Peer{term.pods}}, term.condition, made_.peers);
        }
        // "Not in namespace a" holds for what is in no namespace, too: nodes and addresses outside.
        if (term.beyond_pods) {
            add({NodePeer{}, AddressPeer{all_addresses(), PodsByAddress::no}},
                joined_conditions(term.condition, "whether what is in no namespace is meant"),
                made_.peers);
        }
    }

    void read_entity(const Node& entry) {
        const auto name = text_value(entry, report_);
        if (!name || entities_.add(*name)) return;
        const std::string near = suggestion(
            *name, {"all", "cluster", "health", "host", "ingress", "init", "kube-apiserver", "none",
                    "remote-node", "unmanaged", "world", "world-ipv4", "world-ipv6"});
        report_.error(entry, "CI004", "unknown entity " + in_quotes(*name),
                      near.empty() ? "known are " + std::string(known_entities()) : near);
    }

    void add_addresses(const IpSet& addresses) {
        made_.peers.exact.push_back(AddressPeer{addresses, PodsByAddress::no, false});
    }

    void read_cidr(const Node& entry) {
        // Here one address may stand for itself.
        const bool address = entry.is_scalar() && IpAddress::parse(entry.text).has_value();
        const auto prefix = address ? IpPrefix::parse(entry.text) : read_prefix(entry, report_);
        if (prefix) add_addresses(IpSet{prefix->range()});
    }

    void read_cidr_rule(const Node& entry) {
        check_fields(entry, report_, {"cidr", "cidrGroupRef", "cidrGroupSelector", "except"});
        const Node* way = only_field(entry, report_, "CI003", "an entry",
                                     {"cidr", "cidrGroupRef", "cidrGroupSelector"});
        if (way == nullptr) return;
        std::optional<IpPrefix> whole;
        if (way->key == "cidr") {
            whole = read_prefix(*way, report_);
            if (!whole) return;
        }
        const IpSet except = read_except(entry, whole);
        if (whole) {
            const IpSet rest = IpSet{whole->range()} - except;
            if (!rest.empty()) add_addresses(rest);
            return;
        }
        add_group_reference(*way, except);
    }

    IpSet read_except(const Node& entry, const std::optional<IpPrefix>& whole) {
        IpSet except;
        const Node* list = sequence_field(entry, "except", report_);
        if (list == nullptr) return except;
        for (const Node& each : *list) {
            const auto cut = read_prefix(each, report_);
            if (!cut) continue;
            except.insert(cut->range());
            if (whole && !whole->contains(cut->address())) {
                report_.error(each, "NP010",
                              to_string(*cut) + " is not a part of " + to_string(*whole));
            }
        }
        return except;
    }

    void add_group_reference(const Node& way, const IpSet& except) {
        GroupReference reference;
        reference.except = except;
        if (way.key == "cidrGroupSelector") {
            reference.labels = read_plain_selector(way, report_);
        } else {
            reference.name = text_value(way, report_).value_or("");
        }
        reference.missing = report_.later_warning(
            way, "CI013",
            reference.labels ? "no CiliumCIDRGroup is selected: this names no address"
                             : "there is no CiliumCIDRGroup " + in_quotes(reference.name) +
                                   ": this names no address");
        made_.peers.groups.push_back(std::move(reference));
    }

    void read_nodes(const Node& entry) {
        made_.peers.exact.push_back(NodePeer{read_plain_selector(entry, report_)});
    }

    void read_group(const Node& entry) {
        report_.warning(entry, "CI007", "groups of a cloud provider are not evaluated", at_most);
        add({AddressPeer{all_addresses(), PodsByAddress::no, false}}, "a cloud provider's group",
            made_.peers);
    }

    void read_service(const Node& entry) {
        check_fields(entry, report_, {"k8sService", "k8sServiceSelector"});
        const Node* way = only_field(entry, report_, "CI003", "an entry of toServices",
                                     {"k8sService", "k8sServiceSelector"});
        if (way == nullptr || mapping_field(entry, way->key, report_) == nullptr) return;
        ServiceReference reference;
        reference.namespace_name = text_field(*way, "namespace", report_).value_or("");
        std::string what = "no Service is selected";
        if (way->key == "k8sService") {
            check_fields(*way, report_, {"serviceName", "namespace"});
            reference.name = text_field(*way, "serviceName", report_).value_or("");
            what = "there is no Service " + in_quotes(reference.name);
        } else {
            check_fields(*way, report_, {"selector", "namespace"});
            const Node* selector = mapping_field(*way, "selector", report_);
            reference.labels =
                selector == nullptr ? Selector{} : read_plain_selector(*selector, report_);
        }
        reference.missing = report_.later_warning(*way, "CI013", what + ": this names nobody");
        made_.peers.by_endpoints = true;
        made_.peers.services.push_back(std::move(reference));
    }

    static bool is_domain(std::string_view name, bool pattern) {
        return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                   c == '_' || (pattern && c == '*');
        });
    }

    void read_fqdn(const Node& entry) {
        check_fields(entry, report_, {"matchName", "matchPattern"});
        const Node* way = only_field(entry, report_, "CI003", "an entry of toFQDNs",
                                     {"matchName", "matchPattern"});
        const auto text = way == nullptr ? std::nullopt : text_value(*way, report_);
        if (!text) return;
        std::string name = lower_case(*text);
        if (name.size() > 1 && name.ends_with('.')) name.pop_back();
        const bool pattern = way->key == "matchPattern";
        if (!is_domain(name, pattern)) {
            report_.error(*way, "CI012", in_quotes(*text) + " is not a domain name",
                          !pattern && name.find('*') != std::string::npos
                              ? "a name with \"*\" is a matchPattern"
                              : "letters, digits, \"-\", \"_\" and dots");
            return;
        }
        made_.peers.exact.push_back(DomainPeer{{std::move(name)}});
    }

    const Node& rule_;
    bool in_;
    const std::string& own_namespace_;
    Report& report_;
    Entities entities_;
    PeersRead made_;
};

}  // namespace

PeersRead read_peers(const Node& rule, Direction direction, const std::string& own_namespace,
                     Report& report) {
    return PeerReader(rule, direction, own_namespace, report).read();
}

}  // namespace nspect::ingest::cilium
