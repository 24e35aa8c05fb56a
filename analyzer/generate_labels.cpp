// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_labels.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <utility>

#include "analyzer/generate_limits.h"
#include "model/own_selector.h"

namespace nspect::analyzer {
namespace {

/// Best first. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ and
/// what people use beside them.
constexpr std::array<std::string_view, 11> preferred{"app.kubernetes.io/name",
                                                     "app.kubernetes.io/instance",
                                                     "app.kubernetes.io/component",
                                                     "app",
                                                     "k8s-app",
                                                     "name",
                                                     "component",
                                                     "role",
                                                     "tier",
                                                     "com.docker.compose.service",
                                                     "nspect.io/name"};

/// Of one rollout, one run, one pod, or where it happens to stand.
constexpr std::array<std::string_view, 13> momentary_keys{
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "batch.kubernetes.io/job-completion-index",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "deployment",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region"};

/// Of a build: the next one has another. A workload whose own selector asks for it keeps it.
constexpr std::array<std::string_view, 8> version_keys{"version",
                                                       "app.kubernetes.io/version",
                                                       "app.kubernetes.io/managed-by",
                                                       "helm.sh/chart",
                                                       "chart",
                                                       "heritage",
                                                       "release-revision",
                                                       "service.istio.io/canonical-revision"};

constexpr std::array<std::string_view, 6> momentary_prefixes{
    "com.docker.compose.", "com.docker.swarm.task", "org.opencontainers.",
    "io.buildah.",         "io.kubernetes.",        "annotation."};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& keys, std::string_view key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool is_name_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
}

bool is_alphanumeric(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

/// At most 63 characters, beginning and ending with a letter or digit.
bool is_label_name(std::string_view text) {
    return !text.empty() && text.size() <= 63 && is_alphanumeric(text.front()) &&
           is_alphanumeric(text.back()) && std::all_of(text.begin(), text.end(), is_name_character);
}

std::size_t rank(std::string_view key) {
    const auto found = std::find(preferred.begin(), preferred.end(), key);
    return static_cast<std::size_t>(found - preferred.begin());
}

bool carries(const Labels& labels, const Labels& wanted) {
    return std::all_of(wanted.entries().begin(), wanted.entries().end(), [&](const auto& entry) {
        const auto* value = labels.find(entry.first);
        return value != nullptr && *value == entry.second;
    });
}

/// Longer than an expression of Calico may be.
bool is_long(const Labels& labels) {
    constexpr std::size_t signs = 10;  // KEY == 'VALUE' &&
    std::size_t size = 0;
    for (const auto& [key, value] : labels.entries()) size += key.size() + value.size() + signs;
    return size > most_calico_selector;
}

Labels of_entries(std::initializer_list<Labels::Entry> entries) {
    return Labels(entries);
}

}  // namespace

LabelUse use_of_label(std::string_view key) {
    if (rank(key) < preferred.size()) return LabelUse::any;
    const bool momentary = is_one_of(momentary_keys, key) ||
                           std::any_of(momentary_prefixes.begin(), momentary_prefixes.end(),
                                       [&](auto prefix) { return key.starts_with(prefix); });
    if (momentary) return LabelUse::never;
    return is_one_of(version_keys, key) ? LabelUse::in_own_selector : LabelUse::any;
}

bool is_valid_label(std::string_view key, std::string_view value) {
    const auto slash = key.find('/');
    const auto name = slash == std::string_view::npos ? key : key.substr(slash + 1);
    if (slash != std::string_view::npos && (slash == 0 || slash > 253)) return false;
    return is_label_name(name) && (value.empty() || is_label_name(value));
}

WorkloadSelectors::WorkloadSelectors(const Inventory& inventory) : inventory_(inventory) {
    std::set<std::pair<std::size_t, Labels>> distinct;
    for (const auto& endpoint : inventory.endpoints()) {
        if (!distinct.emplace(endpoint.workload, endpoint.labels).second) continue;
        by_namespace_[inventory.workload_of(endpoint).namespace_name].push_back(
            {endpoint.workload, &endpoint.labels});
    }
}

const WorkloadSelector& WorkloadSelectors::of(std::size_t workload) {
    const auto known = known_.find(workload);
    if (known != known_.end()) return known->second;
    return known_.emplace(workload, choose(workload)).first->second;
}

Labels WorkloadSelectors::own_selector_of(std::size_t workload) const {
    const auto pods = inventory_.endpoints_of(workload);
    Labels own;
    for (const auto pod : pods) {
        const Labels asked = own_selector(inventory_.endpoints()[pod]);
        for (const auto& label : asked.entries()) {
            const bool named = is_valid_label(label.first, label.second) &&
                               use_of_label(label.first) != LabelUse::never;
            if (named) own.set(label.first, label.second);
        }
        if (!own.empty()) break;
    }
    const bool holds = std::all_of(pods.begin(), pods.end(), [&](std::size_t pod) {
        return carries(inventory_.endpoints()[pod].labels, own);
    });
    return holds ? own : Labels();
}

std::vector<Labels::Entry> WorkloadSelectors::candidates(std::size_t workload,
                                                         const Labels& own) const {
    std::vector<Labels::Entry> common;
    const auto may_name = [&](const Labels::Entry& label) {
        if (!is_valid_label(label.first, label.second)) return false;
        const auto use = use_of_label(label.first);
        return use == LabelUse::any ||
               (use == LabelUse::in_own_selector && own.find(label.first) != nullptr);
    };
    bool first = true;
    for (const auto index : inventory_.endpoints_of(workload)) {
        const auto& endpoint = inventory_.endpoints()[index];
        if (first) {
            for (const auto& entry : endpoint.labels.entries()) {
                if (may_name(entry)) common.push_back(entry);
            }
        }
        first = false;
        std::erase_if(common, [&](const auto& entry) {
            const auto* value = endpoint.labels.find(entry.first);
            return value == nullptr || *value != entry.second;
        });
    }
    std::stable_sort(common.begin(), common.end(),
                     [](const auto& a, const auto& b) { return rank(a.first) < rank(b.first); });
    return common;
}

std::vector<std::size_t> WorkloadSelectors::others(std::size_t workload,
                                                   const Labels& labels) const {
    std::set<std::size_t> selected;
    const auto& place = inventory_.workloads()[workload].id.namespace_name;
    const auto found = by_namespace_.find(place);
    if (found == by_namespace_.end()) return {};
    for (const auto& variant : found->second) {
        if (variant.workload == workload || !carries(*variant.labels, labels)) continue;
        selected.insert(variant.workload);
    }
    return {selected.begin(), selected.end()};
}

WorkloadSelector WorkloadSelectors::choose(std::size_t workload) const {
    const auto exact = [&](const Labels& labels) { return others(workload, labels).empty(); };
    const auto own = own_selector_of(workload);
    if (!own.empty() && exact(own) && !is_long(own)) return {own, {}};
    const auto entries = candidates(workload, own);
    for (const auto& a : entries) {
        if (auto labels = of_entries({a}); exact(labels)) return {std::move(labels), {}};
    }
    for (std::size_t a = 0; a < entries.size(); ++a) {
        for (std::size_t b = a + 1; b < entries.size(); ++b) {
            auto labels = of_entries({entries[a], entries[b]});
            if (exact(labels)) return {std::move(labels), {}};
        }
    }
    Labels all;
    for (const auto& [key, value] : entries) all.set(key, value);
    // More than two are needed: leave out, from the least telling on, what is not.
    if (exact(all)) {
        for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
            Labels fewer = all;
            fewer.erase(entry->first);
            if (exact(fewer)) all = std::move(fewer);
        }
    }
    auto also = others(workload, all);
    // Nothing tells them apart, and a selector has a length: those that exclude nobody can go.
    for (auto entry = entries.rbegin(); entry != entries.rend() && is_long(all); ++entry) {
        Labels fewer = all;
        fewer.erase(entry->first);
        if (others(workload, fewer) == also) all = std::move(fewer);
    }
    return {std::move(all), std::move(also)};
}

}  // namespace nspect::analyzer
