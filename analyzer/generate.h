// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/engine.h"
#include "analyzer/generate_exclude.h"
#include "analyzer/how_far.h"
#include "model/conversation.h"
#include "model/finding.h"
#include "model/policy.h"
#include "model/time.h"

namespace nspect::analyzer {

/// How finely subjects and peers are told apart.
enum class Granularity : std::uint8_t { workload, whole_namespace };

/// The language that policies are written in.
enum class Dialect : std::uint8_t { kubernetes, admin, cilium, calico };

struct GenerateOptions {
    std::vector<std::string>
        namespaces;            ///< to cover; empty: every namespace with a recorded workload
    bool default_deny = true;  ///< also a policy that isolates what has no rule
    std::vector<std::string> default_deny_namespaces = {};  ///< only there; empty: wherever covered
    std::vector<Policy> keep =
        {};  ///< written by hand: they stay, and what they allow needs no rule
    std::vector<Exclusion> exclude = {};  ///< conversations to leave out
    std::vector<Finding> findings = {};   ///< of the audit, for exclusions that name one
    std::uint64_t min_count = 1;          ///< edges with fewer conversations are left out
    Granularity granularity = Granularity::workload;
    Dialect dialect = Dialect::kubernetes;
    bool fqdn = false;  ///< names instead of addresses where DNS was recorded and the dialect can
    std::size_t external_budget = 16;  ///< address blocks a rule may list before they are joined
};

/// A policy with the reason for each of its rules, to be printed beside it.
struct GeneratedPolicy {
    Policy policy;
    std::vector<std::string> notes;  ///< about the policy as a whole
    std::vector<std::vector<std::string>>
        ingress_notes;  ///< per rule: which conversations justify it
    std::vector<std::vector<std::string>> egress_notes;
    std::string place = {};  ///< the namespace it is about, also where it is in none
};

/// A conversation the generated policies leave out on purpose, or fail to allow.
struct LeftOut {
    std::string subject;  ///< "shop/web[Deployment] -> shop/db[StatefulSet] TCP 5432"
    std::string reason;   ///< "refused", "denied by the policy in force", ...
    std::uint64_t conversations = 0;
};

/// A workload that the policies let talk to nobody.
struct CutOff {
    std::string workload;  ///< "shop/idle[Deployment]"
    std::string place;     ///< its namespace
    std::string reason;    ///< "nothing was recorded of it with anyone else", ...
};

/// Pairs of workloads x (protocol, port) points. Points are counted over the ports that any
/// container declares, any rule names, or any conversation used, so the number means something.
struct Breadth {
    std::uint64_t allowed = 0;
    std::uint64_t used = 0;
};

/// How much one way of saying less than everything lets in beyond what was seen.
struct Cost {
    std::string of;          ///< "labels that several workloads share"
    std::uint64_t ways = 0;  ///< pairs of workloads x points; of blocks: addresses
};

/// How quickly new edges stopped appearing.
struct Stability {
    Duration quiet{};     ///< at the end, without a new edge
    Duration recorded{};  ///< from the first conversation to the last
    std::size_t edges = 0;
    std::size_t seen_once = 0;

    /// Nothing new in the second half of the recording.
    bool settled() const noexcept { return edges > 0 && quiet >= recorded / 2; }
};

struct Proof {
    bool sound = false;             ///< each conversation that passed is allowed, by the engine
    std::vector<LeftOut> broken;    ///< passed, but would be denied: empty when sound
    std::vector<LeftOut> left_out;  ///< on purpose
    std::vector<CutOff> cut_off;    ///< sorted
    Breadth generated;
    Breadth in_force;
    Breadth without_policy;
    std::vector<std::string>
        excess;               ///< what the generated set allows and nobody used, sorted, bounded
    std::vector<Cost> costs;  ///< which generalisation lets in how much of the excess
    Stability stable;
    std::string stability;  ///< the same in words
};

struct Generated {
    std::vector<Policy> proposed;           ///< all that would be in force: generated and staying
    std::vector<GeneratedPolicy> policies;  ///< sorted by namespace and name
    std::vector<std::string> namespaces;    ///< that they cover, sorted
    Proof proof;
    /// What a person should know before signing, with the title of the policy that says it too;
    /// each once, none left out.
    std::vector<std::string> warnings;
};

/// Least-privilege NetworkPolicies for what was seen. `engine` holds the policies in force.
/// Conversations are what is counted.
Generated generate(const PolicyEngine& engine, const std::vector<Conversation>& conversations,
                   const GenerateOptions& options, const HowFar& how_far = {});

}  // namespace nspect::analyzer
