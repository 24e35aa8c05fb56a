// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include <linux/bpf.h>

#include "capture/os/fd.h"
#include "model/result.h"

namespace nspect::capture {

/// A shared object of programs and ours: BPF_MAP_TYPE_*. Key and value in bytes.
Result<Fd> make_bpf_map(bpf_map_type type, std::uint32_t key, std::uint32_t value,
                        std::uint32_t entries);

/// A program of these instructions, for one place of control groups (BPF_CGROUP_*). Needs CAP_BPF,
/// CAP_PERFMON and CAP_NET_ADMIN, or CAP_SYS_ADMIN. `license` is what the kernel is told of the
/// program's: some of its functions are for GPL-compatible ones alone.
Result<Fd> load_bpf_program(bpf_prog_type type, bpf_attach_type place,
                            std::span<const bpf_insn> instructions, const char* license);

/// The program runs for the processes of `group` and below, beside those that others attached
/// there, as long as what is returned is open.
Result<Fd> attach_to_group(const Fd& program, const Fd& group, bpf_attach_type place);

/// The reading end of a BPF_MAP_TYPE_RINGBUF. By one reader.
class BpfRing {
public:
    /// `bytes`: as it was made with.
    static Result<BpfRing> open(const Fd& map, std::size_t bytes);
    BpfRing(BpfRing&& other) noexcept;
    BpfRing& operator=(BpfRing&&) = delete;
    ~BpfRing();

    /// What is there, oldest first. The bytes are gone after the call.
    void read(const std::function<void(std::span<const std::byte>)>& take);

private:
    BpfRing(std::byte* consumer, std::byte* producer, std::size_t bytes)
        : consumer_(consumer), producer_(producer), bytes_(bytes) {}

    std::byte* consumer_ = nullptr;  ///< a page: how far we have read
    std::byte* producer_ = nullptr;  ///< a page: how far is written; then the data, twice over
    std::size_t bytes_ = 0;
};

/// The value of a BPF_MAP_TYPE_ARRAY of one 64-bit number.
std::uint64_t read_bpf_number(const Fd& map);

}  // namespace nspect::capture
