// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/os/procfs.h"
#include "capture/targets/container_state.h"
#include "model/recording.h"

namespace nspect::capture {

/// A network namespace and what keeps it alive.
struct NetnsPlace {
    std::uint64_t inode = 0;
    std::vector<std::string> mounts;
    std::vector<std::uint32_t> pids;  ///< sorted

    bool operator==(const NetnsPlace&) const = default;
};

/// Every network namespace that a process is in or that is bind-mounted, by inode. Those of
/// processes that may not be looked into are missing.
std::vector<NetnsPlace> find_netns(const Procfs& procfs);

/// Who lives there: the container of its processes, else the name of its mount, else the service or
/// program. Interfaces, times and the id are left empty.
TargetInfo describe_target(const Procfs& procfs, const StateRoots& roots, const NetnsPlace& place,
                           bool is_host);

}  // namespace nspect::capture
