// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/supervisor.h"

#include <algorithm>
#include <cstdint>

namespace nspect::capture {
namespace {

/// A chain of parents that is longer is broken off: it is no container's init.
constexpr int generations = 32;

using Arguments = std::span<const std::string>;

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

/// `levels` folders up; "" at the root.
std::string above(std::string path, int levels) {
    for (int i = 0; i < levels; ++i) {
        const auto slash = path.rfind('/');
        if (slash == std::string::npos || slash == 0) return {};
        path.resize(slash);
    }
    return path;
}

/// The value of "-x VALUE" or "--long=VALUE"; "" without one.
std::string option(Arguments arguments, std::string_view name) {
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        if (argument == name && i + 1 < arguments.size()) return arguments[i + 1];
        if (argument.size() > name.size() && argument.starts_with(name) &&
            argument[name.size()] == '=') {
            return argument.substr(name.size() + 1);
        }
    }
    return {};
}

StateRoots no_roots() {
    StateRoots none;
    for (auto* paths : {&none.docker, &none.containerd, &none.storage, &none.pod_logs, &none.incus,
                        &none.lxd, &none.lxc, &none.sockets}) {
        paths->clear();
    }
    return none;
}

/// Runs in <task folder>/<containerd namespace>/<container>, which for the others of a pod is the
/// folder beside theirs.
std::optional<Supervisor> shim(Arguments arguments, const std::string& folder) {
    Supervisor found{{"containerd", option(arguments, "-id"), {}}, {}, no_roots(), {}};
    const auto realm = option(arguments, "-namespace");
    if (found.identity.container.empty() || realm.empty()) return std::nullopt;
    if (realm == "moby") found.identity.runtime = "docker";
    if (auto root = above(folder, 2); !root.empty()) {
        found.roots.containerd.push_back(std::move(root));
    }
    return found;
}

/// "-b <storage>/<driver>-containers/<id>/userdata"; CRI-O's says the same and its files differ.
std::optional<Supervisor> conmon(Arguments arguments) {
    Supervisor found{{"podman", option(arguments, "-c"), {}}, {}, no_roots(), {}};
    if (found.identity.container.empty()) return std::nullopt;
    found.name = option(arguments, "-n");
    if (auto root = above(option(arguments, "-b"), 3); !root.empty()) {
        found.roots.storage.push_back(std::move(root));
    }
    return found;
}

/// It writes "[lxc monitor] <path> <name>" over its arguments.
std::optional<Supervisor> lxc_monitor(const std::string& title) {
    constexpr std::string_view start = "[lxc monitor] ";
    const auto end = title.rfind(' ');
    if (!title.starts_with(start) || end <= start.size()) return std::nullopt;
    Supervisor found{{"lxc", title.substr(end + 1), {}}, title.substr(end + 1), no_roots(), {}};
    auto folder = title.substr(start.size(), end - start.size());
    // LXD and Incus have theirs in "containers" below their own.
    if (base_name(folder) == "containers") {
        const auto root = above(folder, 1);
        found.roots.incus.push_back(root);
        found.roots.lxd.push_back(root);
    }
    found.roots.lxc.push_back(std::move(folder));
    return found;
}

std::optional<Supervisor> nspawn(Arguments arguments) {
    Supervisor found{{"nspawn", {}, {}}, {}, no_roots(), {}};
    for (const auto* name : {"--directory", "-D", "--image", "-i"}) {
        if (found.image.empty()) found.image = option(arguments, name);
    }
    auto machine = option(arguments, "--machine");
    if (machine.empty()) machine = option(arguments, "-M");
    if (machine.empty()) machine = base_name(found.image);
    if (machine.empty()) return std::nullopt;
    found.identity.container = machine;
    found.name = machine;
    return found;
}

std::vector<std::string> split_arguments(std::string text) {
    std::vector<std::string> arguments;
    while (!text.empty()) {
        const auto end = std::min(text.find('\0'), text.size());
        arguments.push_back(text.substr(0, end));
        text.erase(0, end + 1);
    }
    return arguments;
}

std::uint32_t parent_of(const Procfs& procfs, std::uint32_t pid) {
    const auto status = procfs.text(pid, "status");
    constexpr std::string_view label = "\nPPid:\t";
    const auto at = status.find(label);
    std::uint32_t parent = 0;
    if (at == std::string::npos) return 0;
    for (auto i = at + label.size(); i < status.size() && status[i] >= '0' && status[i] <= '9'; ++i)
        parent = parent * 10 + static_cast<std::uint32_t>(status[i] - '0');
    return parent;
}

}  // namespace

std::optional<Supervisor> parse_supervisor(Arguments arguments, const std::string& folder) {
    if (arguments.empty()) return std::nullopt;
    const auto program = base_name(arguments[0]);
    if (program.starts_with("containerd-shim")) return shim(arguments, folder);
    if (program == "conmon" || program == "crio-conmon") return conmon(arguments);
    if (program == "systemd-nspawn") return nspawn(arguments);
    return lxc_monitor(arguments[0]);
}

std::optional<Supervisor> supervisor_of(const Procfs& procfs, std::uint32_t pid) {
    for (int i = 0; i < generations; ++i) {
        pid = parent_of(procfs, pid);
        if (pid <= 1) return std::nullopt;
        const auto arguments = split_arguments(procfs.text(pid, "cmdline"));
        auto found = parse_supervisor(arguments, procfs.link(pid, "cwd"));
        if (!found) continue;
        found->roots = found->roots.below(procfs.root_prefix(pid));
        return found;
    }
    return std::nullopt;
}

}  // namespace nspect::capture
