// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/result.h"

namespace nspect::cli {

/// SIGINT and SIGTERM as something to wait for: while it lives they no longer end the program but
/// make fd() readable. Make it before other threads start, which inherit that.
class StopSignal {
public:
    static Result<StopSignal> open();
    StopSignal(StopSignal&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    StopSignal& operator=(StopSignal&&) = delete;
    ~StopSignal();

    int fd() const noexcept { return fd_; }
    /// Whether the user interrupted (SIGINT), as against being told to end in order.
    bool interrupted() const;

private:
    explicit StopSignal(int fd) : fd_(fd) {}
    int fd_;
};

/// The same for work that never waits: while it lives the first signal is remembered, and a second
/// one ends the program as ever. Not two at once.
class StopFlag {
public:
    StopFlag();
    StopFlag(const StopFlag&) = delete;
    StopFlag& operator=(const StopFlag&) = delete;
    ~StopFlag();

    bool raised() const;
    bool interrupted() const;
};

}  // namespace nspect::cli
