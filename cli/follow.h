// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <tuple>
#include <vector>

#include "cli/inputs.h"
#include "cli/stop_signal.h"
#include "model/conversation.h"
#include "model/result.h"

namespace nspect::cli {

/// Tells what is new in a recording that is read again and again while it is being made. A
/// conversation is new once, when all its vantages had time to be written; what is remembered of
/// those told is bounded by time.
class Followed {
public:
    /// Of `all`, those that began before `until` and were not told yet.
    std::vector<Conversation> take_new(const std::vector<Conversation>& all, Timestamp until);
    /// What need not be read again began before.
    Timestamp since() const;

private:
    using Key = std::tuple<Timestamp, Protocol, Socket, Socket>;

    std::set<Key> told_;
    Timestamp newest_{};
};

/// What is read again and again while more comes.
struct FollowSource {
    /// What began at `since` or later. Where `context.info.ended` is set, there will be no more.
    std::function<Result<Loaded>(Timestamp since)> read;
    /// When a signal came: makes the next read() the last. Without it there is no next one.
    std::function<void()> stop;
};

/// Recordings that are being made, and manifests.
FollowSource follow_inputs(std::vector<std::string> inputs, LoadOptions load, OutputOptions output);

/// Reads again and again and hands what is new to `show`, which may change it, until there will be
/// no more, `show` returns false, or a signal comes. Returns the exit code.
int follow(const StopSignal& stop, const FollowSource& source,
           const std::function<Result<bool>(Loaded&)>& show);

}  // namespace nspect::cli
