// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "capture/os/fd.h"
#include "model/result.h"

namespace nspect::capture {

/// Waits for many descriptors through one, which is itself pollable. It does not own the others.
class Poller {
public:
    static Result<Poller> open();

    int fd() const noexcept { return fd_.get(); }
    Status add(int fd);
    void remove(int fd);
    /// Those with something to read now, without blocking. REQUIRES: none was closed while added.
    std::vector<int> ready() const;

private:
    explicit Poller(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

/// Becomes readable once, some time after it was set.
class Timer {
public:
    static Result<Timer> open();

    int fd() const noexcept { return fd_.get(); }
    /// Replaces what was set before.
    void set(std::chrono::milliseconds delay);
    void clear();

private:
    explicit Timer(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

/// Becomes readable when the process ends.
Result<Fd> open_pidfd(std::uint32_t pid);

/// Tells when entries of folders come and go (inotify).
class FolderWatch {
public:
    static Result<FolderWatch> open();

    int fd() const noexcept { return fd_.get(); }
    /// Watches `folder`; while there is none, its parent until it is made: call it again after
    /// news.
    void watch(const std::string& folder);
    /// Whether an entry of a watched folder came or went since the last call.
    bool news() { return !changed_folders().empty(); }
    /// The watched folders where that happened, each once and sorted; all where some of it went
    /// unheard.
    std::vector<std::string> changed_folders();

private:
    explicit FolderWatch(Fd fd) : fd_(std::move(fd)) {}
    struct Watched {
        std::string folder;
        std::vector<std::string> awaited;  ///< entries of interest; empty: all of them
    };
    bool concerns(int watch, const char* name) const;

    Fd fd_;
    std::map<int, Watched> watched_;
};

}  // namespace nspect::capture
