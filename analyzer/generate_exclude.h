// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/observed.h"
#include "model/conversation.h"
#include "model/finding.h"
#include "model/inventory.h"
#include "model/result.h"

namespace nspect::analyzer {

/// Conversations that policies should not be generated from: those for which all conditions hold.
struct Exclusion {
    std::string text;  ///< as written: "workload=shop/scanner,port=22"
    std::vector<std::pair<std::string, std::string>> conditions;
};

/// Conditions joined by commas, each KEY=VALUE:
///   workload=shop/web      either end belongs to it
///   label=app=scanner      either end carries the label; label=scanner: has the key
///   port=22, port=udp/53   the server's port
///   outcome=one-way        how it went
///   address=10.0.0.0/8     either end's address is in it
///   finding=CODE           the audit reports the edge under this code
/// An Error names the condition that makes no sense.
Result<Exclusion> parse_exclusion(std::string_view text);

/// Whether conversations are excluded. Not thread-safe; everything handed over must outlive it.
class Exclusions {
public:
    Exclusions(const Inventory& inventory, const Observed& observed,
               const std::vector<Conversation>& conversations,
               const std::vector<Exclusion>& exclusions, const std::vector<Finding>& findings);

    /// The exclusion that holds for a conversation, by index; nullptr when none does.
    const Exclusion* of(std::size_t conversation) const;

private:
    bool holds(const std::pair<std::string, std::string>& condition, std::size_t index) const;
    bool any_end(std::size_t index, const std::pair<std::string, std::string>& condition) const;

    const Inventory& inventory_;
    const Observed& observed_;
    const std::vector<Conversation>& conversations_;
    const std::vector<Exclusion>& exclusions_;
    std::map<std::string, std::set<std::string>> subjects_;   ///< of findings, by code
    std::map<std::string, std::set<std::size_t>> workloads_;  ///< by name as written
};

}  // namespace nspect::analyzer
