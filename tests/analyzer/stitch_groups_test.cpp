// SPDX-License-Identifier: Apache-2.0
#include "analyzer/stitch_groups.h"

#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

using namespace nspect::analyzer;

namespace {

using Groups = std::set<std::vector<std::uint32_t>>;
using Hashes = std::vector<std::optional<std::uint64_t>>;

Groups groups_of(const Hashes& hashes, unsigned threads) {
    std::mutex mutex;
    Groups found;
    HashGroups(static_cast<std::uint32_t>(hashes.size()), threads)
        .each([&](std::uint32_t i) { return hashes[i]; },
              [&](HashGroup group) {
                  const std::scoped_lock lock(mutex);
                  CHECK(found.insert({group.begin(), group.end()}).second);
              });
    return found;
}

Groups expected(const Hashes& hashes) {
    std::map<std::uint64_t, std::vector<std::uint32_t>> by_hash;
    for (std::uint32_t i = 0; i < hashes.size(); ++i) {
        if (hashes[i]) by_hash[*hashes[i]].push_back(i);
    }
    Groups groups;
    for (const auto& [_, group] : by_hash) {
        if (group.size() > 1) groups.insert(group);
    }
    return groups;
}

}  // namespace

TEST_CASE("those that share a hash are found, and nobody else", "[stitch]") {
    const unsigned threads = GENERATE(1U, 2U, 3U);
    const std::size_t count = GENERATE(0U, 1U, 2U, 100U, 5'000U, 70'000U);
    std::mt19937_64 random(count);
    Hashes hashes(count);
    for (auto& each : hashes) {
        if (random() % 5 != 0) each = random() % (count / 2 + 1) * 0x9e3779b97f4a7c15ULL;
    }
    CHECK(groups_of(hashes, threads) == expected(hashes));
}

TEST_CASE("a hash that all share makes one group of all", "[stitch]") {
    const std::uint64_t hash = GENERATE(0U, 1U, ~0ULL);
    const Hashes hashes(20'000, hash);
    CHECK(groups_of(hashes, 2) == expected(hashes));
}
