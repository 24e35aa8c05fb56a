// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/os/netns.h"
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

struct NetnsScan {
    std::vector<NetnsPlace> places;  ///< by inode
    /// Processes that may not be looked into: the places of these may be missing.
    std::uint64_t passed_over = 0;
    /// What could not be read at all: a place that is missing may still be there.
    std::vector<Error> troubles;
};
/// Every network namespace that a process is in or that is bind-mounted.
NetnsScan find_netns(const Procfs& procfs);

/// Error::not_found: it is gone by now, or what its paths lead to is another one.
Result<Netns> open_place(const Procfs& procfs, const NetnsPlace& place);
/// That of `path`; without one that of process 1, or our own where that may not be seen.
Result<Netns> open_host(const Procfs& procfs, const std::string& path);

/// Who lives there: the container of its processes, else the name of its mount, else the service or
/// program; and all its containers where they are several or share the host's. Interfaces, times
/// and the id are left empty. `engine` is asked where the runtimes' files say nothing; into
/// `state_folders`, where given, go the folders whose change means that the answer may be another.
TargetInfo describe_target(const Procfs& procfs, const StateRoots& roots, const NetnsPlace& place,
                           bool is_host, EngineApi* engine = nullptr,
                           std::vector<std::string>* state_folders = nullptr);

/// Brings the containers with the host's network up to date: only processes that are new since
/// `before` are looked at.
void update_host(TargetInfo& host, const Procfs& procfs, const StateRoots& roots,
                 const NetnsPlace& before, const NetnsPlace& now, EngineApi* engine = nullptr);

/// Takes away from the host what is in a namespace of its own by `all`: a process on its way into a
/// container is in the container's control group before it is in its network.
void drop_guests(TargetInfo& host, const std::vector<TargetInfo>& all);

}  // namespace nspect::capture
