// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <tuple>
#include <vector>

#include "cli/inputs.h"
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

/// Reads the inputs again and again and hands what is new to `show`, which may change it, until the
/// recording is closed, `show` returns false, or a signal comes. Returns the exit code.
int follow(const std::vector<std::string>& inputs, LoadOptions load, const OutputOptions& output,
           const std::function<Result<bool>(Loaded&)>& show);

}  // namespace nspect::cli
