// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_limits.h"

#include "model/ip_blocks.h"

namespace nspect::analyzer {
namespace {

constexpr std::size_t longest_name = 253;  // RFC 1123 subdomain, as Kubernetes takes it

template <class T>
std::vector<T> part_of(const std::vector<T>& list, std::size_t from, std::size_t most) {
    const auto begin = std::min(from, list.size());
    const auto end = std::min(list.size(), begin + most);
    return {list.begin() + static_cast<std::ptrdiff_t>(begin),
            list.begin() + static_cast<std::ptrdiff_t>(end)};
}

constexpr std::string_view letters_and_digits =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool is_alphanumeric(char c) {
    return letters_and_digits.find(c) != std::string_view::npos;
}

bool is_label_character(char c) {
    return is_alphanumeric(c) || c == '-' || c == '_';
}

std::vector<std::string_view> labels_of(std::string_view domain) {
    std::vector<std::string_view> labels;
    for (;;) {
        const auto dot = domain.find('.');
        labels.push_back(domain.substr(0, dot));
        if (dot == std::string_view::npos) return labels;
        domain.remove_prefix(dot + 1);
    }
}

}  // namespace

bool can_name(Dialect dialect, std::string_view domain) {
    if (dialect == Dialect::kubernetes) return false;
    const std::size_t longest = dialect == Dialect::cilium ? 255 : longest_name;
    if (domain.size() > longest) return false;
    auto labels = labels_of(domain);
    if (labels.back().empty()) labels.pop_back();  // the root
    if (labels.empty() || (dialect == Dialect::admin && labels.size() < 2)) return false;
    return std::all_of(labels.begin(), labels.end(), [&](std::string_view label) {
        const bool plain =
            !label.empty() && std::all_of(label.begin(), label.end(), is_label_character);
        return plain && (dialect == Dialect::cilium ||
                         (is_alphanumeric(label.front()) && is_alphanumeric(label.back())));
    });
}

std::string claimed_name(const std::string& place, const std::string& wanted, TakenNames& taken) {
    auto name = wanted.substr(0, longest_name);
    for (std::size_t n = 2; !taken.emplace(place, name).second; ++n) {
        const auto end = "-" + std::to_string(n);
        name = wanted.substr(0, longest_name - end.size()) + end;
    }
    return name;
}

std::vector<PortMatch> single_matches(const std::vector<PortMatch>& ports) {
    std::vector<PortMatch> all;
    for (const auto& each : ports) {
        if (!each.name.empty()) {
            all.push_back(each);
            continue;
        }
        for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
            for (const auto& range : each.traffic.ports(protocol).intervals()) {
                all.push_back({TrafficSet::of(protocol, range), "", std::nullopt});
            }
        }
    }
    return all;
}

std::vector<Peer> bounded_peers(const std::vector<Peer>& peers, std::size_t most) {
    std::vector<Peer> all;
    for (const auto& peer : peers) {
        if (const auto* blocks = std::get_if<AddressPeer>(&peer)) {
            for (const auto& part : parts_of(prefixes_of(blocks->addresses), most)) {
                AddressPeer made{{}, blocks->pods, blocks->nodes};
                for (const auto& block : part) made.addresses.insert(block.range());
                all.emplace_back(std::move(made));
            }
        } else if (const auto* domains = std::get_if<DomainPeer>(&peer)) {
            for (auto& names : parts_of(domains->names, most)) {
                all.emplace_back(DomainPeer{std::move(names)});
            }
        } else {
            all.push_back(peer);
        }
    }
    return all;
}

std::vector<GeneratedPolicy> bounded_policies(const GeneratedPolicy& made, std::size_t most,
                                              TakenNames& taken) {
    std::vector<GeneratedPolicy> all;
    const auto longest = std::max(made.policy.ingress.size(), made.policy.egress.size());
    for (std::size_t from = 0; from == 0 || from < longest; from += most) {
        GeneratedPolicy part = made;
        if (from > 0) {
            const auto& place = made.policy.namespace_name;
            part.policy.name = claimed_name(place, made.policy.name, taken);
            part.notes = {"continues " + made.policy.name};
        }
        part.policy.ingress = part_of(made.policy.ingress, from, most);
        part.policy.egress = part_of(made.policy.egress, from, most);
        part.ingress_notes = part_of(made.ingress_notes, from, most);
        part.egress_notes = part_of(made.egress_notes, from, most);
        all.push_back(std::move(part));
    }
    return all;
}

}  // namespace nspect::analyzer
