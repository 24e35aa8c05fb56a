// SPDX-License-Identifier: Apache-2.0
#include "capture/recorder.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "capture/event_loop.h"
#include "capture/pipeline.h"
#include "capture/socket_book.h"
#include "capture/source_set.h"

namespace nspect::capture {
namespace {

/// Turns of the clock until a namespace that could not be listened in is tried again; it doubles.
constexpr unsigned first_wait = 1;
constexpr unsigned longest_wait = 64;

enum Tag : std::uint64_t {
    tick_tag,
    stop_tag,
    deadline_tag,
    targets_tag,
    drain_tag,
    look_tag,
    closes_tag
};

VantageBook::Options book_options(const RecorderOptions& options, const RecorderWorld& world) {
    return {world.host_netns, options.side, options.host_interfaces, options.wants};
}

/// A look at sockets reads every descriptor of the processes that may have them: it is paid for by
/// so many times its length without one.
constexpr int rest_after_look = 40;
constexpr Duration shortest_rest = std::chrono::milliseconds{100};

std::string in_one_line(Error error) {
    const auto hint = error.hint.empty() ? "" : " (" + error.hint + ")";
    error.hint.clear();
    return nspect::to_string(error) + hint;
}

/// What has no room now (descriptors, memory) may have some later.
struct Retry {
    unsigned wait = first_wait;
    unsigned left = first_wait;
};

class Recorder {
public:
    Recorder(RecorderOptions options, RecorderWorld world, BatchSink sink, EventLoop loop)
        : options_(std::move(options)),
          world_(std::move(world)),
          loop_(std::move(loop)),
          book_(book_options(options_, world_)),
          pipeline_(options_.flows, options_.seed, options_.observer),
          sources_(loop_, book_, pipeline_, options_.keep,
                   [this](const DecodedPacket& packet, std::uint64_t netns, Timestamp time) {
                       if (!sockets_.empty()) sockets_.flow_began(packet, netns, time);
                   }),
          writer_(std::move(sink), options_.writer) {}

    Status begin();
    RecordingSummary run();

private:
    Status arm_timers();
    void follow_targets();
    void learn_sockets(const TargetEvent& event, Timestamp now);
    void hear_closes();
    void take_closes();
    void read_closes();
    void look_at_sockets();
    void look_now();
    void cover_targets();
    void cover(std::uint64_t netns);
    void try_again_later(std::uint64_t netns, const Error& why);
    void follow_passed_by();
    void cannot_cover(const Error& why);
    void take_limitations();
    void stop();
    void turn();
    void tick();
    void flush(Timestamp now);
    void lose_finished(Timestamp now);
    void add_losses(Batch& batch, Timestamp now);
    void drain();
    RecordingSummary end();

