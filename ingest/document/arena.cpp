// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/arena.h"

#include <algorithm>
#include <cstring>

namespace nspect::ingest {

namespace {
constexpr std::size_t block_size = std::size_t{256} * 1024;
constexpr std::size_t alignment = alignof(std::max_align_t);
}  // namespace

std::string_view Arena::copy(std::string_view text) {
    if (text.empty()) return {};
    auto* bytes = static_cast<char*>(take(text.size()));
    std::memcpy(bytes, text.data(), text.size());
    return {bytes, text.size()};
}

void* Arena::take(std::size_t size) {
    size = (size + alignment - 1) / alignment * alignment;
    if (blocks_.empty() || used_ + size > blocks_[block_].size) next_block(size);
    std::byte* taken = blocks_[block_].bytes.get() + used_;
    used_ += size;
    return taken;
}

void Arena::next_block(std::size_t at_least) {
    if (!blocks_.empty()) ++block_;
    // A block kept from before a rewind may be too small for one very long text.
    if (block_ < blocks_.size() && blocks_[block_].size < at_least) blocks_.resize(block_);
    if (block_ == blocks_.size()) {
        const std::size_t size = std::max(block_size, at_least);
        blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[size]), size});
    }
    used_ = 0;
}

}  // namespace nspect::ingest
