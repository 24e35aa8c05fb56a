// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "capture/os/poller.h"
#include "model/recording.h"

namespace nspect::capture {

/// The folders in which runtimes note who their containers are (ContainerFacts::state_folder): one
/// for each, or one for all of them with a list, as Podman has it.
class StateWatch {
public:
    static Result<StateWatch> open();

    int fd() const noexcept { return folders_.fd(); }
    /// Whether it is news that the container of `netns` is noted there.
    bool follow(const std::string& folder, std::uint64_t netns);
    void forget(std::uint64_t netns);
    /// The namespaces about whose containers something else may be noted since the last call. A
    /// list changes with every container: of those in it, the ones whose name is another than in
    /// `targets`.
    std::set<std::uint64_t> changed(const std::vector<TargetInfo>& targets);

private:
    explicit StateWatch(FolderWatch folders) : folders_(std::move(folders)) {}

    /// One folder, however many ways there are to it: it is reached through the processes of each
    /// of its containers, which come and go.
    struct Folder {
        std::vector<std::string> paths;  ///< watched by the first
        std::set<std::uint64_t> netnses;
    };
    using Identity = std::pair<std::uint64_t, std::uint64_t>;  ///< device and inode number

    FolderWatch folders_;
    std::map<Identity, Folder> of_;
};

}  // namespace nspect::capture
