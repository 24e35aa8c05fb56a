// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <random>
#include <string>
#include <vector>

#include "tests/oracle/naive_linkerd.h"

namespace nspect::worlds {

/// Pods and Linkerd's documents at random, the same for the same seed.
class RandomLinkerd {
public:
    explicit RandomLinkerd(unsigned seed) : random_(seed) { make(); }

    /// The world as manifests.
    std::string yaml() const;

    std::list<oracle::linkerd::Space> spaces;
    std::vector<oracle::linkerd::Pod> pods;
    oracle::linkerd::World world;

private:
    using Words = oracle::linkerd::Words;

    unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
    bool chance(unsigned percent) { return below(100) < percent; }
    std::string one_of(const Words& words) {
        return words[below(static_cast<unsigned>(words.size()))];
    }
    std::string perhaps(unsigned percent, const Words& words) {
        return chance(percent) ? one_of(words) : "";
    }
    oracle::linkerd::Needs needs(bool policy);
    void make_pods();
    void make();

    std::mt19937 random_;
};

}  // namespace nspect::worlds
