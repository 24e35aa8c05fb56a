// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/large_array.h"

#include <new>

#include <sys/mman.h>

namespace nspect::capture {

void* large_memory(std::size_t bytes) {
    constexpr std::size_t huge_page = std::size_t{2} << 20U;
    const bool large = bytes >= huge_page;
    void* memory = nullptr;
    if (!large) {
        memory = std::malloc(bytes);
    } else if (posix_memalign(&memory, huge_page, bytes) != 0) {
        memory = nullptr;
    }
    if (memory == nullptr) throw std::bad_alloc();
    // What is left of the last huge page stays in small ones: no memory is taken beyond `bytes`.
    // Where the kernel refuses, nothing changes.
    if (large) madvise(memory, bytes / huge_page * huge_page, MADV_HUGEPAGE);
    return memory;
}

}  // namespace nspect::capture
