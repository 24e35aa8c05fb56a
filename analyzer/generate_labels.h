// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
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

/// The label set that selects exactly a workload's pods in its namespace: its own selector, which a
/// controller cannot change; else the smallest of labels that all its pods carry, recommended ones
/// first. Never one that a rollout or a single pod sets. Where no set tells it from others, all its
/// labels, and the others are named. Answers are kept; `inventory` must outlive it. Not
/// thread-safe.
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
    /// What of it policies may name; empty where not all its pods carry that.
    Labels own_selector_of(std::size_t workload) const;
    std::vector<Labels::Entry> candidates(std::size_t workload, const Labels& own) const;
    std::vector<std::size_t> others(std::size_t workload, const Labels& labels) const;

    const Inventory& inventory_;
    std::unordered_map<std::string, std::vector<Variant>> by_namespace_;  ///< distinct label sets
    std::unordered_map<std::size_t, WorkloadSelector> known_;
};

/// Whether a policy may name a label.
enum class LabelUse : std::uint8_t {
    any,
    in_own_selector,  ///< of a build: only where the workload's own selector asks for it
    never,            ///< of a rollout, a run or a single pod
};
LabelUse use_of_label(std::string_view key);
/// Whether Kubernetes would take it as a label.
bool is_valid_label(std::string_view key, std::string_view value);

}  // namespace nspect::analyzer
