// SPDX-License-Identifier: Apache-2.0
#include "cli/stop_signal.h"

#include <cerrno>
#include <csignal>

#include <sys/signalfd.h>
#include <unistd.h>

namespace nspect::cli {

namespace {

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

}  // namespace

Result<StopSignal> StopSignal::open() {
    const sigset_t set = stop_signals();
    if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) {
        return error_from_errno(errno, "cannot block signals");
    }
    const int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) return error_from_errno(errno, "cannot wait for signals");
    return StopSignal(fd);
}

StopSignal::~StopSignal() {
    if (fd_ < 0) return;
    ::close(fd_);
    const sigset_t set = stop_signals();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

bool StopSignal::interrupted() const {
    signalfd_siginfo info{};
    bool seen = false;
    while (::read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        if (info.ssi_signo == SIGINT) seen = true;
    }
    return seen;
}

}  // namespace nspect::cli
