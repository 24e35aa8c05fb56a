// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "analyzer/how_far.h"

namespace nspect::cli {

/// How far long work is, on one line of stderr that is written over: share, rate, and how long it
/// will take; of work that cannot tell how far it is, how long it has taken. Only where stderr is a
/// terminal, and not with --quiet; work that is soon over is not talked about. While it lives,
/// nothing else is said on stderr; the line is gone at its end, so that what is said next begins a
/// line. The line is written by a thread of its own: it goes on while the work says nothing.
class Progress {
public:
    /// `total` of work, 0: not known (yet); `unit`: what is counted, by default bytes.
    Progress(std::string what, bool quiet, std::uint64_t total = 0, std::string unit = {});
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() { end(); }

    void add(std::uint64_t more) { done_ += more; }
    /// So much is done in all.
    void reach(std::uint64_t done) { done_ = done; }
    /// The same of a total that is known only now: the rate is that from here on.
    void reach(std::uint64_t done, std::uint64_t total);
    /// Takes the line away: words may follow.
    void end();

private:
    using Clock = std::chrono::steady_clock;

    void run();
    std::string words() const;

    const std::string what_;
    const std::string unit_;
    std::mutex mutex_;
    std::condition_variable over_;
    bool ended_ = false;
    std::uint64_t total_;
    std::atomic<std::uint64_t> done_ = 0;
    std::uint64_t counted_from_ = 0;  ///< what was done when counting began
    Clock::time_point begun_ = Clock::now();
    Clock::time_point counting_since_ = begun_;
    std::thread thread_;
};

/// Passes it on to `progress`, which must live as long.
analyzer::HowFar told_to(Progress& progress);

}  // namespace nspect::cli
