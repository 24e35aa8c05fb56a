// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/inventory.h"

namespace nspect::analyzer {

/// How policies select a workload.
struct WorkloadSelector {
    Labels labels;                  ///< empty: every pod of the namespace
    std::vector<std::size_t> also;  ///< other workloads that these labels select, sorted
};

/// The smallest label set that selects exactly a workload's pods in its namespace: labels that all
/// its pods carry, recommended ones first, never one that a rollout or a single pod sets. Where no
/// set tells it from others, all its labels, and the others are named. Answers are kept;
/// `inventory` must outlive it. Not thread-safe.
class WorkloadSelectors {
public:
    explicit WorkloadSelectors(const Inventory& inventory);

    const WorkloadSelector& of(std::size_t workload);

private:
    struct Variant {
        std::size_t workload = 0;
        const Labels* labels = nullptr;
    };
    WorkloadSelector choose(std::size_t workload) const;
    std::vector<Labels::Entry> candidates(std::size_t workload) const;
    std::vector<std::size_t> others(std::size_t workload, const Labels& labels) const;

    const Inventory& inventory_;
    std::unordered_map<std::string, std::vector<Variant>> by_namespace_;  ///< distinct label sets
    std::unordered_map<std::size_t, WorkloadSelector> known_;
};

/// Whether a label is set by a rollout, a single pod or a build, so that no policy should name it.
bool is_volatile_label(std::string_view key);
/// Whether Kubernetes would take it as a label.
bool is_valid_label(std::string_view key, std::string_view value);

}  // namespace nspect::analyzer
