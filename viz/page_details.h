// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/time.h"

namespace nspect::viz {

/// When the conversations of edges began: a recording's window in equal steps.
struct Activity {
    Timestamp from{};
    Duration step{};
    std::size_t steps = 0;  ///< 0: nothing was recorded
    /// By edge: step and how many began in it, ascending.
    std::vector<std::vector<std::pair<std::size_t, std::uint64_t>>> edges;
};

/// One of the conversations that an edge sums up.
struct EdgeTalk {
    std::size_t edge = 0;
    Timestamp first{};
    std::string client;  ///< "10.0.0.1:40000"
    std::string outcome;
    std::string bytes;
    std::string tls;
    std::string became;  ///< of its packets, where there is something to say
};

/// A policy in force, or one that could be.
struct PolicyText {
    std::string scope;  ///< namespace; empty for the whole cluster
    std::string title;  ///< "NetworkPolicy shop/db"
    std::string place;  ///< "policies.yaml:12"; empty for one that was generated
    std::string text;
};

/// What a report page opens on demand and other formats have no room for.
struct PageDetails {
    Activity activity;
    std::vector<EdgeTalk> talks;  ///< sorted by edge, the latest of each first
    /// "policies.yaml:12:7" -> what is written there.
    std::vector<std::pair<std::string, std::string>> sources;
    std::vector<PolicyText> in_force;
    std::vector<PolicyText> generated;  ///< from the recording, to compare with those in force
    std::vector<std::string> proof;     ///< sentences about `generated`
    bool sound = true;                  ///< whether `generated` allows all that passed
};

}  // namespace nspect::viz