    RecorderOptions options_;
    RecorderWorld world_;
    EventLoop loop_;
    VantageBook book_;
    SocketBook sockets_;
    Pipeline pipeline_;
    SourceSet sources_;
    BatchWriter writer_;
    Fd tick_;
    Fd deadline_;
    Fd rest_;               ///< until the next look at sockets
    bool resting_ = false;  ///< it is running
    bool asked_for_closes_ = false;
    bool hears_closes_ = false;
    std::vector<ClosedSocket> unknown_closes_;
    RecordingSummary summary_;
    Limitations limitations_;
    std::size_t said_ = 0;  ///< of these
    Timestamp last_flush_{};
    std::map<std::uint64_t, Retry> not_covered_;  ///< tried in vain
    bool to_cover_ = false;                       ///< there are more to open a source in
    bool begun_ = false;                          ///< the first batch was handed on
    std::vector<Loss> pending_losses_;
    std::uint64_t queue_lost_ = 0;
    std::uint64_t lost_notifications_ = 0;
    bool stopping_ = false;
    bool drained_ = false;
};

Status Recorder::begin() {
    summary_.started = world_.now();
    last_flush_ = summary_.started;
    options_.info.started = summary_.started;
    options_.info.asked_for = options_.duration;
    if (auto armed = arm_timers(); !armed) return armed;
    book_.begin(world_.targets(), summary_.started);
    for (const TargetInfo& target : world_.targets()) {
        if (world_.sockets) sockets_.learn(target, summary_.started);
    }
    hear_closes();
    if (options_.side != CaptureSide::inside || options_.host_interfaces) {
        auto host = world_.open_source(world_.host_netns);
        if (!host) return std::move(host).error();
        if (auto added = sources_.add(world_.host_netns, std::move(*host)); !added) return added;
    }
    take_limitations();  // not where it never begins: that error says enough
    look_at_sockets();
    cover_targets();
    // Whoever waits for the first batch may rely on all that is there at the start being listened
    // to.
    while (to_cover_ && !stopping_) turn();
    flush(summary_.started);
    begun_ = true;
    return done;
}

Status Recorder::arm_timers() {
    auto tick = make_timer(options_.interval, options_.interval);
    if (!tick) return std::move(tick).error();
    tick_ = std::move(*tick);
    if (auto watched = loop_.watch(tick_.get(), tick_tag); !watched) return watched;
    if (options_.duration) {
        auto deadline = make_timer(*options_.duration, Duration{});
        if (!deadline) return std::move(deadline).error();
        deadline_ = std::move(*deadline);
        if (auto watched = loop_.watch(deadline_.get(), deadline_tag); !watched) return watched;
    }
    for (const auto& [fd, tag] :
         {std::pair{world_.stop_fd, stop_tag}, std::pair{world_.targets_fd, targets_tag}}) {
        if (fd < 0) continue;
        if (auto watched = loop_.watch(fd, tag); !watched) return watched;
    }
    return done;
}

RecordingSummary Recorder::run() {
    while (!stopping_ && (to_cover_ || !sources_.all_ended())) turn();
    drain();
    return end();
}

/// Targets come first: a packet of a new interface should find it in the book.
void Recorder::turn() {
    const auto& ready = loop_.wait(!to_cover_ && !sources_.has_unannounced());
    const auto has = [&](std::uint64_t tag) {
        return std::find(ready.begin(), ready.end(), tag) != ready.end();
    };
    if (has(targets_tag)) follow_targets();
    if (has(look_tag)) {
        acknowledge_timer(rest_);
        resting_ = false;
    }
    if (has(closes_tag)) take_closes();
    if (has(stop_tag) || has(deadline_tag)) stop();
    if (has(drain_tag)) drained_ = true;
    for (const std::uint64_t tag : ready) sources_.read(tag);
    sources_.read_unannounced();
    follow_passed_by();
    look_at_sockets();
    if (to_cover_ && !stopping_) cover_targets();
    if (has(tick_tag)) tick();
    if (pipeline_.table().waiting() > options_.waiting / 2) flush(world_.now());
}

/// What said so stays readable and would wake the loop for ever.
void Recorder::stop() {
    stopping_ = true;
    if (world_.stop_fd >= 0) loop_.forget(world_.stop_fd);
    if (deadline_) loop_.forget(deadline_.get());
}

void Recorder::follow_targets() {
    read_closes();  // of containers that may be gone now
    auto events = world_.read_targets();
    const Timestamp now = world_.now();
    if (!events) {
        loop_.forget(world_.targets_fd);
        cannot_cover(events.error());
        return;
    }
    for (const TargetEvent& event : *events) {
        book_.apply(event, now);
        learn_sockets(event, now);
        if (event.kind == TargetEvent::Kind::target_gone) {
            sources_.retire(event.target.netns);
            not_covered_.erase(event.target.netns);
        }
    }
    for (const auto& each : std::exchange(unknown_closes_, {})) sockets_.closed(each);
    take_limitations();
    cover_targets();
}

void Recorder::learn_sockets(const TargetEvent& event, Timestamp now) {
    if (!world_.sockets) return;
    if (event.kind == TargetEvent::Kind::target_gone) {
        sockets_.forget(event.target.netns, now);
    } else {
        sockets_.learn(event.target, now);
    }
    hear_closes();
}

/// Once there is somebody to hear of. Where it cannot be, looks have to do.
void Recorder::hear_closes() {
    if (asked_for_closes_ || sockets_.empty() || !world_.hear_closes) return;
    asked_for_closes_ = true;
    const auto heard = world_.hear_closes();
    if (!heard || !loop_.watch(*heard, closes_tag)) return;
    hears_closes_ = true;
    sockets_.hear_closes();
}

void Recorder::take_closes() {
    read_closes();
    if (!unknown_closes_.empty() && world_.targets_fd >= 0) follow_targets();
    unknown_closes_.clear();
}

/// Those of containers that are not known yet are kept.
void Recorder::read_closes() {
    if (!hears_closes_) return;
    auto closes = world_.closed();
    for (auto& each : closes.closed) {
        if (sockets_.knows(each)) {
            sockets_.closed(each);
        } else {
            unknown_closes_.push_back(std::move(each));
        }
    }
    if (closes.lost > 0) sockets_.missed_closes();
}

void Recorder::look_at_sockets() {
    if (resting_ || !sockets_.wants_look()) return;
    const auto begun = std::chrono::steady_clock::now();
    look_now();
    const Duration took = std::chrono::steady_clock::now() - begun;
    auto rest = make_timer(std::max(took * rest_after_look, shortest_rest), Duration{});
    if (!rest || !loop_.watch(rest->get(), look_tag)) return;
    if (rest_) loop_.forget(rest_.get());
    rest_ = std::move(*rest);
    resting_ = true;
}

/// A process that appeared since the last look is found by it, and told of with the targets.
void Recorder::look_now() {
    const auto wanted = sockets_.take_wanted();
    const auto found = world_.sockets(wanted);
    if (world_.targets_fd >= 0) follow_targets();
    take_closes();  // of sockets that this look did not find
    const Timestamp now = world_.now();
    for (const auto& [netns, owners] : found) sockets_.looked(netns, owners, now);
}

/// One at a time: opening takes the kernel some 15 ms, and the rings of the others fill meanwhile.
void Recorder::cover_targets() {
    to_cover_ = false;
    bool tried = false;
    for (const std::uint64_t netns : book_.inside_wanted()) {
        if (sources_.covers(netns)) continue;
        const auto retry = not_covered_.find(netns);
        if (retry != not_covered_.end() && retry->second.left > 0) continue;
        if (std::exchange(tried, true)) {
            to_cover_ = true;
            return;
        }
        cover(netns);
    }
}

void Recorder::cover(std::uint64_t netns) {
    auto source = world_.open_source(netns);
    Status added =
        source ? sources_.add(netns, std::move(*source)) : Status(std::move(source).error());
    if (!added) return try_again_later(netns, added.error());
    not_covered_.erase(netns);
    book_.covered_inside(netns);
}

/// Said once, however often it is tried.
void Recorder::try_again_later(std::uint64_t netns, const Error& why) {
    const auto [entry, first] = not_covered_.try_emplace(netns);
    if (first) return cannot_cover(why);
    Retry& retry = entry->second;
    retry.wait = std::min(retry.wait * 2, longest_wait);
    retry.left = retry.wait;
}

/// What has gone unseen until now is a loss, if one that cannot be counted.
void Recorder::follow_passed_by() {
    const auto ends = sources_.take_passed_by();
    if (ends.empty()) return;
    const Timestamp now = world_.now();
    for (const std::string& end : ends) {
        pending_losses_.push_back({now, now, "recorder", loss_kind::target, 1,
                                   end + ": packets reach the container past this end, as where "
                                         "eBPF redirects them; listening inside from now on"});
    }
    cover_targets();
}

void Recorder::cannot_cover(const Error& why) {
    limitations_.add(why);
    take_limitations();
}

/// Each is said once, and counted whenever there are more of it.
void Recorder::take_limitations() {
    for (auto& more :
         world_.take_limitations ? world_.take_limitations() : std::vector<Limitation>{})
        limitations_.add(std::move(more.error), more.count, more.lack);
    const Timestamp now = world_.now();
    for (const auto& more : limitations_.take_news()) {
        // Its packets are heard at the host's end, where that is listened to.
        const bool name_only = more.lack == Lack::name && options_.side != CaptureSide::inside;
        const char* kind = name_only ? loss_kind::name : loss_kind::target;
        pending_losses_.push_back(
            {now, now, "recorder", kind, more.count, in_one_line(more.error)});
    }
    const auto& all = limitations_.all();
    for (; said_ < all.size(); ++said_) {
        if (options_.on_limitation) options_.on_limitation(all[said_]);
    }
}

void Recorder::tick() {
    acknowledge_timer(tick_);
    sources_.age();
    take_closes();
    for (auto& [netns, retry] : not_covered_) {
        if (retry.left > 0) --retry.left;
    }
    const bool more = book_.give_up_waiting() || !not_covered_.empty();
    if (more && !stopping_) cover_targets();
    if (begun_) flush(world_.now());
}

/// One batch. When the queue is full, what has changed waits in the table; only what would be too
/// much there is lost.
void Recorder::flush(Timestamp now) {
    if (!writer_.has_room()) return lose_finished(now);
    Batch batch;
    options_.info.packets = pipeline_.packets();
    batch.info = options_.info;
    batch.sightings = pipeline_.table().take_changed(now);
    book_.take_changes(batch);
    sockets_.take_changes(batch);
    add_losses(batch, now);
    pipeline_.take_counts(batch, last_flush_, now);
    last_flush_ = now;
    writer_.offer(batch);
}

void Recorder::lose_finished(Timestamp now) {
    if (pipeline_.table().waiting() <= options_.waiting) return;
    const std::size_t lost = pipeline_.table().take_finished(now).size();
    queue_lost_ += lost;
    summary_.lost_sightings += lost;
}

void Recorder::add_losses(Batch& batch, Timestamp now) {
    batch.losses = std::exchange(pending_losses_, {});
    sources_.take_losses(batch, last_flush_, now);
    if (const auto lost = sockets_.take_lost(); lost > 0) {
        batch.losses.push_back({last_flush_, now, "recorder", loss_kind::table, lost,
                                "sockets of containers that share a namespace were too many"});
    }
    if (const auto lost = std::exchange(queue_lost_, 0); lost > 0) {
        batch.losses.push_back({last_flush_, now, "recorder", loss_kind::queue, lost,
                                "sightings, the store did not keep up"});
    }
    const std::uint64_t missed = world_.lost_notifications ? world_.lost_notifications() : 0;
    if (missed > lost_notifications_) {
        batch.losses.push_back({last_flush_, now, "recorder", loss_kind::target,
                                missed - std::exchange(lost_notifications_, missed),
                                "notifications about targets, all was asked for again"});
    }
}

void Recorder::drain() {
    auto timer = make_timer(sources_.drain_time(), Duration{});
    if (timer && loop_.watch(timer->get(), drain_tag)) {
        while (!drained_ && !sources_.all_ended()) turn();
        loop_.forget(timer->get());
    }
    sources_.read_all();
}

RecordingSummary Recorder::end() {
    summary_.ended = world_.now();
    summary_.limitations = limitations_.all();
    options_.info.ended = summary_.ended;
    Batch last;
    options_.info.packets = pipeline_.packets();
    last.info = options_.info;
    last.sightings = pipeline_.table().take_changed(summary_.ended);
    last.sightings_are_final = true;
    if (sockets_.wants_look()) look_now();
    take_closes();
    book_.take_changes(last);
    sockets_.take_changes(last);
    add_losses(last, summary_.ended);
    pipeline_.take_counts(last, last_flush_, summary_.ended);
    const std::size_t waiting = last.sightings.size();
    if (!writer_.push(std::move(last))) summary_.lost_sightings += waiting;
    const auto ending = writer_.finish();
    summary_.lost_sightings += ending.lost_sightings;
    summary_.store_error = ending.error;
    summary_.packets = pipeline_.packets();
    summary_.sightings = pipeline_.table().stats().flows;
    summary_.lost_packets = sources_.lost_packets();
    return summary_;
}

}  // namespace

Result<RecordingSummary> record(RecorderOptions options, RecorderWorld world, BatchSink sink) {
    auto loop = EventLoop::make();
    if (!loop) return std::move(loop).error();
    Recorder recorder(std::move(options), std::move(world), std::move(sink), std::move(*loop));
    if (auto begun = recorder.begin(); !begun) return std::move(begun).error();
    return recorder.run();
}

}  // namespace nspect::capture
