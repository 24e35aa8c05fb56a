// SPDX-License-Identifier: Apache-2.0
#include "cli/result_stream.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include <fcntl.h>
#include <unistd.h>

namespace nspect::cli {

namespace {

constexpr std::size_t buffered = std::size_t{1} << 18;

}  // namespace

ResultStream::ResultStream(const OutputOptions& options) : path_(options.file) {
    if (path_.empty()) return;
    std::error_code ignored;
    const auto status = std::filesystem::status(path_, ignored);
    int flags = O_WRONLY | O_CLOEXEC;
    // A device or a pipe is written to, not replaced.
    if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status)) {
        part_ = path_ + ".part-" + std::to_string(::getpid());
        flags |= O_CREAT | O_EXCL | O_NOFOLLOW;
    }
    fd_ = ::open(part_.empty() ? path_.c_str() : part_.c_str(), flags, 0666);
    if (fd_ < 0) {
        failed_ = errno;
        part_.clear();
    }
}

ResultStream::~ResultStream() {
    if (fd_ >= 0) ::close(fd_);
    if (!part_.empty()) std::remove(part_.c_str());
}

void ResultStream::write(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= buffered) flush();
}

void ResultStream::flush() {
    if (path_.empty()) {
        std::cout << buffer_;
        if (!std::cout) failed_ = EIO;
    }
    std::string_view left = buffer_;
    while (fd_ >= 0 && failed_ == 0 && !left.empty()) {
        const ssize_t written = ::write(fd_, left.data(), left.size());
        if (written < 0 && errno != EINTR) failed_ = errno;
        if (written > 0) left.remove_prefix(static_cast<std::size_t>(written));
    }
    buffer_.clear();
}

Status ResultStream::close() {
    flush();
    if (path_.empty()) return done;  // what stdout could not take is said at the program's end
    if (fd_ >= 0 && ::close(fd_) != 0 && failed_ == 0) failed_ = errno;
    fd_ = -1;
    if (failed_ == 0 && !part_.empty()) {
        if (std::rename(part_.c_str(), path_.c_str()) == 0) {
            part_.clear();
        } else {
            failed_ = errno;
        }
    }
    if (failed_ == 0) return done;
    return error_from_errno(failed_, "cannot write the file", path_);
}

int ResultStream::finish(int code) {
    const Status closed = close();
    return closed ? code : fail(closed.error());
}

}  // namespace nspect::cli
