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

volatile std::sig_atomic_t stop_seen = 0;

void remember(int signal) {
    stop_seen = signal;
}

void on_stop(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART | (handler == SIG_DFL ? 0 : static_cast<int>(SA_RESETHAND));
    for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
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

StopFlag::StopFlag() {
    stop_seen = 0;
    on_stop(remember);
}

StopFlag::~StopFlag() {
    on_stop(SIG_DFL);
}

bool StopFlag::raised() const {
    return stop_seen != 0;
}

bool StopFlag::interrupted() const {
    return stop_seen == SIGINT;
}

}  // namespace nspect::cli
