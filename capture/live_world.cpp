// SPDX-License-Identifier: Apache-2.0
#include "capture/live_world.h"

#include <memory>
#include <string>
#include <utility>

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
    world.read_targets = [watcher] { return watcher->read(); };
    world.lost_notifications = [watcher] { return watcher->losses(); };
    world.take_limitations = [watcher] { return watcher->take_limitations(); };
    world.sockets = [watcher](const std::vector<std::uint64_t>& namespaces) {
        return watcher->sockets(namespaces);
    };
    world.now = options.now;
    world.stop_fd = options.stop_fd;
    return world;
}

}  // namespace nspect::capture
