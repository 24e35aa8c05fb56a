// SPDX-License-Identifier: Apache-2.0
#include "cli/follow_live.h"

#include <cerrno>
#include <chrono>
#include <iostream>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

#include "cli/output.h"

namespace nspect::cli {

namespace {

constexpr std::uint64_t bytes_per_sighting = 1000;  // in the window, with its conversation

Timestamp now() {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

}  // namespace

LiveFollowing::LiveFollowing(LiveSettings settings, Loaded declared)
    : settings_(settings),
      declared_(std::move(declared)),
      window_(settings.memory / bytes_per_sighting),
      stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Result<std::unique_ptr<LiveFollowing>> LiveFollowing::begin(const LiveOptions& options,
                                                            const LiveSettings& settings,
                                                            Loaded declared, bool quiet) {
    std::unique_ptr<LiveFollowing> made(new LiveFollowing(settings, std::move(declared)));
    if (!made->stop_) return error_from_errno(errno, "cannot make an event");
    made->thread_ = std::thread([self = made.get(), options, quiet] { self->run(options, quiet); });
    if (const Status begun = made->wait_until_begun(); !begun) return begun.error();
    return made;
}

LiveFollowing::~LiveFollowing() {
    stop();
}

void LiveFollowing::run(const LiveOptions& options, bool quiet) {
    LiveHooks hooks;
    hooks.stop_fd = stop_.get();
    hooks.quiet = quiet;
    hooks.listening = [this] {
        const std::lock_guard<std::mutex> locked(mutex_);
        begun_ = true;
        changed_.notify_all();
    };
    hooks.begun = [this] {
        const std::lock_guard<std::mutex> locked(mutex_);
        return begun_;
    };
    hooks.write = [this](const Batch& batch) { return window_.write(batch); };
    auto summary = capture_here(options, settings_, std::move(hooks));
    const std::lock_guard<std::mutex> locked(mutex_);
    ended_ = std::move(summary);
    changed_.notify_all();
}

Status LiveFollowing::wait_until_begun() {
    std::unique_lock<std::mutex> locked(mutex_);
    changed_.wait(locked, [this] { return begun_ || ended_; });
    if (ended_ && !*ended_) return ended_->error();
    return done;
}

Result<Loaded> LiveFollowing::read(Timestamp since) {
    bool over = false;
    {
        const std::lock_guard<std::mutex> locked(mutex_);
        if (ended_ && !*ended_) return ended_->error();
        over = ended_.has_value();
    }
    Loaded loaded = declared_;
    loaded.context = window_.read(since, now());
    // The window has the end before its thread is over, and with it the last batch.
    if (!over) loaded.context.info.ended.reset();
    loaded.recordings = 1;
    join_recordings(loaded);
    return loaded;
}

void LiveFollowing::stop() {
    if (!thread_.joinable()) return;
    const std::uint64_t one = 1;
    while (::write(stop_.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
}

void LiveFollowing::tell_end(bool quiet) {
    stop();
    if (!ended_ || !*ended_) return;
    tell(**ended_, quiet);
    if (const auto refused = window_.refused(); refused > 0) {
        std::cerr << "nspect: " << refused
                  << " sightings found no room and were not told (more room: --memory)\n";
    }
}

}  // namespace nspect::cli
