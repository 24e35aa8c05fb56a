// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_labels.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <utility>

#include "analyzer/generate_limits.h"

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

constexpr std::array<std::string_view, 21> volatile_keys{"pod-template-hash",
                                                         "controller-revision-hash",
                                                         "pod-template-generation",
                                                         "controller-uid",
                                                         "job-name",
                                                         "batch.kubernetes.io/controller-uid",
                                                         "batch.kubernetes.io/job-name",
                                                         "batch.kubernetes.io/job-completion-index",
                                                         "statefulset.kubernetes.io/pod-name",
                                                         "apps.kubernetes.io/pod-index",
                                                         "version",
                                                         "app.kubernetes.io/version",
                                                         "app.kubernetes.io/managed-by",
                                                         "helm.sh/chart",
                                                         "chart",
                                                         "heritage",
                                                         "release-revision",
                                                         "topology.kubernetes.io/zone",
                                                         "topology.kubernetes.io/region",
                                                         "deployment",
                                                         "service.istio.io/canonical-revision"};

constexpr std::array<std::string_view, 6> volatile_prefixes{
    "com.docker.compose.", "com.docker.swarm.task", "org.opencontainers.",
    "io.buildah.",         "io.kubernetes.",        "annotation."};

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

bool is_volatile_label(std::string_view key) {
    if (rank(key) < preferred.size()) return false;
    return std::find(volatile_keys.begin(), volatile_keys.end(), key) != volatile_keys.end() ||
           std::any_of(volatile_prefixes.begin(), volatile_prefixes.end(),
                       [&](std::string_view prefix) { return key.starts_with(prefix); });
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

std::vector<Labels::Entry> WorkloadSelectors::candidates(std::size_t workload) const {
    std::vector<Labels::Entry> common;
    bool first = true;
    for (const auto index : inventory_.endpoints_of(workload)) {
        const auto& endpoint = inventory_.endpoints()[index];
        if (first) {
            for (const auto& entry : endpoint.labels.entries()) {
                if (is_volatile_label(entry.first)) continue;
                if (is_valid_label(entry.first, entry.second)) common.push_back(entry);
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
    const auto entries = candidates(workload);
    const auto exact = [&](const Labels& labels) { return others(workload, labels).empty(); };
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
