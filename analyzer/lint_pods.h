// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/label_index.h"
#include "analyzer/world.h"

namespace nspect::analyzer {

/// The pods of an inventory by namespace and labels, for selectors that no policy has (those of
/// Services, say), and the words their labels use. Made when first asked.
class LintPods {
public:
    explicit LintPods(const World& world) : world_(world) {}

    /// Endpoints that a Service's selector or a peer selects. Only keys that Services or policies
    /// ask for can be selected by.
    std::vector<std::uint32_t> select(const PodPeer& peer);
    bool any(const PodPeer& peer) { return !select(peer).empty(); }

    /// Label keys of the pods of a namespace, or of all pods, sorted.
    const std::vector<std::string>& keys(const std::optional<std::string>& namespace_name);
    /// The values that these pods have for a key, sorted.
    const std::vector<std::string>& values(const std::optional<std::string>& namespace_name,
                                           const std::string& key);
    /// Keys and values of the labels of namespaces.
    const std::vector<std::string>& namespace_keys();
    const std::vector<std::string>& namespace_values(const std::string& key);

    /// The word near enough to `wanted` to be what was meant, or "". Words that differ in digits
    /// alone are not near. Gives up on everything after millions of comparisons.
    std::string likely(const std::string& wanted, const std::vector<std::string>& words);

private:
    void build();
    IdRange range_of(const std::optional<std::string>& namespace_name);

    const World& world_;
    bool built_ = false;
    LabelIndex index_;
    std::vector<std::uint32_t> endpoints_;                  // namespace by namespace
    std::vector<IdRange> ranges_;                           // by namespace
    std::map<std::string, std::vector<std::string>> keys_;  // by namespace; "" for all
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> values_;
    std::map<std::string, std::vector<std::string>> namespace_words_;
    std::size_t looks_ = 0;
};

}  // namespace nspect::analyzer
