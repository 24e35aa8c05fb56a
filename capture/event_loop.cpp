// SPDX-License-Identifier: Apache-2.0
#include "capture/event_loop.h"

#include <array>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace nspect::capture {
namespace {

timespec spec_of(Duration duration) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
    timespec spec{};
    spec.tv_sec = seconds.count();
    spec.tv_nsec = (duration - seconds).count();
    return spec;
}

}  // namespace

Result<Fd> make_timer(Duration first, Duration period) {
    Fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!timer) return error_from_errno(errno, "cannot make a timer");
    itimerspec when{};
    // A time of 0 would disarm it.
    when.it_value = spec_of(first > Duration{} ? first : Duration{1});
    when.it_interval = spec_of(period);
    if (::timerfd_settime(timer.get(), 0, &when, nullptr) != 0) {
        return error_from_errno(errno, "cannot set a timer");
    }
    return timer;
}

void acknowledge_timer(const Fd& timer) {
    std::uint64_t expirations = 0;
    [[maybe_unused]] const auto got = ::read(timer.get(), &expirations, sizeof expirations);
}

Result<EventLoop> EventLoop::make() {
    Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return error_from_errno(errno, "cannot make an epoll descriptor");
    return EventLoop(std::move(epoll));
}

Status EventLoop::watch(int fd, std::uint64_t tag) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = tag;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
        return error_from_errno(errno, "cannot watch a descriptor");
    }
    return done;
}

void EventLoop::forget(int fd) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

const std::vector<std::uint64_t>& EventLoop::wait(bool block) {
    ready_.clear();
    std::array<epoll_event, 64> events{};
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), block ? -1 : 0);
    for (int i = 0; i < count; ++i) {
        ready_.push_back(events[static_cast<std::size_t>(i)].data.u64);
    }
    return ready_;
}

}  // namespace nspect::capture
