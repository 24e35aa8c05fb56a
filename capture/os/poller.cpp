// SPDX-License-Identifier: Apache-2.0
#include "capture/os/poller.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <set>

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace nspect::capture {
namespace {

constexpr std::uint32_t entry_came_or_went = IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM;

Error last_error(const char* what) {
    return error_from_errno(errno, what);
}

}  // namespace

Result<Poller> Poller::open() {
    Fd fd(::epoll_create1(EPOLL_CLOEXEC));
    if (!fd) return last_error("cannot open an epoll descriptor");
    return Poller(std::move(fd));
}

Status Poller::add(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return last_error("cannot poll");
    return done;
}

void Poller::remove(int fd) {
    ::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::vector<int> Poller::ready() const {
    std::array<epoll_event, 256> events{};
    const int count = ::epoll_wait(fd_.get(), events.data(), static_cast<int>(events.size()), 0);
    std::vector<int> fds;
    for (int i = 0; i < count; ++i) fds.push_back(events[static_cast<std::size_t>(i)].data.fd);
    return fds;
}

Result<Timer> Timer::open() {
    Fd fd(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!fd) return last_error("cannot open a timer");
    return Timer(std::move(fd));
}

void Timer::set(std::chrono::milliseconds delay) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(delay);
    itimerspec when{};
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = std::chrono::nanoseconds(delay - seconds).count();
    ::timerfd_settime(fd_.get(), 0, &when, nullptr);
}

void Timer::clear() {
    std::uint64_t expirations = 0;
    [[maybe_unused]] const auto got = ::read(fd_.get(), &expirations, sizeof expirations);
}

Result<Fd> open_pidfd(std::uint32_t pid) {
    Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd) return last_error("cannot watch a process");
    return fd;
}

Result<FolderWatch> FolderWatch::open() {
    Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd) return last_error("cannot watch folders");
    return FolderWatch(std::move(fd));
}

void FolderWatch::watch(const std::string& folder) {
    int watch = ::inotify_add_watch(fd_.get(), folder.c_str(), entry_came_or_went | IN_ONLYDIR);
    if (watch >= 0) {
        watched_[watch] = {folder, {}};
        return;
    }
    const auto slash = folder.rfind('/');
    if (slash == std::string::npos || slash == 0) return;
    auto parent = folder.substr(0, slash);
    watch = ::inotify_add_watch(fd_.get(), parent.c_str(), entry_came_or_went | IN_ONLYDIR);
    if (watch < 0) return;
    const auto known = watched_.find(watch);
    if (known != watched_.end() && known->second.awaited.empty()) return;  // watched whole
    auto& watched = watched_[watch];
    watched.folder = std::move(parent);
    watched.awaited.push_back(folder.substr(slash + 1));
}

bool FolderWatch::concerns(int watch, const char* name) const {
    const auto known = watched_.find(watch);
    if (known == watched_.end()) return false;
    const auto& awaited = known->second.awaited;
    return awaited.empty() || std::find(awaited.begin(), awaited.end(), name) != awaited.end();
}

std::vector<std::string> FolderWatch::changed_folders() {
    std::set<std::string> changed;
    alignas(inotify_event) std::array<char, 16384> buffer{};
    for (;;) {
        const auto got = ::read(fd_.get(), buffer.data(), buffer.size());
        if (got <= 0) return {changed.begin(), changed.end()};
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* name = event.len > 0 ? buffer.data() + at + sizeof event : "";
            if ((event.mask & IN_Q_OVERFLOW) != 0) {
                for (const auto& [watch, watched] : watched_) changed.insert(watched.folder);
            } else if (concerns(event.wd, name)) {
                changed.insert(watched_.at(event.wd).folder);
            }
            if ((event.mask & IN_IGNORED) != 0) watched_.erase(event.wd);
            at += sizeof event + event.len;
        }
    }
}

}  // namespace nspect::capture
