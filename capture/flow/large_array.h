// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <type_traits>

namespace nspect::capture {

struct FreeMemory {
    void operator()(void* memory) const noexcept { std::free(memory); }
};

/// Elements without a value yet.
template <class T>
requires std::is_trivially_destructible_v<T>
using LargeArray = std::unique_ptr<T[], FreeMemory>;

/// Memory that is looked up in at random: where it is large, in huge pages, should the kernel have
/// some, which spares a walk of the page table with each look. Throws std::bad_alloc.
void* large_memory(std::size_t bytes);

template <class T>
LargeArray<T> large_array(std::size_t count) {
    static_assert(alignof(T) <= alignof(std::max_align_t));
    return LargeArray<T>(static_cast<T*>(large_memory(count * sizeof(T))));
}

}  // namespace nspect::capture
