// SPDX-License-Identifier: Apache-2.0
#include "ingest/istio/sources.h"

#include <algorithm>

#include "model/workload.h"

namespace nspect::ingest::istio {

namespace {

using Op = Requirement::Op;

constexpr const char* dataplane_mode = "istio.io/dataplane-mode";
constexpr const char* namespace_injection = "istio-injection";

Requirement is(std::string_view key, std::string value) {
    return {std::string(key), Op::in, {std::move(value)}};
}

Requirement is_not(std::string_view key, std::string value) {
    return {std::string(key), Op::not_in, {std::move(value)}};
}

Term term(std::vector<Requirement> namespaces, std::vector<Requirement> pods) {
    return {Selector(std::move(namespaces)), Selector(std::move(pods)), std::nullopt};
}

/// Whether some object can have both: a key that must be one of some values, and none of them fits.
bool can_hold(const Selector& selector) {
    const auto& all = selector.requirements();
    return std::none_of(all.begin(), all.end(), [&](const Requirement& one) {
        if (one.op != Op::in) return false;
        return std::none_of(one.values.begin(), one.values.end(), [&](const std::string& value) {
            const Labels only{{one.key, value}};
            return std::all_of(all.begin(), all.end(), [&](const Requirement& other) {
                return other.key != one.key || other.matches(only);
            });
        });
    });
}

Selector both(Selector left, const Selector& right) {
    for (const Requirement& requirement : right.requirements()) left.add(requirement);
    return left;
}

std::optional<Term> both(const Term& left, const Term& right) {
    Term result{both(left.namespaces, right.namespaces), both(left.pods, right.pods),
                left.addresses};
    if (right.addresses) {
        result.addresses = left.addresses ? *left.addresses & *right.addresses : *right.addresses;
    }
    if (result.addresses && result.addresses->empty()) return std::nullopt;
    if (!can_hold(result.namespaces) || !can_hold(result.pods)) return std::nullopt;
    return result;
}

void insert(std::vector<Term>& terms, Term added) {
    if (std::find(terms.begin(), terms.end(), added) == terms.end()) {
        terms.push_back(std::move(added));
    }
}

/// A namespace asked for by its name alone is written as such.
PodPeer pod_peer(const Term& term) {
    PodPeer peer;
    peer.pods = term.pods;
    peer.addresses = term.addresses;
    const auto& asked = term.namespaces.requirements();
    const bool by_name = asked.size() == 1 && asked[0].op == Op::in &&
                         asked[0].key == namespace_name_label && asked[0].values.size() == 1;
    if (by_name) {
        peer.namespace_name = asked[0].values[0];
    } else {
        peer.namespaces = term.namespaces;
    }
    return peer;
}

bool any_pod(const Term& term) {
    return term.namespaces.matches_everything() && term.pods.matches_everything();
}

}  // namespace

Sources Sources::everyone() {
    return {{Term{}}, all_addresses()};
}

Sources operator|(const Sources& left, const Sources& right) {
    Sources result = left;
    for (const Term& each : right.pods) insert(result.pods, each);
    result.outside = left.outside | right.outside;
    return result;
}

Sources operator&(const Sources& left, const Sources& right) {
    Sources result;
    result.outside = left.outside & right.outside;
    for (const Term& a : left.pods) {
        for (const Term& b : right.pods) {
            if (auto made = both(a, b)) insert(result.pods, std::move(*made));
        }
    }
    return result;
}

Sources in_mesh() {
    const Requirement own_network{std::string(host_network_key), Op::does_not_exist, {}};
    Sources result;
    result.pods = {
        term({is_not(namespace_injection, "disabled")},
             {is(proxy_injection_key, "true"), own_network}),
        term({}, {is(dataplane_mode, "ambient"), own_network}),
        term({is(dataplane_mode, "ambient")}, {is_not(dataplane_mode, "none"), own_network}),
        term({is_not(namespace_injection, "disabled")},
             {is_not(proxy_injection_key, "false"), is_not(dataplane_mode, "none"), own_network})};
    return result;
}

Sources outside_mesh() {
    const Requirement no_proxy = is_not(proxy_injection_key, "true");
    const Requirement not_ambient = is_not(dataplane_mode, "ambient");
    const Requirement plain_namespace = is_not(dataplane_mode, "ambient");
    Sources result;
    result.pods = {term({}, {Requirement{std::string(host_network_key), Op::exists, {}}}),
                   term({}, {no_proxy, is(dataplane_mode, "none")}),
                   term({is(namespace_injection, "disabled")}, {is(dataplane_mode, "none")}),
                   term({plain_namespace, is(namespace_injection, "disabled")}, {not_ambient}),
                   term({plain_namespace}, {is(proxy_injection_key, "false"), not_ambient})};
    result.outside = all_addresses();
    return result;
}

std::vector<Peer> peers_of(const Sources& sources) {
    std::vector<Peer> peers;
    IpSet outside = sources.outside;
    for (const Term& each : sources.pods) {
        if (!any_pod(each)) {
            peers.emplace_back(pod_peer(each));
        } else if (!each.addresses && outside == all_addresses()) {
            return {AnyPeer{}};
        } else if (each.addresses && *each.addresses == outside) {
            peers.emplace_back(AddressPeer{outside, PodsByAddress::yes, true});
            outside = {};
        } else {
            peers.emplace_back(pod_peer(each));
        }
    }
    if (!outside.empty()) peers.emplace_back(AddressPeer{outside, PodsByAddress::no, true});
    return peers;
}

std::vector<PodPeer> pods_of(const Sources& sources, const std::string& namespace_name) {
    Sources wanted = sources;
    if (!namespace_name.empty()) {
        wanted = wanted & Sources{{term({is(namespace_name_label, namespace_name)}, {})}, {}};
    }
    std::vector<PodPeer> pods;
    for (const Term& each : wanted.pods) pods.push_back(pod_peer(each));
    return pods;
}

}  // namespace nspect::ingest::istio
