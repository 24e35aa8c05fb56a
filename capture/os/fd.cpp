// SPDX-License-Identifier: Apache-2.0
#include "capture/os/fd.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace nspect::capture {

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this != &other) {
        if (number_ >= 0) ::close(number_);
        number_ = other.release();
    }
    return *this;
}

Fd::~Fd() {
    if (number_ >= 0) ::close(number_);
}

int Fd::release() noexcept {
    return std::exchange(number_, -1);
}

Result<Fd> Fd::duplicate() const {
    const int copy = ::fcntl(number_, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return error_from_errno(errno, "cannot duplicate a file descriptor");
    return Fd(copy);
}

bool is_reserved(int fd, int kept) noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    return static_cast<rlim_t>(fd + kept) >= limit.rlim_cur;
}

Error no_descriptor_left(std::string where) {
    return {Error::Kind::unavailable, "no file descriptor is left to watch it with",
            "raise the limit of open files (ulimit -n): a few for each container",
            std::move(where)};
}

void raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace nspect::capture
