// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>
#include <vector>

#include "tests/oracle/naive_calico.h"

namespace nspect::test {

/// Small clusters with Calico policies at random, the same for the same seed.
class RandomCalico {
public:
    explicit RandomCalico(unsigned seed) : random_(seed) {}

    oracle::calico::World make();

private:
    unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
    bool chance(unsigned percent) { return below(100) < percent; }
    std::string one_of(const std::vector<std::string>& items) {
        return items[below(static_cast<unsigned>(items.size()))];
    }

    oracle::calico::LabelMap labels();
    std::string condition(const std::vector<std::string>& keys);
    std::string selector(const std::vector<std::string>& keys, unsigned depth);
    std::string pod_selector();
    oracle::calico::Pod pod(unsigned number);
    oracle::calico::Policy policy(unsigned number);
    oracle::calico::Policy kubernetes_policy(unsigned number);
    oracle::calico::Rule rule(bool ingress, const std::string& space);
    void traffic(oracle::calico::Rule& rule);
    oracle::calico::Entity peer();
    void blocks(oracle::calico::Rule& rule, bool ingress);

    std::mt19937 random_;
};

/// The cluster as the documents a user would write.
std::string manifests_of(const oracle::calico::World& world);

}  // namespace nspect::test
