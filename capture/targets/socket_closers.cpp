// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/socket_closers.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <sys/stat.h>

#include "capture/targets/container_identity.h"

namespace nspect::capture {
namespace {

constexpr std::size_t most_remembered = 65536;
constexpr std::size_t most_strangers = 4096;
/// Of these one comes with each change of targets: there may be many in the second that a close may
/// wait to be read, and it is enough to bound what is remembered.
constexpr unsigned remembered_gone = 256;
/// A process is asked again after this, since another one may have its number.
constexpr auto asked_for = std::chrono::seconds{1};

/// "/docker/ID" of the line of version 2.
std::string_view version_2_path(std::string_view cgroup) {
    constexpr std::string_view start = "0::";
    while (!cgroup.empty()) {
        const auto line = cgroup.substr(0, cgroup.find('\n'));
        if (line.starts_with(start)) return line.substr(start.size());
        cgroup.remove_prefix(std::min(line.size() + 1, cgroup.size()));
    }
    return {};
}

template <class Map, class Key, class Value>
void remember(Map& map, const Key& key, Value value) {
    if (map.size() >= most_remembered) map.clear();
    map.insert_or_assign(key, std::move(value));
}

}  // namespace

void SocketClosers::learn(const std::vector<TargetInfo>& targets) {
    forget_gone();
    others_.clear();
    process_of_.clear();
    for (const auto& target : targets) {
        if (!target.container.empty()) others_.insert(target.container);
        for (const auto& container : target.sharing) {
            sharing_[container.container] = {target.netns, container.runtime};
            for (const auto pid : container.pids) process_of_.emplace(pid, container.container);
        }
    }
    learn_groups();
}

void SocketClosers::forget_gone() {
    for (auto& [container, place] : sharing_) ++place.gone;
    std::erase_if(sharing_, [](const auto& each) { return each.second.gone > remembered_gone; });
}

/// Of what a container starts for a moment (docker exec) the group is known before.
void SocketClosers::learn_groups() {
    if (groups_.empty()) return;
    if (learnt_.size() > most_remembered) learnt_.clear();
    for (const auto& [pid, container] : process_of_) {
        if (!learnt_.insert(pid).second) continue;
        if (const auto group = group_of(procfs_.text(pid, "cgroup")))
            remember(by_group_, *group, container);
    }
}

std::optional<std::uint64_t> SocketClosers::group_of(std::string_view cgroup) const {
    const auto path = version_2_path(cgroup);
    struct stat status {};
    const bool is_there = !groups_.empty() && path.size() > 1 &&
                          ::stat((groups_ + std::string(path)).c_str(), &status) == 0;
    if (!is_there) return std::nullopt;
    return status.st_ino;
}

/// Nothing when that cannot be known: it is gone, say.
std::optional<std::string> SocketClosers::container_of_process(std::uint32_t pid,
                                                               std::string_view cgroup) const {
    if (auto identity = container_identity(cgroup)) return std::move(identity->container);
    const auto listed = process_of_.find(pid);
    if (listed != process_of_.end()) return listed->second;
    if (cgroup.empty()) return std::nullopt;
    return std::string();
}

/// What a process is in now it may not have been in then.
std::string SocketClosers::container_by_group(const SocketEvent& event) {
    const auto known = by_group_.find(*event.group);
    if (known != by_group_.end()) return known->second;
    if (!event.pid) return {};
    const auto text = procfs_.text(*event.pid, "cgroup");
    const auto container = container_of_process(*event.pid, text);
    if (container && group_of(text) == event.group) remember(by_group_, *event.group, *container);
    return container.value_or("");
}

std::string SocketClosers::container_by_process(const SocketEvent& event) {
    if (!event.pid) return {};
    const auto known = by_process_.find(*event.pid);
    const bool asked = known != by_process_.end();
    if (asked && event.time - known->second.asked < asked_for) return known->second.container;
    const auto container = container_of_process(*event.pid, procfs_.text(*event.pid, "cgroup"));
    if (!container) return asked ? known->second.container : std::string();
    remember(by_process_, *event.pid, Process{*container, event.time});
    return *container;
}

/// `again`: containers were looked for since it was missed.
bool SocketClosers::is_of_interest(const SocketEvent& event, const std::string& container,
                                   bool again) {
    if (container.empty() || others_.contains(container)) return sharing_.contains(container);
    if (sharing_.contains(container)) return true;
    if (again) {
        if (strangers_.size() >= most_strangers) strangers_.clear();
        strangers_.insert(container);
    } else if (!strangers_.contains(container)) {
        pending_.push_back(event);
    }
    return false;
}

std::vector<ClosedSocket> SocketClosers::resolve(const std::vector<SocketEvent>& events,
                                                 Duration since_boot) {
    auto all = std::exchange(pending_, {});
    const std::size_t missed = all.size();
    all.insert(all.end(), events.begin(), events.end());
    std::vector<ClosedSocket> closed;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& event = all[i];
        const auto container =
            event.group ? container_by_group(event) : container_by_process(event);
        if (!is_of_interest(event, container, i < missed) || event.opened) continue;
        const auto& place = sharing_.at(container);
        closed.push_back({place.netns, place.runtime, container, event.protocol, event.local,
                          event.listening, Timestamp(event.time.time_since_epoch() + since_boot)});
    }
    return closed;
}

}  // namespace nspect::capture
