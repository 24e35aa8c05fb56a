// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace nspect::ingest {

/// Memory for the trees of one document, given back all at once or down to a mark.
/// Holds only trivially destructible values. What it gave out stays where it is until then.
class Arena {
public:
    struct Mark {
        std::size_t block = 0;
        std::size_t used = 0;
    };

    template <class T>
    T* make() {
        return new (take(sizeof(T))) T();
    }
    std::string_view copy(std::string_view text);

    Mark mark() const noexcept { return {block_, used_}; }
    /// Everything made since `mark` is gone; its memory is used again.
    void rewind(Mark mark) noexcept {
        block_ = mark.block;
        used_ = mark.used;
    }

private:
    struct Block {
        std::unique_ptr<std::byte[]> bytes;
        std::size_t size = 0;
    };

    void* take(std::size_t size);
    void next_block(std::size_t at_least);

    std::vector<Block> blocks_;
    std::size_t block_ = 0;
    std::size_t used_ = 0;
};

}  // namespace nspect::ingest
