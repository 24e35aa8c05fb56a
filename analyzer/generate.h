// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/engine.h"
#include "model/conversation.h"
#include "model/policy.h"

namespace nspect::analyzer {

struct GenerateOptions {
    std::vector<std::string>
        namespaces;            ///< to cover; empty: every namespace with a recorded workload
    bool default_deny = true;  ///< also a policy that isolates what has no rule
};

/// A policy with the reason for each of its rules, to be printed beside it.
struct GeneratedPolicy {
    Policy policy;
    std::vector<std::string> notes;  ///< about the policy as a whole
    std::vector<std::vector<std::string>>
        ingress_notes;  ///< per rule: which conversations justify it
    std::vector<std::vector<std::string>> egress_notes;
};

/// A conversation the generated policies leave out on purpose, or fail to allow.
struct LeftOut {
    std::string subject;  ///< "shop/web[Deployment] -> shop/db[StatefulSet] TCP 5432"
    std::string reason;   ///< "refused", "denied by the policy in force", ...
    std::uint64_t conversations = 0;
};

/// Pairs of workloads x (protocol, port) points. Points are counted over the ports that any
/// container declares, any rule names, or any conversation used, so the number means something.
struct Breadth {
    std::uint64_t allowed = 0;
    std::uint64_t used = 0;
};

struct Proof {
    bool sound = false;             ///< each conversation that passed is allowed, by the engine
    std::vector<LeftOut> broken;    ///< passed, but would be denied: empty when sound
    std::vector<LeftOut> left_out;  ///< on purpose
    Breadth generated;
    Breadth in_force;
    Breadth without_policy;
    std::vector<std::string>
        excess;             ///< what the generated set allows and nobody used, sorted, bounded
    std::string stability;  ///< how quickly new edges stopped appearing, in words
};

struct Generated {
    std::vector<GeneratedPolicy> policies;  ///< sorted by namespace and name
    Proof proof;
};

/// Least-privilege NetworkPolicies for what was seen. `engine` holds the policies in force.
Generated generate(const PolicyEngine& engine, const std::vector<Conversation>& conversations,
                   const GenerateOptions& options);

}  // namespace nspect::analyzer
