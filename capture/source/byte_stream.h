// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/result.h"

namespace nspect::capture {

/// Reads a file or a pipe front to back through one buffer. Not a mapping: a file that another
/// process shortens would kill us, and a pipe cannot be mapped.
class ByteStream {
public:
    /// "-" is standard input.
    static Result<ByteStream> open(const std::string& path);
    static ByteStream of(std::span<const std::byte> bytes);

    ByteStream(ByteStream&& other) noexcept;
    ByteStream& operator=(ByteStream&&) = delete;
    ~ByteStream();

    /// The next `n` bytes in one piece, fewer only at the end. Valid until the next peek() or
    /// skip().
    std::span<const std::byte> peek(std::size_t n) {
        if (filled_ - at_ < n) fill(n);
        return {buffer_.data() + at_, filled_ - at_ < n ? filled_ - at_ : n};
    }
    /// REQUIRES: the last peek() returned at least `n` bytes.
    void consume(std::size_t n) {
        at_ += n;
        offset_ += n;
    }
    /// What was consumed so far stays where it is until let_go().
    void hold() { held_ = true; }
    void let_go();
    /// Whether so much is held that it should be let go before more is read.
    bool holds_much() const noexcept { return old_.size() >= most_old; }
    /// Passes over `n` bytes without keeping them; false when the end came first.
    bool skip(std::uint64_t n);

    std::uint64_t offset() const noexcept { return offset_; }  ///< of the next byte
    /// Why reading ended early; nothing at the true end.
    const std::optional<Error>& failure() const noexcept { return failure_; }

private:
    static constexpr std::size_t most_old = 2;

    explicit ByteStream(int fd) : fd_(fd) {}
    void fill(std::size_t wanted);
    void make_room(std::size_t size);

    int fd_;
    bool owned_ = true;
    std::vector<std::byte> buffer_;
    std::vector<std::vector<std::byte>> old_;    ///< held
    std::vector<std::vector<std::byte>> spare_;  ///< to be used again
    bool held_ = false;                          ///< something in `buffer_` is
    std::size_t at_ = 0;
    std::size_t filled_ = 0;
    std::uint64_t offset_ = 0;
    bool at_end_ = false;
    std::optional<Error> failure_;
};

}  // namespace nspect::capture
