// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <linux/bpf.h>

namespace nspect::capture {

/// Reading a field that a program's context does not have is for GPL-compatible programs: what is
/// in this file and its source may be used under that license too.
inline constexpr const char* socket_programs_license = "GPL";

/// What the programs write into the ring.
struct SocketRecord {
    std::uint64_t time = 0;  ///< ns of CLOCK_MONOTONIC
    std::uint64_t group = 0;
    std::uint64_t thread = 0;  ///< and its process, in the upper half
    // The beginning of the kernel's struct sock_common. All zero: a socket was made.
    std::uint32_t remote = 0;
    std::uint32_t local = 0;
    std::uint32_t hash = 0;
    std::uint16_t remote_port = 0;
    std::uint16_t port = 0;  ///< this and nothing else in the host's byte order
    std::uint16_t family = 0;
    std::uint8_t state = 0;
    std::uint8_t flags = 0;
    std::uint32_t protocol = 0;
};
static_assert(sizeof(SocketRecord) == 48);

struct ProgramMaps {
    int records;     ///< BPF_MAP_TYPE_RINGBUF
    int connecting;  ///< a hash: a socket's cookie to its local address and port
    int lost;        ///< an array of one: how many records there was no room for
    /// The reader is woken when so many bytes wait; 0: at each.
    std::size_t wake_at;
};

/// BPF_PROG_TYPE_SOCK_OPS: remembers what a TCP socket that connects is called.
std::vector<bpf_insn> connecting_program(const ProgramMaps& maps);
/// BPF_CGROUP_INET_SOCK_RELEASE: tells of a socket that is closed.
std::vector<bpf_insn> closing_program(const ProgramMaps& maps);
/// BPF_CGROUP_INET_SOCK_CREATE: tells who makes one.
std::vector<bpf_insn> opening_program(const ProgramMaps& maps);

}  // namespace nspect::capture
