// SPDX-License-Identifier: Apache-2.0
#include "capture/source/byte_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace nspect::capture {
namespace {

constexpr std::size_t buffer_size = std::size_t{256} * 1024;  // stays in a core's own cache

}  // namespace

Result<ByteStream> ByteStream::open(const std::string& path) {
    const bool is_stdin = path == "-";
    const int fd = is_stdin ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return error_from_errno(errno, "cannot open the capture", path);
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);  // no help with a pipe, and no harm
    ByteStream stream(fd);
    stream.owned_ = !is_stdin;
    return stream;
}

ByteStream ByteStream::of(std::span<const std::byte> bytes) {
    ByteStream stream(-1);
    stream.buffer_->assign(bytes.begin(), bytes.end());
    stream.bytes_ = stream.buffer_->data();
    stream.filled_ = bytes.size();
    stream.at_end_ = true;
    return stream;
}

ByteStream::ByteStream(ByteStream&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      owned_(other.owned_),
      buffer_(std::move(other.buffer_)),
      earlier_(std::move(other.earlier_)),
      bytes_(std::exchange(other.bytes_, nullptr)),
      at_(other.at_),
      filled_(std::exchange(other.filled_, 0)),
      offset_(other.offset_),
      at_end_(other.at_end_),
      failure_(std::move(other.failure_)) {
    other.at_ = 0;
}

ByteStream::~ByteStream() {
    if (owned_ && fd_ >= 0) close(fd_);
}

void ByteStream::fill(std::size_t wanted) {
    if (at_end_) return;
    make_room(std::max(buffer_size, wanted));
    while (filled_ < wanted) {
        const ssize_t count = ::read(fd_, buffer_->data() + filled_, buffer_->size() - filled_);
        if (count > 0) {
            filled_ += static_cast<std::size_t>(count);
            continue;
        }
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) failure_ = error_from_errno(errno, "cannot read the capture");
        at_end_ = true;
        return;
    }
}

/// What is left goes to the front of a buffer of that size.
void ByteStream::make_room(std::size_t size) {
    const std::size_t left = filled_ - at_;
    if (buffer_.use_count() > 1) {
        auto next = free_buffer(size);
        if (left > 0) std::memcpy(next->data(), bytes_ + at_, left);
        earlier_.push_back(std::exchange(buffer_, std::move(next)));
    } else {
        if (left > 0) std::memmove(buffer_->data(), bytes_ + at_, left);
        if (buffer_->size() < size) buffer_->resize(size);
    }
    bytes_ = buffer_->data();
    filled_ = left;
    at_ = 0;
}

/// One that nobody holds any more; those that one large packet made larger are given up.
std::shared_ptr<ByteStream::Buffer> ByteStream::free_buffer(std::size_t size) {
    std::erase_if(earlier_, [](const std::shared_ptr<Buffer>& each) {
        return each.use_count() == 1 && each->size() != buffer_size;
    });
    const auto found =
        std::find_if(earlier_.begin(), earlier_.end(),
                     [&](const std::shared_ptr<Buffer>& each) { return each.use_count() == 1; });
    if (size != buffer_size || found == earlier_.end()) return std::make_shared<Buffer>(size);
    auto buffer = std::move(*found);
    earlier_.erase(found);
    return buffer;
}

bool ByteStream::skip(std::uint64_t n) {
    while (n > 0) {
        const auto piece = peek(static_cast<std::size_t>(std::min<std::uint64_t>(n, buffer_size)));
        if (piece.empty()) return false;
        consume(piece.size());
        n -= piece.size();
    }
    return true;
}

}  // namespace nspect::capture
