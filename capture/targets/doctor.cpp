// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/doctor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <optional>
#include <system_error>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/os/fd.h"
#include "capture/os/netlink.h"
#include "capture/os/netns.h"
#include "capture/os/socket_closes.h"

namespace nspect::capture {
namespace {

using State = Probe::State;

constexpr std::size_t text_limit = 65536;

struct Capability {
    unsigned bit;  // linux/capability.h
    std::string_view name;
    std::string_view consequence;
};
constexpr std::array capabilities{
    Capability{13, "CAP_NET_RAW",
               "no packets can be captured; reading capture files, manifests and recordings works"},
    Capability{12, "CAP_NET_ADMIN",
               "interfaces of other network namespaces may be hidden, and no promiscuous capture; "
               "the host's own interfaces work"},
    Capability{
        21, "CAP_SYS_ADMIN",
        "other network namespaces cannot be entered; the host's ends of veths can be captured"},
    Capability{
        19, "CAP_SYS_PTRACE",
        "namespaces of other users' processes are not found; those that are bind-mounted are"},
    Capability{11, "CAP_NET_BROADCAST",
               "changes inside other namespaces are not heard by one socket; the host's are"},
};

struct Runtime {
    std::string_view name;
    std::vector<std::string> folders;
    std::vector<std::string> sockets;
};

std::vector<Runtime> runtimes(const StateRoots& roots) {
    return {
        {"docker", roots.docker, {"/run/docker.sock", "/run/cri-dockerd.sock"}},
        {"containerd",
         roots.containerd,
         {"/run/containerd/containerd.sock", "/run/k3s/containerd/containerd.sock",
          "/var/snap/microk8s/common/run/containerd.sock"}},
        {"podman, cri-o", roots.storage, {"/run/podman/podman.sock", "/run/crio/crio.sock"}},
        {"incus", roots.incus, {}},
        {"lxd", roots.lxd, {}},
        {"kubelet", roots.pod_logs, {}},
    };
}

Probe ok(std::string subject, std::string found) {
    return {std::move(subject), State::ok, std::move(found), {}, {}};
}

Probe capability(const Capability& which, std::uint64_t effective) {
    const std::string name(which.name);
    if ((effective >> which.bit & 1U) != 0) return ok(name, "effective");
    return {name,
            State::missing,
            {},
            std::string(which.consequence),
            "run as root, or give the program the capability: setcap, or the container's "
            "securityContext"};
}

Probe packet_socket() {
    // Protocol 0: it receives nothing.
    const Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    if (socket) return ok("packet sockets", "can be opened");
    return {"packet sockets", State::missing, std::strerror(errno), "no packets can be captured",
            "needs CAP_NET_RAW and a kernel with packet sockets; a container's seccomp profile may "
            "forbid it"};
}

Probe entering() {
    const auto own = Netns::of_this_thread();
    const auto entered = own ? run_in(*own, []() -> Status { return done; }) : Status(own.error());
    if (entered) return ok("entering network namespaces", "works");
    return {"entering network namespaces", State::missing, entered.error().message,
            "interfaces inside containers cannot be captured; the host's ends of their veths can",
            "needs CAP_SYS_ADMIN; a container's seccomp profile may forbid it"};
}

Probe other_processes(const Procfs& procfs) {
    const std::string subject = "namespaces of other processes";
    const auto listed = procfs.pids();
    const auto pids = listed ? *listed : std::vector<std::uint32_t>{};
    const auto seen = std::count_if(pids.begin(), pids.end(), [&](std::uint32_t pid) {
        return procfs.netns_of(pid).has_value();
    });
    const auto hidden = static_cast<std::ptrdiff_t>(pids.size()) - seen;
    auto found = std::to_string(seen) + " of " + std::to_string(pids.size()) + " processes";
    // Some end while they are counted, and process 1 may be guarded.
    if (seen > 0 && hidden <= 1 + seen / 10) return ok(subject, std::move(found));
    return {subject, State::missing, std::move(found),
            "only bind-mounted namespaces and those of own processes are found",
            "needs CAP_SYS_PTRACE; in a container also the host's /proc (hostPID)"};
}

std::string first_line(const Result<std::string>& text) {
    return text ? text->substr(0, text->find('\n')) : std::string{};
}

Probe kernel(const Procfs& procfs) {
    auto release = first_line(read_file(procfs.root() + "/sys/kernel/osrelease", text_limit));
    if (kernel_is_at_least(release, 5, 3)) return ok("kernel", std::move(release));
    return {"kernel", State::missing, std::move(release),
            "the end of a namespace that only processes keep is noticed late",
            "Linux 5.3 or later tells when processes end"};
}

Probe control_groups(const Procfs& procfs) {
    const auto text = read_file(procfs.root() + "/self/cgroup", text_limit);
    const auto version = text ? cgroup_version(*text) : std::string_view{};
    if (!version.empty()) return ok("control groups", std::string(version));
    return {"control groups",
            State::missing,
            {},
            "containers are not told from other processes",
            "mount /proc, or a kernel with control groups"};
}

Probe open_files() {
    rlimit limit{};
    constexpr rlim_t wanted = 4096;  // three a container
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const auto most = limit.rlim_max;  // what is set lower than that is raised
    if (most >= wanted) return ok("open files", std::to_string(most));
    return {"open files", State::missing, std::to_string(most),
            "about a third as many containers can be followed at once",
            "ulimit -n 65536, or LimitNOFILE= of the service"};
}

bool is_there(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}
bool is_readable(const std::string& path) {
    return ::access(path.c_str(), R_OK) == 0;
}

void append(std::string& list, const std::string& item) {
    if (!list.empty()) list += ", ";
    list += item;
}

Probe runtime_state(const Runtime& runtime, const std::string& root) {
    std::string readable;
    std::string refused;
    auto look_at = [&](const std::string& path) {
        if (is_readable(path)) {
            append(readable, path);
        } else if (is_there(path) || errno == EACCES) {
            append(refused, path);
        }
    };
    for (const auto& folder : runtime.folders) look_at(folder);
    for (const auto& socket : runtime.sockets) look_at(root + socket);
    const std::string subject(runtime.name);
    if (!readable.empty() && refused.empty()) return ok(subject, readable);
    if (refused.empty()) return {subject, State::absent, {}, {}, {}};
    return {subject, State::missing, refused + " cannot be read",
            "its containers are known by their ids and not by names, images and labels",
            "run as root; in a container mount the host's folder"};
}

Probe closed_sockets() {
    const std::string subject = "closed sockets";
    const auto told = SocketCloses::open();
    if (told) return ok(subject, "told by the kernel");
    return {subject, State::missing, told.error().message,
            "of containers that share a network namespace, connections of less than some 0.3 s may "
            "be taken for the node's or for another one's",
            "needs Linux 5.9, control groups of version 2 and CAP_SYS_ADMIN"};
}

Probe link_kind(const std::string& kind) {
    const std::string subject = "link kind " + kind;
    const auto known = kernel_knows_kind(kind);
    if (known && *known) return ok(subject, "known to the kernel");
    if (known) return {subject, State::absent, "not known to the kernel", {}, {}};
    return {subject, State::absent, "cannot be found out: " + known.error().message, {}, {}};
}

std::optional<unsigned> leading_number(std::string_view& text) {
    unsigned number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

}  // namespace

std::string_view to_string(Probe::State state) {
    switch (state) {
        case State::ok:
            return "ok";
        case State::missing:
            return "missing";
        case State::absent:
            return "absent";
    }
    return {};
}

std::uint64_t parse_effective_capabilities(std::string_view status) {
    constexpr std::string_view label = "CapEff:\t";
    const auto start = status.find(label);
    std::uint64_t bits = 0;
    if (start == std::string_view::npos) return 0;
    status.remove_prefix(start + label.size());
    std::from_chars(status.data(), status.data() + status.size(), bits, 16);
    return bits;
}

std::string_view cgroup_version(std::string_view cgroup) {
    bool unified = false;
    bool numbered = false;
    while (!cgroup.empty()) {
        const auto line = cgroup.substr(0, cgroup.find('\n'));
        (line.starts_with("0::") ? unified : numbered) = true;
        cgroup.remove_prefix(std::min(line.size() + 1, cgroup.size()));
    }
    if (unified && numbered) return "hybrid";
    if (unified) return "v2";
    return numbered ? "v1" : "";
}

bool kernel_is_at_least(std::string_view release, unsigned major, unsigned minor) {
    const auto first = leading_number(release);
    if (!first || !release.starts_with('.')) return false;
    release.remove_prefix(1);
    const auto second = leading_number(release);
    return second && (*first > major || (*first == major && *second >= minor));
}

std::vector<Probe> examine(const DoctorOptions& options) {
    std::vector<Probe> probes;
    const auto status = read_file(options.procfs.root() + "/self/status", text_limit);
    const auto effective = status ? parse_effective_capabilities(*status) : 0;
    for (const auto& each : capabilities) probes.push_back(capability(each, effective));
    probes.push_back(packet_socket());
    probes.push_back(entering());
    probes.push_back(other_processes(options.procfs));
    probes.push_back(kernel(options.procfs));
    probes.push_back(control_groups(options.procfs));
    probes.push_back(open_files());
    for (const auto& runtime : runtimes(options.roots)) {
        probes.push_back(runtime_state(runtime, options.root));
    }
    if (!options.try_link_kinds) return probes;
    probes.push_back(closed_sockets());
    for (const auto* kind : {"veth", "bridge", "macvlan", "ipvlan", "netkit", "vxlan", "geneve"}) {
        probes.push_back(link_kind(kind));
    }
    return probes;
}

}  // namespace nspect::capture
