// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/netns_scan.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "capture/targets/container_identity.h"
#include "capture/targets/supervisor.h"

namespace nspect::capture {
namespace {

/// How many processes of a namespace are asked for their container, and how many are told.
constexpr std::size_t asked_pids = 64;
constexpr std::size_t told_pids = 8;
constexpr std::size_t host_pids = 16384;

/// Sandboxes shield it even from root. Nothing is missed with it: it is in this host's namespace.
constexpr std::uint32_t init = 1;

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
    std::vector<std::uint32_t> pids;
};

/// What is asked about a container.
struct Sources {
    const Procfs& procfs;
    const StateRoots& roots;
    EngineApi* engine = nullptr;
};

/// The state of the runtime where its supervisor says it is, then at the usual places.
ContainerFacts facts_of(const Sources& sources, const ContainerIdentity& identity,
                        const std::optional<Supervisor>& supervisor) {
    if (!supervisor) return container_facts(sources.roots, identity, sources.engine);
    auto facts = container_facts(supervisor->roots, identity);
    if (facts.image.empty() && facts.labels.empty()) {
        // One of bare files has neither, and is known all the same.
        auto elsewhere = container_facts(sources.roots, identity, sources.engine);
        if (facts.name.empty() || !elsewhere.image.empty() || !elsewhere.labels.empty())
            facts = std::move(elsewhere);
    }
    if (facts.name.empty() && supervisor->identity.container == identity.container)
        facts.name = supervisor->name;
    if (facts.image.empty()) facts.image = supervisor->image;
    return facts;
}

/// Where control groups name none, the process that started it may.
std::optional<Inhabitant> container_of(const Sources& sources, std::uint32_t pid,
                                       std::vector<Inhabitant>& known) {
    auto identity = container_identity(sources.procfs.text(pid, "cgroup"));
    for (auto& each : known) {
        if (!identity || !(each.identity == *identity)) continue;
        each.pids.push_back(pid);
        return std::nullopt;
    }
    const auto supervisor = supervisor_of(sources.procfs, pid);
    // LXC calls its group "<name>-1" where one of that name is left over.
    const bool better = supervisor && identity && identity->runtime == "lxc" &&
                        supervisor->identity.runtime == "lxc";
    if (supervisor && (!identity || better)) identity = supervisor->identity;
    if (!identity) return std::nullopt;
    for (auto& each : known) {
        if (!(each.identity == *identity)) continue;
        each.pids.push_back(pid);
        return std::nullopt;
    }
    auto facts = facts_of(sources, *identity, supervisor);
    return Inhabitant{std::move(*identity), std::move(facts), {pid}};
}

/// The containers that some processes are in, each once, oldest process first.
std::vector<Inhabitant> containers_of(const Sources& sources,
                                      const std::vector<std::uint32_t>& pids, std::size_t limit) {
    std::vector<Inhabitant> found;
    for (std::size_t i = 0; i < std::min(pids.size(), limit); ++i) {
        if (auto container = container_of(sources, pids[i], found))
            found.push_back(std::move(*container));
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

/// In a pod an application's container says more than the pause container that holds the namespace;
/// elsewhere the one whose network it is, more than those that joined it.
std::optional<Inhabitant> main_inhabitant(const std::vector<Inhabitant>& all) {
    auto rank = [](const ContainerFacts& facts) {
        return (facts.sandbox ? 2 : 0) + (facts.joined ? 1 : 0);
    };
    std::optional<Inhabitant> chosen;
    for (const auto& each : all) {
        if (!chosen || rank(each.facts) < rank(chosen->facts)) chosen = each;
    }
    for (const auto& each : all) {
        if (each.facts.sandbox && !chosen->facts.sandbox)
            add_what_the_sandbox_knows(chosen->facts, each.facts);
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

SharingContainer sharing(Inhabitant who) {
    SharingContainer container;
    container.runtime = std::move(who.facts.runtime);
    container.container = std::move(who.identity.container);
    container.name = std::move(who.facts.name);
    container.image = std::move(who.facts.image);
    container.pod = std::move(who.facts.pod);
    container.namespace_name = std::move(who.facts.namespace_name);
    container.pod_uid = std::move(who.facts.pod_uid);
    container.labels = std::move(who.facts.labels);
    container.sandbox = who.facts.sandbox;
    container.pids = std::move(who.pids);
    return container;
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

NetnsScan find_netns(const Procfs& procfs) {
    NetnsScan scan;
    std::map<std::uint64_t, NetnsPlace> places;
    auto mounted = procfs.netns_mounts();
    if (!mounted) scan.troubles.push_back(mounted.error());
    for (auto& mount : mounted ? *mounted : std::vector<NetnsMount>{}) {
        auto& mounts = places[mount.inode].mounts;
        // A shared mount below a folder that is mounted on itself is listed twice.
        if (std::find(mounts.begin(), mounts.end(), mount.path) == mounts.end()) {
            mounts.push_back(std::move(mount.path));
        }
    }
    auto pids = procfs.pids();
    if (!pids) scan.troubles.push_back(pids.error());
    for (const auto pid : pids ? *pids : std::vector<std::uint32_t>{}) {
        const auto inode = procfs.netns_of(pid);
        if (inode) {
            places[*inode].pids.push_back(pid);
        } else if (inode.error().kind == Error::Kind::permission && pid != init) {
            ++scan.passed_over;
        }
    }
    for (auto& [inode, place] : places) {
        place.inode = inode;
        scan.places.push_back(std::move(place));
    }
    return scan;
}

Result<Netns> open_place(const Procfs& procfs, const NetnsPlace& place) {
    Error last{Error::Kind::not_found, "is gone", {}, "netns " + std::to_string(place.inode)};
    auto paths = place.mounts;
    for (const auto pid : place.pids) paths.push_back(procfs.netns_path(pid));
    for (const auto& path : paths) {
        auto opened = Netns::open(path);
        // Between the scan and now a process may have moved, and a mount been replaced.
        if (opened && opened->inode() == place.inode) return opened;
        if (!opened) last = std::move(opened).error();
    }
    return last;
}

Result<Netns> open_host(const Procfs& procfs, const std::string& path) {
    if (!path.empty()) return Netns::open(path);
    auto first = Netns::open(procfs.netns_path(1));
    return first ? std::move(first) : Netns::of_this_thread();
}

TargetInfo describe_target(const Procfs& procfs, const StateRoots& roots, const NetnsPlace& place,
                           bool is_host, EngineApi* engine,
                           std::vector<std::string>* state_folders) {
    TargetInfo target;
    target.netns = place.inode;
    target.is_host = is_host;
    target.pids.assign(place.pids.begin(),
                       place.pids.begin() + std::min(place.pids.size(), told_pids));
    auto all = containers_of({procfs, roots, engine}, place.pids, is_host ? host_pids : asked_pids);
    for (const auto& each : all) {
        if (state_folders != nullptr && !each.facts.state_folder.empty())
            state_folders->push_back(each.facts.state_folder);
    }
    if (is_host) {
        target.name = "host";
    } else if (auto who = main_inhabitant(all)) {
        describe_container(target, std::move(*who));
    } else {
        describe_plain(procfs, place, target);
    }
    if (!is_host && all.size() < 2) return target;
    for (auto& each : all) target.sharing.push_back(sharing(std::move(each)));
    return target;
}

void update_host(TargetInfo& host, const Procfs& procfs, const StateRoots& roots,
                 const NetnsPlace& before, const NetnsPlace& now, EngineApi* engine) {
    std::vector<std::uint32_t> fresh;
    std::set_difference(now.pids.begin(), now.pids.end(), before.pids.begin(), before.pids.end(),
                        std::back_inserter(fresh));
    for (auto& container : host.sharing) {
        std::erase_if(container.pids, [&](std::uint32_t pid) {
            return !std::binary_search(now.pids.begin(), now.pids.end(), pid);
        });
    }
    for (auto& each : containers_of({procfs, roots, engine}, fresh, host_pids)) {
        auto found = sharing(std::move(each));
        const auto known = std::find_if(
            host.sharing.begin(), host.sharing.end(), [&](const SharingContainer& container) {
                return container.runtime == found.runtime && container.container == found.container;
            });
        if (known == host.sharing.end()) {
            host.sharing.push_back(std::move(found));
        } else {
            known->pids.insert(known->pids.end(), found.pids.begin(), found.pids.end());
        }
    }
    std::erase_if(host.sharing, [](const SharingContainer& each) { return each.pids.empty(); });
}

void drop_guests(TargetInfo& host, const std::vector<TargetInfo>& all) {
    std::set<std::string> at_home;
    for (const auto& target : all) {
        if (target.is_host) continue;
        at_home.insert(target.container);
        for (const auto& container : target.sharing) at_home.insert(container.container);
    }
    std::erase_if(host.sharing, [&](const SharingContainer& container) {
        return at_home.contains(container.container);
    });
}

}  // namespace nspect::capture
