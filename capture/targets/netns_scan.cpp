// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/netns_scan.h"

#include <algorithm>
#include <map>
#include <optional>

#include "capture/targets/container_identity.h"

namespace nspect::capture {
namespace {

/// How many processes of a namespace are asked for their container, and how many are told.
constexpr std::size_t asked_pids = 64;
constexpr std::size_t told_pids = 8;

std::string last_part(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

std::string first_line(std::string text) {
    text.resize(std::min(text.find('\n'), text.size()));
    return text;
}

struct Inhabitant {
    ContainerIdentity identity;
    ContainerFacts facts;
};

/// The containers in a namespace, each once, oldest process first.
std::vector<ContainerIdentity> containers_in(const Procfs& procfs, const NetnsPlace& place) {
    std::vector<ContainerIdentity> found;
    for (std::size_t i = 0; i < std::min(place.pids.size(), asked_pids); ++i) {
        auto identity = container_identity(procfs.text(place.pids[i], "cgroup"));
        if (identity && std::find(found.begin(), found.end(), *identity) == found.end()) {
            found.push_back(std::move(*identity));
        }
    }
    return found;
}

void add_what_the_sandbox_knows(ContainerFacts& facts, const ContainerFacts& sandbox) {
    if (facts.pod.empty()) facts.pod = sandbox.pod;
    if (facts.namespace_name.empty()) facts.namespace_name = sandbox.namespace_name;
    if (facts.pod_uid.empty()) facts.pod_uid = sandbox.pod_uid;
    for (const auto& [key, value] : sandbox.labels.entries()) {
        if (facts.labels.find(key) == nullptr) facts.labels.set(key, value);
    }
}

/// In a pod an application's container says more than the pause container that holds the namespace.
std::optional<Inhabitant> main_inhabitant(const Procfs& procfs, const StateRoots& roots,
                                          const NetnsPlace& place) {
    std::optional<Inhabitant> chosen;
    for (auto& identity : containers_in(procfs, place)) {
        auto facts = container_facts(roots, identity);
        if (chosen && !(chosen->facts.sandbox && !facts.sandbox)) continue;
        if (chosen) add_what_the_sandbox_knows(facts, chosen->facts);
        chosen = Inhabitant{std::move(identity), std::move(facts)};
    }
    return chosen;
}

void describe_container(TargetInfo& target, Inhabitant who) {
    target.runtime = std::move(who.facts.runtime);
    target.container = std::move(who.identity.container);
    target.name = std::move(who.facts.name);
    target.image = std::move(who.facts.image);
    target.labels = std::move(who.facts.labels);
    target.pod = std::move(who.facts.pod);
    target.namespace_name = std::move(who.facts.namespace_name);
    target.pod_uid = std::move(who.facts.pod_uid);
}

void describe_plain(const Procfs& procfs, const NetnsPlace& place, TargetInfo& target) {
    if (!place.mounts.empty()) {
        target.runtime = "netns";
        target.name = last_part(place.mounts.front());
        target.container = target.name;
    } else if (!place.pids.empty()) {
        target.runtime = "process";
        target.name = service_of(procfs.text(place.pids.front(), "cgroup"));
        if (target.name.empty()) target.name = first_line(procfs.text(place.pids.front(), "comm"));
    }
}

}  // namespace

std::vector<NetnsPlace> find_netns(const Procfs& procfs) {
    std::map<std::uint64_t, NetnsPlace> places;
    for (auto& mount : procfs.netns_mounts()) {
        auto& mounts = places[mount.inode].mounts;
        // A shared mount below a folder that is mounted on itself is listed twice.
        if (std::find(mounts.begin(), mounts.end(), mount.path) == mounts.end()) {
            mounts.push_back(std::move(mount.path));
        }
    }
    for (const auto pid : procfs.pids()) {
        if (const auto inode = procfs.netns_of(pid)) places[*inode].pids.push_back(pid);
    }
    std::vector<NetnsPlace> found;
    for (auto& [inode, place] : places) {
        place.inode = inode;
        found.push_back(std::move(place));
    }
    return found;
}

TargetInfo describe_target(const Procfs& procfs, const StateRoots& roots, const NetnsPlace& place,
                           bool is_host) {
    TargetInfo target;
    target.netns = place.inode;
    target.is_host = is_host;
    target.pids.assign(place.pids.begin(),
                       place.pids.begin() + std::min(place.pids.size(), told_pids));
    if (is_host) {
        target.name = "host";
    } else if (auto who = main_inhabitant(procfs, roots, place)) {
        describe_container(target, std::move(*who));
    } else {
        describe_plain(procfs, place, target);
    }
    return target;
}

}  // namespace nspect::capture
