// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

#include "capture/recorder.h"
#include "capture/source/live.h"
#include "capture/targets/watcher.h"

namespace nspect::capture {

struct LiveWorldOptions {
    WatcherOptions watcher;
    LiveOptions source;                                     ///< device and place are filled in
    std::size_t inside_ring_bytes = std::size_t{2} << 20U;  ///< of a source for one container
    int inside_timeout_ms = 100;  ///< of such, which may be hundreds, each with a timer
    std::function<Timestamp()> now;
    int stop_fd = -1;
};

/// This machine, for record(): its targets, followed by notification, and libpcap's "any" in the
/// host's network namespace and in others where that is asked for. Needs CAP_NET_RAW; to look into
/// other namespaces CAP_SYS_ADMIN and CAP_SYS_PTRACE too.
Result<RecorderWorld> live_world(LiveWorldOptions options);

}  // namespace nspect::capture
