// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "capture/flow/flow_table.h"
#include "capture/recorder.h"
#include "cli/command_line.h"
#include "model/recording.h"
#include "model/result.h"

namespace nspect::cli {

/// What to listen to on this host, as the verbs that do so are asked.
struct LiveOptions {
    std::vector<std::string> targets;
    std::string pods;
    std::string duration;
    std::string memory = "300M";
    std::string ring = "16M";
    bool inside = false;
    bool both_ends = false;
    bool host = false;
};
/// --target, --pods, --duration, --inside, --both-ends, --host, --memory, --ring.
void declare_live_options(CommandLine& line, LiveOptions& options);

/// The name of one that was given a value other than its default, for whoever has no use for them;
/// --memory apart, of which files have use too.
std::optional<std::string> given_live_option(const LiveOptions& options);

/// The options' texts as values.
struct LiveSettings {
    std::optional<Duration> duration;
    std::uint64_t memory = 0;
    std::uint64_t ring = 0;

    std::size_t flows() const;
    /// TLS facts are larger than flows, and fewer flows have them.
    std::size_t tls_flows() const;
};
Result<LiveSettings> read_live_settings(const LiveOptions& options);

/// "'5' makes no sense for --duration".
Error bad_value(const std::string& option, const std::string& value, const std::string& hint);
/// The same with a way on, where privileges are missing.
Error pointing_to_doctor(Error error);
/// Addresses come from strangers: which flows share a bucket must not be theirs to choose.

/// How a live capture is told to whoever asked for it.
struct LiveHooks {
    int stop_fd = -1;  ///< readable: stop in order
    bool quiet = false;
    bool whole_packets = false;  ///< not only what the decoders need of them
    /// Before the first packet can come. An Error, and the capture does not begin.
    std::function<Status()> begin = [] { return Status(done); };
    std::function<bool()> begun;  ///< whether that was
    /// Packets are being read, and that was said.
    std::function<void()> listening = [] {};
    capture::BatchSink write;  ///< by other threads, not two at once where it is locked
    capture::KeepPacket keep;  ///< may be empty
};

/// Captures on this host until it is stopped or its time is over; says on stderr that it begins,
/// and what it waits for. An Error means that it never began.
Result<capture::RecordingSummary> capture_here(const LiveOptions& options,
                                               const LiveSettings& settings, LiveHooks hooks);

/// Of what capture_here() could not cover each kind is said when it is first met.
void say_not_covered(const capture::Limitation& each);
/// "12 packets, 3 sightings in 4.2 s; lost: 0 packets, 0 sightings".
void tell(const capture::RecordingSummary& summary, bool quiet);

}  // namespace nspect::cli
