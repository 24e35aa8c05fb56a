// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "capture/os/fd.h"
#include "model/time.h"

namespace nspect::capture {

/// A timer that is readable once it is due, then every `period` (0: once).
Result<Fd> make_timer(Duration first, Duration period);
/// Makes the timer unreadable until it is due again.
void acknowledge_timer(const Fd& timer);

/// epoll: which of many descriptors is readable.
class EventLoop {
public:
    static Result<EventLoop> make();

    /// `tag` is what wait() answers for it.
    Status watch(int fd, std::uint64_t tag);
    void forget(int fd);
    /// Waits for one of them to be readable, or, without `block`, only looks.
    const std::vector<std::uint64_t>& wait(bool block);

private:
    explicit EventLoop(Fd epoll) : epoll_(std::move(epoll)) {}
    Fd epoll_;
    std::vector<std::uint64_t> ready_;
};

}  // namespace nspect::capture
