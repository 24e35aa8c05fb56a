// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace nspect::cli {

/// How far long work is, on one line of stderr that is written over: share, rate, and how long it
/// will take. Only where stderr is a terminal, and not with --quiet; the line is gone when the
/// work is done, so that what is said next begins a line.
class Progress {
public:
    /// `total` bytes of work; 0: not known.
    Progress(std::string what, std::uint64_t total, bool quiet);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() { end(); }

    void add(std::uint64_t bytes);
    /// Takes the line away: words may follow.
    void end();

private:
    void show(std::chrono::duration<double> since_begin);

    std::string what_;
    std::uint64_t total_;
    bool shown_;
    bool written_ = false;
    std::uint64_t read_ = 0;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point next_ = begun_ + std::chrono::milliseconds{200};
};

/// "45 %  1.2 GB of 2.7 GB  610.0 MB/s  2 s left"; without a total "1.2 GB  610.0 MB/s".
std::string progress_words(std::uint64_t read, std::uint64_t total,
                           std::chrono::duration<double> since_begin);

}  // namespace nspect::cli
