// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/generate.h"
#include "analyzer/generate_demand.h"

namespace nspect::analyzer {

/// How the name of a policy ends that isolates a namespace as a whole.
inline constexpr std::string_view default_deny_name = "default-deny";

/// The policies that allow what is demanded, and address blocks that are wider than what was seen.
struct WrittenPolicies {
    std::vector<GeneratedPolicy> policies;  ///< sorted by namespace and name
    std::vector<std::string> wider_blocks;  ///< "shop/web[Deployment] -> 203.0.113.0/29 TCP 443"
    std::uint64_t addresses_seen = 0;       ///< in those blocks
    std::uint64_t addresses_let_in = 0;     ///< by those blocks; at most all of IPv4 for each
};

struct WriteOptions {
    std::set<std::string> default_deny;  ///< namespaces to isolate as a whole
    Granularity granularity = Granularity::workload;
    bool port_names = true;
    std::size_t external_budget = 16;
    /// Beside policies that exist: only what is demanded, isolating in no other direction.
    bool additions = false;
};

/// Writes policies in the normal form of NetworkPolicy. What it works out about the inventory is
/// kept from one call to the next. Not thread-safe; `inventory` must outlive it.
class PolicyWriter {
public:
    PolicyWriter(const Inventory& inventory, WriteOptions options);
    ~PolicyWriter();
    PolicyWriter(const PolicyWriter&) = delete;
    PolicyWriter& operator=(const PolicyWriter&) = delete;

    WrittenPolicies write(const Demands& demands);

private:
    struct Known;
    std::unique_ptr<Known> known_;
};

}  // namespace nspect::analyzer
