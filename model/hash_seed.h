// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace nspect {

/// Whoever does not know the seed cannot make keys that fall together in a hash table.
struct HashSeed {
    std::uint64_t first = 0x9e3779b97f4a7c15;
    std::uint64_t second = 0xd1b54a32d192ed03;
};

namespace detail {
inline HashSeed hash_seed;
}

/// The seed of every hash of what strangers choose: addresses, ports, sequence numbers. The same
/// for the whole process, a fixed one until it is set. No result depends on it.
inline HashSeed hash_seed() noexcept {
    return detail::hash_seed;
}
/// REQUIRES: called before anything is hashed, and by one thread.
inline void set_hash_seed(HashSeed seed) noexcept {
    detail::hash_seed = seed;
}

/// The high and low half of the 128-bit product, folded: every input bit reaches every output bit.
constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

/// Two words under the seed; for more, the result of two with the next.
inline std::uint64_t seeded_hash(std::uint64_t a, std::uint64_t b = 0) noexcept {
    const HashSeed seed = hash_seed();
    return fold(fold(a ^ seed.first, b ^ seed.second), ~seed.first);
}

/// For tables of names that come from the wire.
struct SeededTextHash {
    std::size_t operator()(std::string_view text) const noexcept {
        std::uint64_t hash = text.size();
        for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), 8))) {
            std::uint64_t word = 0;
            std::memcpy(&word, text.data(), std::min<std::size_t>(text.size(), 8));
            hash = seeded_hash(hash, word);
        }
        return hash;
    }
};

}  // namespace nspect
