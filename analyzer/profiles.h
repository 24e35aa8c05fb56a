// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analyzer/peer_space.h"
#include "analyzer/world.h"

namespace nspect::analyzer {

/// Peers sorted into groups that a list of rules treats alike. Group 0 is everyone not listed.
struct PeerGroups {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> listed;  ///< (peer, group), sorted
    std::vector<std::vector<std::uint32_t>> matched;  ///< by group: rules that name it, in order
};

/// What the policies of one direction allow a class, by group of peers.
struct Profile {
    std::uint32_t groups = 0;  ///< index of its PeerGroups
    std::vector<TrafficId> traffic;
    bool selected = false;
    bool isolated = false;
};

/// One direction, compiled: which profile a class has, and what a profile allows. Classes with the
/// same policies share a profile, and different policies that amount to the same share one, too.
class Profiles {
public:
    Profiles(Direction direction, const World& world, Rulebook& rules,
             const EndpointClasses& classes);

    const PeerSpace& peers() const noexcept { return peers_; }
    const std::vector<Profile>& all() const noexcept { return profiles_; }
    std::uint32_t profile_of(std::uint32_t class_id) const { return profile_of_[class_id]; }
    const PeerGroups& groups(const Profile& profile) const { return groups_[profile.groups]; }
    TrafficId traffic(std::uint32_t class_id, std::uint32_t peer) const;
    /// Policies that select the class in this direction, in document order.
    std::vector<std::uint32_t> policies_of(std::uint32_t class_id) const;

private:
    using Key = std::vector<std::uint32_t>;
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept;
    };
    /// One rule, its peers as a number. `stage` counts stages of the program.
    struct Step {
        std::uint32_t stage = 0;
        Action action = Action::allow;
        std::uint32_t peers = 0;
        TrafficId traffic = TrafficPool::none;
    };
    struct Program {
        std::vector<Step> steps;
        std::vector<bool> isolates;  // by stage
        std::vector<Layer> layers;   // by stage
        bool selected = false;
        bool isolated = false;
    };

    void group_policies();
    void compile_all();
    std::uint32_t compile(const Program& program);
    Program program_of(const std::vector<std::uint32_t>& policies, std::uint32_t signature);
    void add_rule(const RuleRef& rule, std::uint32_t stage, std::uint32_t signature,
                  Program& program);
    void add_named_egress(const RuleRef& rule, std::uint32_t stage, Program& program);
    TrafficId resolved(const RuleRef& rule, std::uint32_t signature);
    static void canonicalise(std::vector<Step>& steps, TrafficPool& traffic);
    std::uint32_t peer_set(const std::vector<PeerRef>& peers);
    std::uint32_t add_peer_set(Key key, PeerSet set);
    std::uint32_t groups_for(const Program& program);
    PeerGroups group_peers(const std::vector<std::uint32_t>& peer_sets);
    TrafficId evaluate(const Program& program, const std::vector<std::uint32_t>& matched);
    TrafficId governed(Layer layer);

    Direction direction_;
    const World& world_;
    Rulebook& rules_;
    const EndpointClasses& classes_;
    PeerSpace peers_;
    std::vector<std::vector<std::uint32_t>> bundles_;        // policies with the same subjects
    std::vector<std::vector<std::uint32_t>> class_bundles_;  // by class
    std::vector<bool> bundle_names_;                         // whether it resolves names
    std::vector<std::uint32_t> profile_of_;
    std::vector<Profile> profiles_;
    std::vector<PeerGroups> groups_;
    std::vector<PeerSet> peer_sets_;
    std::unordered_map<Key, std::uint32_t, KeyHash> peer_set_index_;
    std::unordered_map<Key, std::uint32_t, KeyHash> group_index_;    // by peer sets
    std::unordered_map<Key, std::uint32_t, KeyHash> program_index_;  // by program
    std::vector<std::uint32_t> state_;                               // scratch, by peer
};

}  // namespace nspect::analyzer
