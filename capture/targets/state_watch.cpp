// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/state_watch.h"

#include <algorithm>
#include <optional>

#include <sys/stat.h>

#include "capture/targets/container_state.h"

namespace nspect::capture {
namespace {

/// Of the newest containers, which are the likeliest to be there when it is read.
constexpr std::size_t ways_kept = 8;

using Names = std::map<std::string, std::string>;

bool has_another(const Names& names, const std::string& container, const std::string& name) {
    const auto listed = names.find(container);
    return listed != names.end() && listed->second != name;
}

bool renamed(const TargetInfo& target, const Names& names) {
    return has_another(names, target.container, target.name) ||
           std::any_of(target.sharing.begin(), target.sharing.end(), [&](const auto& each) {
               return has_another(names, each.container, each.name);
           });
}

}  // namespace

Result<StateWatch> StateWatch::open() {
    auto folders = FolderWatch::open();
    if (!folders) return std::move(folders).error();
    return StateWatch(std::move(*folders));
}

bool StateWatch::follow(const std::string& folder, std::uint64_t netns) {
    struct stat found {};
    if (::stat(folder.c_str(), &found) != 0) return false;
    Folder& known = of_[{found.st_dev, found.st_ino}];
    if (known.paths.empty()) folders_.watch(folder);
    auto& paths = known.paths;
    if (std::find(paths.begin(), paths.end(), folder) == paths.end()) paths.push_back(folder);
    if (paths.size() > ways_kept) paths.erase(paths.begin() + 1);
    return known.netnses.insert(netns).second;
}

void StateWatch::forget(std::uint64_t netns) {
    for (auto& [identity, folder] : of_) folder.netnses.erase(netns);
    std::erase_if(of_, [](const auto& of) { return of.second.netnses.empty(); });
}

std::set<std::uint64_t> StateWatch::changed(const std::vector<TargetInfo>& targets) {
    std::set<std::uint64_t> all;
    const auto changed = folders_.changed_folders();
    for (auto& [identity, folder] : of_) {
        if (!std::binary_search(changed.begin(), changed.end(), folder.paths.front())) continue;
        std::optional<Names> names;
        for (const auto& path : folder.paths) {
            if (!names) names = listed_names(path);
        }
        if (!names) {
            all.insert(folder.netnses.begin(), folder.netnses.end());
            continue;
        }
        for (const auto& target : targets) {
            if (folder.netnses.contains(target.netns) && renamed(target, *names))
                all.insert(target.netns);
        }
    }
    return all;
}

}  // namespace nspect::capture
