// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "analyzer/generate.h"

namespace nspect::test {

inline std::string text_of(const Peer& peer) {
    if (const auto* pods = std::get_if<PodPeer>(&peer)) {
        const auto place =
            pods->namespace_name ? *pods->namespace_name : "{" + to_string(pods->namespaces) + "}";
        return place + "/" + to_string(pods->pods);
    }
    if (const auto* block = std::get_if<AddressPeer>(&peer)) {
        std::string text;
        for (const auto& range : block->addresses.intervals()) text += to_string(range);
        return text;
    }
    if (const auto* domains = std::get_if<DomainPeer>(&peer)) return domains->names.at(0);
    if (std::holds_alternative<NodePeer>(peer)) return "nodes";
    return "any";
}

inline std::string text_of(const std::vector<Rule>& rules) {
    std::string text;
    for (const auto& rule : rules) {
        text += " [";
        for (const auto& peer : rule.peers) text += text_of(peer) + " ";
        for (const auto& match : rule.ports) {
            text += ": " + (match.name.empty() ? to_string(match.traffic) : match.name);
        }
        text += "]";
    }
    return text;
}

/// A policy in one line, to be compared and read: "shop/nspect-web app=web in [...] out [...]".
inline std::string text_of(const Policy& policy) {
    return policy.namespace_name + "/" + policy.name + " " + to_string(policy.subjects.at(0).pods) +
           " in" + text_of(policy.ingress) + " out" + text_of(policy.egress);
}

inline std::vector<std::string> text_of(const analyzer::Generated& generated) {
    std::vector<std::string> lines;
    for (const auto& each : generated.policies) lines.push_back(text_of(each.policy));
    return lines;
}

}  // namespace nspect::test
