// SPDX-License-Identifier: Apache-2.0
#include "model/hash_seed.h"

#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "model/ip.h"

using namespace nspect;

namespace {

constexpr HashSeed other_seed{0x123456789abcdef1, 0xfedcba987654321f};

/// Lets another seed hold until its end.
class Reseeded {
public:
    explicit Reseeded(HashSeed seed) { set_hash_seed(seed); }
    Reseeded(const Reseeded&) = delete;
    Reseeded& operator=(const Reseeded&) = delete;
    ~Reseeded() { set_hash_seed({}); }
};

/// 200 keys that fall into one of 1024 places, and how many share the fullest one under another
/// seed.
template <class Key, class Hash, class Make>
int most_together(Hash hash, Make make) {
    std::vector<Key> keys;
    for (std::uint32_t i = 0; keys.size() < 200; ++i) {
        Key key = make(i);
        if ((hash(key) & 1023U) == 7) keys.push_back(std::move(key));
    }
    const Reseeded reseeded(other_seed);
    std::map<std::size_t, int> places;
    int most = 0;
    for (const auto& key : keys) most = std::max(most, ++places[hash(key) & 1023U]);
    return most;
}

}  // namespace

TEST_CASE("addresses made to fall together under one seed do not under another", "[hash]") {
    const auto v4 = [](std::uint32_t i) { return IpAddress::v4(0x30000000U + i); };
    const auto v6 = [](std::uint32_t i) { return IpAddress::v6(0xfd00000000000000U, i); };
    CHECK(most_together<IpAddress>(std::hash<IpAddress>{}, v4) < 6);
    CHECK(most_together<IpAddress>(std::hash<IpAddress>{}, v6) < 6);
}

TEST_CASE("names made to fall together under one seed do not under another", "[hash]") {
    const auto name = [](std::uint32_t i) { return "host-" + std::to_string(i) + ".example"; };
    CHECK(most_together<std::string>(SeededTextHash{}, name) < 6);
}

TEST_CASE("every byte and the length of a name count in its hash", "[hash]") {
    const SeededTextHash hash;
    CHECK(hash("12345678") != hash(std::string_view("12345678\0", 9)));
    CHECK(hash("") != hash(std::string_view("\0", 1)));
    const std::string text(20, 'a');
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = 'b';
        CHECK(hash(text) != hash(changed));
    }
}
