// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace nspect {

/// Moves items so that what stands at `order[i]` comes to stand at `i`; in place, since of millions
/// a second list would be most of what is in memory. `order` is used up.
/// REQUIRES: `order` has each index of `items` once.
template <class T>
void put_in_order(std::vector<T>& items, std::vector<std::uint32_t> order) {
    constexpr std::size_t cache_line = 64;
    // Where the next one comes from is known one step ahead, and seldom in the cache.
    const auto fetch = [](const T& item) {
        const auto* bytes = static_cast<const char*>(static_cast<const void*>(&item));
        for (std::size_t at = 0; at < sizeof(T); at += cache_line) __builtin_prefetch(bytes + at);
    };
    for (std::uint32_t start = 0; start < order.size(); ++start) {
        if (order[start] == start) continue;
        T first = std::move(items[start]);
        std::uint32_t at = start;
        while (order[at] != start) {
            const std::uint32_t next = order[at];
            fetch(items[order[next]]);
            items[at] = std::move(items[next]);
            order[at] = at;
            at = next;
        }
        items[at] = std::move(first);
        order[at] = at;
    }
}

/// The order for put_in_order() that sorts `items`; equal ones stay as they stand. For items that
/// are costly to move: each is moved once.
template <class T, class Less>
std::vector<std::uint32_t> sorted_order(const std::vector<T>& items, Less less) {
    std::vector<std::uint32_t> order(items.size());
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        if (less(items[a], items[b])) return true;
        return !less(items[b], items[a]) && a < b;
    });
    return order;
}

/// The same for keys that are small: each is sorted with its place beside it, so that comparing two
/// looks nowhere else.
template <class Key>
std::vector<std::uint32_t> sorted_order(const std::vector<Key>& keys) {
    std::vector<std::uint32_t> order(keys.size());
    if (std::is_sorted(keys.begin(), keys.end())) {  // as recordings often are
        std::iota(order.begin(), order.end(), std::uint32_t{0});
        return order;
    }
    std::vector<std::pair<Key, std::uint32_t>> places;
    places.reserve(keys.size());
    for (const Key& each : keys) {
        places.emplace_back(each, static_cast<std::uint32_t>(places.size()));
    }
    std::sort(places.begin(), places.end());
    for (std::size_t i = 0; i < places.size(); ++i) order[i] = places[i].second;
    return order;
}

}  // namespace nspect
