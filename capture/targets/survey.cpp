// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "capture/targets/socket_owners.h"
#include "capture/targets/watcher.h"

namespace nspect::capture {

Result<Survey> survey(WatcherOptions options) {
    const Procfs procfs = options.procfs;
    options.once = true;
    auto watcher = TargetWatcher::open(std::move(options));
    if (!watcher) return std::move(watcher).error();
    Survey found{watcher->targets(), watcher->attachments(), watcher->limitations().all()};
    for (auto& target : found.targets) find_listeners(procfs, target.sharing);
    return found;
}

Result<std::vector<TargetInfo>> find_targets(WatcherOptions options) {
    auto found = survey(std::move(options));
    if (!found) return std::move(found).error();
    return std::move(found->targets);
}

}  // namespace nspect::capture
