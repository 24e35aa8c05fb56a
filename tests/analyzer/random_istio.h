// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <random>
#include <string>
#include <vector>

#include "tests/oracle/naive_istio.h"

namespace nspect::worlds {

/// Pods and AuthorizationPolicies at random, the same for the same seed.
class RandomIstio {
public:
    explicit RandomIstio(unsigned seed) : random_(seed) { make(); }

    /// The world as manifests.
    std::string yaml() const;

    std::list<oracle::istio::Space> spaces;
    std::vector<oracle::istio::Pod> pods;
    std::vector<oracle::istio::Policy> policies;

private:
    using Words = oracle::istio::Words;

    unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
    bool chance(unsigned percent) { return below(100) < percent; }
    std::string one_of(const Words& words) {
        return words[below(static_cast<unsigned>(words.size()))];
    }
    Words some(const Words& words, unsigned percent);
    oracle::istio::Source source();
    oracle::istio::Rule rule();
    void make();

    std::mt19937 random_;
};

}  // namespace nspect::worlds
