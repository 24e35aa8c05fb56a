// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include <sys/types.h>

#include "tests/capture/os/live.h"
#include "tests/capture/os/temp_folder.h"

namespace nspect::test {

/// A host to run container engines on, beside the real one: its network, mounts (/run among them)
/// and processes are its own, so nothing that they do is left behind. Control groups are the
/// machine's, and those made meanwhile are removed at the end.
class RuntimeHost {
public:
    RuntimeHost();
    RuntimeHost(const RuntimeHost&) = delete;
    RuntimeHost& operator=(const RuntimeHost&) = delete;
    ~RuntimeHost();

    /// Runs a shell command there, at most a minute; throws when it fails, with what it wrote.
    std::string run(const std::string& command) const;
    /// Starts a daemon there and waits until `ready` succeeds; throws when that takes too long.
    void start(const std::string& daemon, const std::string& ready) const;

    /// A folder for the state of engines; the same path there and here.
    const std::string& folder() const { return folder_.path(); }
    /// Makes a root file system with busybox and packs it: the path of the archive.
    std::string image() const;
    std::string netns_path() const { return lab.path("host"); }

    capture::Lab lab;

private:
    void end() const;

    capture::TempFolder folder_;
    std::set<std::string> groups_before_;
    pid_t holder_ = -1;  ///< waits for the first process there, which ends with it
    pid_t first_ = -1;
};

/// Whether programs are installed. When not, says so; a failure where CI installs them.
bool have_programs(const std::string& runtime, const std::vector<std::string>& programs);

}  // namespace nspect::test
