// SPDX-License-Identifier: Apache-2.0
#include "cli/follow.h"

#include <algorithm>
#include <chrono>

#include <poll.h>

namespace nspect::cli {

namespace {

using namespace std::chrono_literals;

constexpr Duration settled = 2s;      // a recorder writes every second
constexpr Duration remembered = 60s;  // how late something may be written and still be told
constexpr Duration joined = 5s;       // vantages of one conversation see it that close
constexpr int pauses = 4;             // at most one part in five of a processor is used

Timestamp now() {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

/// Whether a signal came meanwhile.
bool wait_for_stop(const StopSignal& stop, std::chrono::milliseconds pause) {
    pollfd ready{stop.fd(), POLLIN, 0};
    return ::poll(&ready, 1, static_cast<int>(pause.count())) > 0;
}

}  // namespace

std::vector<Conversation> Followed::take_new(const std::vector<Conversation>& all,
                                             Timestamp until) {
    // What began near the edge of what was read may lack a vantage, and was told before.
    const Timestamp from = since() == Timestamp{} ? Timestamp{} : since() + joined;
    std::vector<Conversation> list;
    for (const Conversation& each : all) {
        if (each.first < from || each.first > until) continue;
        if (!told_.emplace(each.first, each.protocol, each.client.socket, each.server.socket)
                 .second)
            continue;
        list.push_back(each);
    }
    for (const Conversation& each : list) newest_ = std::max(newest_, each.first);
    while (!told_.empty() && std::get<Timestamp>(*told_.begin()) < since()) {
        told_.erase(told_.begin());
    }
    return list;
}

Timestamp Followed::since() const {
    return newest_ < Timestamp{} + remembered ? Timestamp{} : newest_ - remembered;
}

FollowSource follow_inputs(std::vector<std::string> inputs, LoadOptions load,
                           OutputOptions output) {
    FollowSource source;
    source.read = [inputs = std::move(inputs), load = std::move(load),
                   output = std::move(output)](Timestamp since) mutable {
        load.since = since;
        auto loaded = load_inputs(inputs, load, output);
        output.quiet = true;  // what is wrong with the inputs was said
        return loaded;
    };
    return source;
}

int follow(const StopSignal& stop, const FollowSource& source,
           const std::function<Result<bool>(Loaded&)>& show) {
    Followed followed;
    int code = exit_ok;
    for (;;) {
        const auto begun = std::chrono::steady_clock::now();
        auto loaded = source.read(followed.since());
        if (!loaded) return fail(loaded.error());
        const bool closed = loaded->context.info.ended.has_value();
        loaded->conversations =
            followed.take_new(loaded->conversations, closed ? forever : now() - settled);
        const auto more = show(*loaded);
        if (!more) return fail(more.error());
        if (closed || !*more) return code;
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - begun);
        if (!wait_for_stop(stop, std::clamp<std::chrono::milliseconds>(took * pauses, 1s, 60s)))
            continue;
        code = stop.interrupted() ? exit_interrupted : exit_ok;
        if (!source.stop) return code;
        source.stop();
    }
}

}  // namespace nspect::cli
