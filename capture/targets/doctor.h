// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capture/os/procfs.h"
#include "capture/targets/container_state.h"

namespace nspect::capture {

/// One thing that capturing depends on, and what follows from it.
struct Probe {
    enum class State : std::uint8_t {
        ok,
        missing,  ///< should be there and is not: see consequence and remedy
        absent,   ///< not on this machine, and need not be
    };
    std::string subject;  ///< "CAP_NET_RAW", "docker", "link kind veth"
    State state = State::ok;
    std::string found;        ///< "effective", "6.1.0", "/var/lib/docker"; may be empty
    std::string consequence;  ///< what does not work, and what still does; empty when it is ok
    std::string remedy;       ///< how to get it; empty when it is ok

    bool operator==(const Probe&) const = default;
};
std::string_view to_string(Probe::State state);

struct DoctorOptions {
    Procfs procfs;
    StateRoots roots;
    std::string root;  ///< put before the paths of the runtimes' sockets
    /// Trying link kinds makes a short-lived namespace, and may make the kernel load modules. What
    /// tells of closed sockets is tried with them.
    bool try_link_kinds = true;
};

/// What this machine and user can capture. Reads, opens and closes; changes nothing.
std::vector<Probe> examine(const DoctorOptions& options);

/// Bits of the CapEff line of /proc/PID/status text; 0 without one.
std::uint64_t parse_effective_capabilities(std::string_view status);

/// "v1", "v2" or "hybrid" from the text of /proc/PID/cgroup; "" when it has no line.
std::string_view cgroup_version(std::string_view cgroup);

/// Whether "6.1.0-18-amd64" is at least major.minor.
bool kernel_is_at_least(std::string_view release, unsigned major, unsigned minor);

}  // namespace nspect::capture
