// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "capture/os/fd.h"
#include "cli/inputs.h"
#include "cli/live_capture.h"
#include "cli/live_window.h"
#include "model/result.h"

namespace nspect::cli {

/// A capture of this host that is told while it runs and written nowhere: a thread captures into a
/// LiveWindow, and whoever follows reads that. Begin it after signals are waited for: the thread
/// inherits that.
class LiveFollowing {
public:
    /// `declared` is what manifests say. Returns when packets are being read; an Error when they
    /// cannot be.
    static Result<std::unique_ptr<LiveFollowing>> begin(const LiveOptions& options,
                                                        const LiveSettings& settings,
                                                        Loaded declared, bool quiet);
    LiveFollowing(const LiveFollowing&) = delete;
    LiveFollowing& operator=(const LiveFollowing&) = delete;
    /// Stops it.
    ~LiveFollowing();

    /// What began at `since` or later, joined and named. Once the capture is over, its end is set.
    Result<Loaded> read(Timestamp since);
    /// Asks the capture to end and waits until it did: the next read() has all of it.
    void stop();
    /// Says on stderr what it came to. REQUIRES: stop() was called, or a read() had its end.
    void tell_end(bool quiet);

private:
    LiveFollowing(LiveSettings settings, Loaded declared);
    void run(const LiveOptions& options, bool quiet);
    Status wait_until_begun();

    LiveSettings settings_;
    Loaded declared_;
    LiveWindow window_;
    capture::Fd stop_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool begun_ = false;
    std::optional<Result<capture::RecordingSummary>> ended_;
    std::thread thread_;
};

}  // namespace nspect::cli
