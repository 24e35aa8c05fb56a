// SPDX-License-Identifier: Apache-2.0
#include "analyzer/lint_pods.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "model/diagnostics.h"

namespace nspect::analyzer {
namespace {

/// Some seconds of comparing words.
constexpr std::size_t most_looks = 5'000'000;

std::string without_digits(std::string_view text) {
    std::string rest;
    std::copy_if(text.begin(), text.end(), std::back_inserter(rest),
                 [](char c) { return c < '0' || c > '9'; });
    return rest;
}

template <class Words>
std::vector<std::string> listed(const Words& words) {
    return {words.begin(), words.end()};
}

void keep(LabelIndex& index, const World& world) {
    for (const Service& service : world.inventory.services()) {
        index.keep_keys_of(service.selector);
    }
    const auto keep_peer = [&](const PodPeer& peer) { index.keep_keys_of(peer.pods); };
    for (const Policy& policy : world.policies) {
        for (const PodPeer& subject : policy.subjects) keep_peer(subject);
        for (const auto* rules : {&policy.ingress, &policy.egress}) {
            for (const Rule& rule : *rules) {
                for (const Peer& peer : rule.peers) {
                    if (const auto* pods = std::get_if<PodPeer>(&peer)) keep_peer(*pods);
                }
            }
        }
    }
}

}  // namespace

void LintPods::build() {
    if (built_) return;
    built_ = true;
    keep(index_, world_);
    const auto& inventory = world_.inventory;
    std::vector<std::vector<std::uint32_t>> members(inventory.namespaces().size());
    for (std::uint32_t i = 0; i < inventory.endpoints().size(); ++i) {
        const auto& id = inventory.workload_of(inventory.endpoints()[i]);
        members[inventory.find_namespace(id.namespace_name).value_or(0)].push_back(i);
    }
    for (const auto& space : members) {
        const std::uint32_t first = index_.size();
        for (const std::uint32_t endpoint : space) {
            index_.add(index_.relevant(policy_labels(inventory.endpoints()[endpoint])));
            endpoints_.push_back(endpoint);
        }
        ranges_.push_back({first, index_.size()});
    }
}

IdRange LintPods::range_of(const std::optional<std::string>& namespace_name) {
    build();
    if (!namespace_name) return {0, index_.size()};
    const auto space = world_.inventory.find_namespace(*namespace_name);
    return space ? ranges_[*space] : IdRange{};
}

std::vector<std::uint32_t> LintPods::select(const PodPeer& peer) {
    build();
    std::vector<std::uint32_t> found;
    const auto add = [&](IdRange range) {
        for (const std::uint32_t id : index_.select(peer.pods, range)) {
            found.push_back(endpoints_[id]);
        }
    };
    if (peer.namespace_name || peer.namespaces.matches_everything()) {
        add(range_of(peer.namespace_name));
        return found;
    }
    const auto& spaces = world_.inventory.namespaces();
    for (std::size_t i = 0; i < spaces.size(); ++i) {
        if (peer.namespaces.matches(spaces[i].labels)) add(ranges_[i]);
    }
    return found;
}

const std::vector<std::string>& LintPods::keys(const std::optional<std::string>& namespace_name) {
    const auto [entry, fresh] = keys_.try_emplace(namespace_name.value_or(""));
    if (!fresh) return entry->second;
    std::set<std::string> words;
    const IdRange range = range_of(namespace_name);
    for (std::uint32_t i = range.first; i < range.end; ++i) {
        for (const auto& [key, _] : world_.inventory.endpoints()[endpoints_[i]].labels.entries()) {
            words.insert(key);
        }
    }
    return entry->second = listed(words);
}

const std::vector<std::string>& LintPods::values(const std::optional<std::string>& namespace_name,
                                                 const std::string& key) {
    const auto [entry, fresh] = values_.try_emplace({namespace_name.value_or(""), key});
    if (!fresh) return entry->second;
    std::set<std::string> words;
    const IdRange range = range_of(namespace_name);
    for (std::uint32_t i = range.first; i < range.end; ++i) {
        const auto* value = world_.inventory.endpoints()[endpoints_[i]].labels.find(key);
        if (value != nullptr) words.insert(*value);
    }
    return entry->second = listed(words);
}

const std::vector<std::string>& LintPods::namespace_keys() {
    const auto [entry, fresh] = namespace_words_.try_emplace("");
    if (!fresh) return entry->second;
    std::set<std::string> words;
    for (const Namespace& space : world_.inventory.namespaces()) {
        for (const auto& [key, _] : space.labels.entries()) words.insert(key);
    }
    return entry->second = listed(words);
}

const std::vector<std::string>& LintPods::namespace_values(const std::string& key) {
    const auto [entry, fresh] = namespace_words_.try_emplace(key);
    if (!fresh) return entry->second;
    std::set<std::string> words;
    for (const Namespace& space : world_.inventory.namespaces()) {
        if (const auto* value = space.labels.find(key)) words.insert(*value);
    }
    return entry->second = listed(words);
}

std::string LintPods::likely(const std::string& wanted, const std::vector<std::string>& words) {
    if (looks_ > most_looks) return {};
    looks_ += words.size();
    const std::size_t most = std::max<std::size_t>(wanted.size(), 3) / 3;
    const std::string letters = without_digits(wanted);
    std::vector<std::string> candidates;
    for (const std::string& word : words) {
        const std::size_t longer = std::max(word.size(), wanted.size());
        if (longer - std::min(word.size(), wanted.size()) > most) continue;
        if (without_digits(word) == letters) continue;
        candidates.push_back(word);
    }
    looks_ += candidates.size() * 10;
    return nearest_name(wanted, candidates);
}

}  // namespace nspect::analyzer
