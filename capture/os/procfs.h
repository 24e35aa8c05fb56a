// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace nspect::capture {

/// The whole file, or an Error when it is longer than `limit` or cannot be read.
Result<std::string> read_file(const std::string& path, std::size_t limit);

/// A network namespace kept alive by a bind mount.
struct NetnsMount {
    std::uint64_t inode = 0;
    std::string path;

    bool operator==(const NetnsMount&) const = default;
};

/// The network namespaces among the mounts of /proc/PID/mountinfo text (proc(5)), in its order.
/// Lines that make no sense are passed over.
std::vector<NetnsMount> parse_netns_mounts(std::string_view mountinfo);

/// 4026531840 from "net:[4026531840]".
std::optional<std::uint64_t> parse_netns_link(std::string_view link);

/// Reads processes below a root that is /proc, the host's /proc mounted elsewhere, or a test's
/// folder. A process that ends while it is read is simply not there.
class Procfs {
public:
    Procfs() : Procfs("/proc") {}
    explicit Procfs(std::string root) : root_(std::move(root)) {}

    const std::string& root() const noexcept { return root_; }
    /// Sorted.
    Result<std::vector<std::uint32_t>> pids() const;
    /// The network namespace a process is in. Error::not_found: it has ended.
    Result<std::uint64_t> netns_of(std::uint32_t pid) const;
    std::string netns_path(std::uint32_t pid) const;
    /// One of its files, at most 64 KiB of it; "" when there is none.
    std::string text(std::uint32_t pid, std::string_view file) const;
    /// Where one of its links ("cwd") leads; "" when that may not be seen.
    std::string link(std::uint32_t pid, std::string_view file) const;
    /// What to put before a path of this process to reach it from here: "" when it sees the mounts
    /// that we see.
    std::string root_prefix(std::uint32_t pid) const;

    /// As seen by this process and, where that lives in another mount namespace (an agent in a
    /// container), by process 1, whose paths are then given through /proc/1/root.
    Result<std::vector<NetnsMount>> netns_mounts() const;

private:
    std::string root_;
};

}  // namespace nspect::capture
