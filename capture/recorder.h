// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "capture/batch_writer.h"
#include "capture/flow/flow_table.h"
#include "capture/source/packet_source.h"
#include "capture/targets/socket_closers.h"
#include "capture/vantage_book.h"

namespace nspect::capture {

/// Gets every packet that is counted, as it was captured: PacketKeeper::keep.
using KeepPacket =
    std::function<void(const RawPacket&, std::uint32_t vantage, const VantageBook& book)>;

struct RecorderOptions {
    RecordingInfo info;  ///< host, boot id, version, origin; times and counts are filled in
    CaptureSide side = CaptureSide::host_end;
    bool host_interfaces = false;
    std::function<bool(const TargetInfo&)> wants;  ///< empty: every target
    std::optional<Duration> duration;
    FlowLimits flows;
    HashSeed seed;
    WriterLimits writer;
    Duration interval = std::chrono::seconds(1);  ///< between batches
    /// Finished sightings that may wait for room in the writer's queue; more are lost and counted.
    std::size_t waiting = 65536;
    PayloadObserver observer;
    KeepPacket keep;  ///< empty: packets are not kept
    /// Told of each kind of limitation when it is first met. Empty: nobody is.
    std::function<void(const Limitation&)> on_limitation;
};

/// What a recorder asks of the world. live_world() has the real one, tests have scripted ones.
struct RecorderWorld {
    std::uint64_t host_netns = 0;
    /// All packets of one network namespace: an "any" source, or a script.
    std::function<Result<std::unique_ptr<PacketSource>>(std::uint64_t netns)> open_source;
    /// Of the target watcher; -1 when targets never change.
    int targets_fd = -1;
    std::function<std::vector<TargetInfo>()> targets;
    std::function<Result<std::vector<TargetEvent>>()> read_targets;
    std::function<std::uint64_t()> lost_notifications;
    /// What cannot be seen, and why: what is new since the last call. Empty: nothing.
    std::function<std::vector<Limitation>()> take_limitations;
    /// As TargetWatcher::sockets(). Empty: containers that share a namespace are not told apart.
    std::function<std::map<std::uint64_t, std::vector<ContainerSockets>>(
        const std::vector<std::uint64_t>&)>
        sockets;
    /// Begins to hear of sockets that such containers close, if that can be heard of: readable when
    /// `closed` has something. Empty: it cannot.
    std::function<Result<int>()> hear_closes;
    struct Closes {
        std::vector<ClosedSocket> closed;
        std::uint64_t lost = 0;  ///< how many went untold
    };
    std::function<Closes()> closed;  ///< since the last call
    std::function<Timestamp()> now;
    int stop_fd = -1;  ///< readable: stop in order
};

struct RecordingSummary {
    Timestamp started{};
    Timestamp ended{};
    std::uint64_t packets = 0;
    std::uint64_t sightings = 0;          ///< given to the store; each counts once
    std::uint64_t lost_packets = 0;       ///< by the kernel or an interface
    std::uint64_t lost_sightings = 0;     ///< by the recorder or the store
    std::optional<Error> store_error;     ///< what was left at the end could not be written
    std::vector<Limitation> limitations;  ///< what was not covered, and why
};

/// Records until it is stopped, `duration` is over, or every source has ended. One thread reads all
/// sources; targets come and go by notification; one more thread writes. At the end rings are
/// drained, so that a connection made just before is not lost. An Error means that it never began.
Result<RecordingSummary> record(RecorderOptions options, RecorderWorld world, BatchSink sink);

}  // namespace nspect::capture
