// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace nspect::cli {

/// How far long work is, on one line of stderr that is written over: share, rate, and how long it
/// will take. Only where stderr is a terminal, and not with --quiet; the line is gone when the
/// work is done, so that what is said next begins a line.
class Progress {
public:
    /// `total` of work, 0: not known; `unit`: what is counted, by default bytes.
    Progress(std::string what, std::uint64_t total, bool quiet, std::string unit = {});
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() { end(); }

    void add(std::uint64_t more) { reach(done_ + more); }
    /// So much is done in all.
    void reach(std::uint64_t done);
    /// Takes the line away: words may follow.
    void end();

private:
    void show(std::chrono::duration<double> since_begin);

    std::string what_;
    std::string unit_;
    std::uint64_t total_;
    bool shown_;
    bool written_ = false;
    std::uint64_t done_ = 0;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point next_ = begun_ + std::chrono::milliseconds{200};
};

/// The same for work that cannot tell how far it is: what it is, and how long it has taken. While
/// it lives, nothing else is said on stderr.
class Busy {
public:
    Busy(std::string what, bool quiet);
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;
    ~Busy();

private:
    void run();

    std::string what_;
    std::mutex mutex_;
    std::condition_variable over_;
    bool ended_ = false;
    std::thread thread_;
};

/// "######..............  30 %  1.2 GB of 2.7 GB  610.0 MB/s  2 s left"; without a total
/// "1.2 GB  610.0 MB/s".
std::string progress_words(std::uint64_t done, std::uint64_t total,
                           std::chrono::duration<double> since_begin, const std::string& unit = {},
                           bool unicode = false);

}  // namespace nspect::cli
