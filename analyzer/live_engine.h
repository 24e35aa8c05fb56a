// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/engine.h"

namespace nspect::analyzer {

/// Declared policy while it changes: one policy or one pod at a time, without compiling the world
/// anew. Questions that a change does not touch are answered by what was compiled; the others
/// straight from the policies of the two ends. After `most_changes` the world is compiled again,
/// so that questions stay cheap. Answers are those of a PolicyEngine on the world as it is now.
///
/// A policy or an endpoint that is set anew gets a new index and counts as the last one in document
/// order. Indices that were removed must not be asked about. Not thread-safe.
class LiveEngine {
public:
    static constexpr std::size_t most_changes = 256;

    explicit LiveEngine(World world);
    LiveEngine(const LiveEngine&) = delete;
    LiveEngine& operator=(const LiveEngine&) = delete;

    /// Adds a policy, in place of the one with its kind, namespace and name. Some languages need
    /// several values for one policy. REQUIRES: parts have one title; there is at least one.
    void set_policy(std::vector<Policy> parts);
    /// By policy_title(). False when there is none.
    bool remove_policy(const std::string& title);
    /// Adds an endpoint with its addresses; its index.
    std::size_t add_endpoint(const WorkloadId& workload, Endpoint endpoint,
                             const std::vector<IpAddress>& addresses);
    /// REQUIRES: is_alive(endpoint).
    void remove_endpoint(std::size_t endpoint);

    bool is_alive(std::size_t endpoint) const;
    TrafficSet allowed(const Who& from, const Who& to) const;
    TrafficSet allowed(Direction direction, const Who& from, const Who& to) const;
    /// Policies that select the endpoint in the direction now, as indices into world().policies.
    std::vector<std::size_t> policies_of(std::size_t endpoint, Direction direction) const;

    /// As it is now; removed policies and endpoints are still listed until the next compilation.
    const World& world() const noexcept { return world_; }
    /// Those that were made since the last compilation.
    std::size_t changes() const noexcept { return changes_; }

private:
    void count_change();
    void compile();
    void index_policy(std::size_t policy);
    bool is_compiled(const Who& who) const { return !who.endpoint || *who.endpoint < compiled_; }
    bool is_unchanged(const Who& subject, Direction direction) const;
    void add_selecting(const std::string& space, std::size_t first, std::size_t endpoint,
                       Direction direction, std::vector<std::size_t>& policies) const;
    TrafficSet side(Direction direction, const Who& subject, const Who& peer,
                    IpFamily family) const;

    World world_;
    std::optional<PolicyEngine> engine_;
    std::size_t compiled_ = 0;           // endpoints the engine knows
    std::size_t compiled_policies_ = 0;  // policies the engine knows
    std::vector<bool> dead_policies_;
    std::vector<bool> dead_endpoints_;
    std::unordered_map<std::string, std::vector<std::size_t>> by_title_;
    /// Policies by the one namespace of their subjects; "" for those that may select anywhere.
    std::unordered_map<std::string, std::vector<std::size_t>> by_namespace_;
    std::size_t changes_ = 0;
};

}  // namespace nspect::analyzer
