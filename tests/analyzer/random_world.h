// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>
#include <vector>

#include "analyzer/engine.h"
#include "analyzer/world.h"

namespace nspect::worlds {

/// Worlds at random, the same for the same seed: all tiers, all selector operators, both address
/// families, host network, nodes, service accounts, named ports; small numbers, so that things
/// meet.
class RandomWorld {
public:
    explicit RandomWorld(unsigned seed) : random_(seed) {}

    analyzer::World make();
    /// Every endpoint, also over one family each, and some addresses inside and outside of blocks.
    std::vector<analyzer::Who> parties(const analyzer::World& world);
    static std::vector<TrafficPoint> points();

private:
    unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
    bool chance(unsigned percent) { return below(100) < percent; }
    template <class T>
    const T& one_of(const std::vector<T>& items) {
        return items[below(static_cast<unsigned>(items.size()))];
    }

    void add_nodes(Inventory& inventory);
    void add_pods(Inventory& inventory);
    Labels labels();
    Selector selector();
    PodPeer pod_peer(const std::string& space);
    Peer peer(const std::string& space);
    Rule rule(bool may_deny, const std::string& space, double order);
    PortMatch ports();
    Policy policy(std::size_t number);

    std::mt19937 random_;
};

}  // namespace nspect::worlds
