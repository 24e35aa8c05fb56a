// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>
#include <vector>

#include "tests/oracle/naive_cilium.h"

namespace nspect::worlds {

/// Clusters with Cilium's policies at random, the same for the same seed.
class RandomCilium {
public:
    explicit RandomCilium(unsigned seed) : random_(seed) {}
    oracle::cilium::Cluster make();

private:
    unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
    bool chance(unsigned percent) { return below(100) < percent; }
    template <class T>
    T one_of(const std::vector<T>& items) {
        return items[below(static_cast<unsigned>(items.size()))];
    }

    oracle::cilium::Pairs labels();
    oracle::cilium::Match match(bool with_namespaces);
    oracle::cilium::Selector selector(bool with_namespaces);
    oracle::cilium::Rule rule(bool in, bool allows);
    void add_peers(bool in, oracle::cilium::Rule& rule);
    oracle::cilium::Block block();
    oracle::cilium::Section section(bool in);
    oracle::cilium::Policy policy(std::size_t number);

    std::mt19937 random_;
};

/// The cluster as manifests.
std::string to_yaml(const oracle::cilium::Cluster& cluster);

}  // namespace nspect::worlds
