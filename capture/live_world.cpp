// SPDX-License-Identifier: Apache-2.0
#include "capture/live_world.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "capture/os/socket_closes.h"
#include "capture/targets/socket_closers.h"

namespace nspect::capture {
namespace {

/// Of what the watcher leaves free, so many packet rings leave free in their turn.
constexpr int kept_from_sources = 12;

using OpenedSource = Result<std::unique_ptr<PacketSource>>;

/// In the namespace we are in already no thread has to enter one, which would need more privileges.
OpenedSource open_any(const TargetWatcher& watcher, LiveOptions options, std::uint64_t netns,
                      bool is_host) {
    options.device = "any";
    options.place = is_host ? "host" : std::to_string(netns);
    const auto here = Netns::of_this_thread();
    if (here && here->inode() == netns) return PcapLive::open(options);
    auto there = watcher.open_netns(netns);
    if (!there) return std::move(there).error();
    if (is_reserved(there->fd() + 1, kept_from_sources))
        return no_descriptor_left("netns " + options.place);
    return run_in(*there, [&] { return PcapLive::open(options); });
}

/// Who closed which socket, told by the kernel and by the watcher of targets.
class CloseFollower {
public:
    CloseFollower(std::shared_ptr<TargetWatcher> watcher, Procfs procfs,
                  std::function<Timestamp()> now)
        : watcher_(std::move(watcher)), procfs_(std::move(procfs)), now_(std::move(now)) {}

    Result<int> begin() {
        auto opened = SocketCloses::open();
        if (!opened) return std::move(opened).error();
        closes_.emplace(std::move(*opened));
        closers_.emplace(procfs_, closes_->groups());
        return closes_->poll_fd();
    }
    void targets_changed() noexcept { is_current_ = false; }

    RecorderWorld::Closes read() {
        const auto events = closes_->read();
        const auto since_boot =
            now_().time_since_epoch() - std::chrono::steady_clock::now().time_since_epoch();
        learn();
        RecorderWorld::Closes told{closers_->resolve(events, since_boot), closes_->take_lost()};
        if (!closers_->misses_container()) return told;
        watcher_->sockets({});
        targets_changed();
        learn();
        auto more = closers_->resolve({}, since_boot);
        told.closed.insert(told.closed.end(), more.begin(), more.end());
        return told;
    }

private:
    void learn() {
        if (!std::exchange(is_current_, true)) closers_->learn(watcher_->targets());
    }

    std::shared_ptr<TargetWatcher> watcher_;
    Procfs procfs_;
    std::function<Timestamp()> now_;
    std::optional<SocketCloses> closes_;
    std::optional<SocketClosers> closers_;
    bool is_current_ = false;
};

}  // namespace

Result<RecorderWorld> live_world(LiveWorldOptions options) {
    auto opened = TargetWatcher::open(options.watcher);
    if (!opened) return std::move(opened).error();
    auto watcher = std::make_shared<TargetWatcher>(std::move(*opened));
    RecorderWorld world;
    for (const TargetInfo& target : watcher->targets()) {
        if (target.is_host) world.host_netns = target.netns;
    }
    LiveOptions inside = options.source;
    inside.ring_bytes = options.inside_ring_bytes;
    inside.timeout_ms = options.inside_timeout_ms;
    world.open_source = [watcher, source = options.source, inside,
                         host = world.host_netns](std::uint64_t netns) {
        const LiveOptions& chosen = netns == host ? source : inside;
        return open_any(*watcher, chosen, netns, netns == host);
    };
    world.targets_fd = watcher->poll_fd();
    world.targets = [watcher] { return watcher->targets(); };
    const auto closes =
        std::make_shared<CloseFollower>(watcher, options.watcher.procfs, options.now);
    world.read_targets = [watcher, closes] {
        auto events = watcher->read();
        if (!events || !events->empty()) closes->targets_changed();
        return events;
    };
    world.lost_notifications = [watcher] { return watcher->losses(); };
    world.take_limitations = [watcher] { return watcher->take_limitations(); };
    world.sockets = [watcher, closes](const std::vector<std::uint64_t>& namespaces) {
        closes->targets_changed();
        return watcher->sockets(namespaces);
    };
    world.hear_closes = [closes] { return closes->begin(); };
    world.closed = [closes] { return closes->read(); };
    world.now = options.now;
    world.stop_fd = options.stop_fd;
    return world;
}

}  // namespace nspect::capture
