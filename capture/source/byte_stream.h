// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/result.h"

namespace nspect::capture {

/// Reads a file or a pipe front to back through a buffer. Not a mapping: a file that another
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
        return {bytes_ + at_, filled_ - at_ < n ? filled_ - at_ : n};
    }
    /// What can be peeked at without reading, and without moving what was peeked at before.
    std::span<const std::byte> buffered() const { return {bytes_ + at_, filled_ - at_}; }
    /// REQUIRES: the last peek() returned at least `n` bytes.
    void consume(std::size_t n) {
        at_ += n;
        offset_ += n;
    }
    /// While it lives, the bytes of the last peek(), and all that lie in one buffer with them, stay
    /// where they are. REQUIRES: another thread that gives it back does so before a lock which the
    /// reading thread takes after that.
    std::shared_ptr<const void> hold() const { return buffer_; }
    /// Passes over `n` bytes without keeping them; false when the end came first.
    bool skip(std::uint64_t n);

    std::uint64_t offset() const noexcept { return offset_; }  ///< of the next byte
    /// Why reading ended early; nothing at the true end.
    const std::optional<Error>& failure() const noexcept { return failure_; }

private:
    using Buffer = std::vector<std::byte>;

    explicit ByteStream(int fd) : fd_(fd) {}
    void fill(std::size_t wanted);
    void make_room(std::size_t size);
    std::shared_ptr<Buffer> free_buffer(std::size_t size);

    int fd_;
    bool owned_ = true;
    std::shared_ptr<Buffer> buffer_ = std::make_shared<Buffer>();
    std::vector<std::shared_ptr<Buffer>> earlier_;  ///< held by somebody, or to be used again
    const std::byte* bytes_ = nullptr;              ///< of `buffer_`
    std::size_t at_ = 0;
    std::size_t filled_ = 0;
    std::uint64_t offset_ = 0;
    bool at_end_ = false;
    std::optional<Error> failure_;
};

}  // namespace nspect::capture
