// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/container_identity.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace nspect::capture {
namespace {

constexpr std::size_t id_length = 64;

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_container_id(std::string_view text) {
    return text.size() == id_length && std::all_of(text.begin(), text.end(), is_hex);
}

/// What stands before the id, or before the colon, names the runtime.
struct Prefix {
    std::string_view text;
    std::string_view runtime;
};
constexpr std::array prefixes{
    Prefix{"cri-containerd", "containerd"},
    Prefix{"docker", "docker"},
    Prefix{"crio", "cri-o"},
    Prefix{"libpod-payload", "podman"},
    Prefix{"libpod", "podman"},
    Prefix{"nerdctl", "nerdctl"},
};
constexpr std::array monitor_prefixes{
    std::string_view{"crio-conmon-"},
    std::string_view{"libpod-conmon-"},
    std::string_view{"lxc.monitor"},
};
/// `ctr run` without a runtime's own layout: /<containerd namespace>/<id>.
constexpr std::array containerd_namespaces{std::string_view{"default"}, std::string_view{"k8s.io"}};

std::string_view without_suffix(std::string_view text, std::string_view suffix) {
    if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
    return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        if (end > 0) parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

/// systemd writes bytes that a unit name may not have as \x2d.
std::string unescape_unit(std::string_view name) {
    auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    std::string plain;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name.substr(i, 2) == "\\x" && i + 3 < name.size() && is_hex(name[i + 2]) &&
            is_hex(name[i + 3])) {
            plain += static_cast<char>(digit(name[i + 2]) * 16 + digit(name[i + 3]));
            i += 3;
        } else {
            plain += name[i];
        }
    }
    return plain;
}

/// "pod<uid>", or "kubepods-burstable-pod<uid with _>.slice" of the systemd driver.
std::string pod_uid_of(std::string_view part) {
    const bool by_systemd = part.find("kubepods") != std::string_view::npos;
    const auto start = by_systemd ? part.rfind("-pod") : std::string_view::npos;
    if (by_systemd && start != std::string_view::npos) part.remove_prefix(start + 1);
    if (!part.starts_with("pod")) return {};
    part = part.substr(3, part.find(':') - std::min<std::size_t>(part.find(':'), 3));
    std::string uid(without_suffix(part, ".slice"));
    std::replace(uid.begin(), uid.end(), '_', '-');
    auto fits = [](char c) { return is_hex(c) || c == '-'; };
    // Static pods have a hash of 32 digits for a uid.
    const bool is_uid =
        (uid.size() == 36 || uid.size() == 32) && std::all_of(uid.begin(), uid.end(), fits);
    return is_uid ? uid : std::string{};
}

bool is_monitor(std::string_view part) {
    return std::any_of(monitor_prefixes.begin(), monitor_prefixes.end(),
                       [&](std::string_view prefix) { return part.starts_with(prefix); });
}

/// "docker-<id>.scope", "libpod-<id>", "kubepods-pod1.slice:cri-containerd:<id>".
std::optional<ContainerIdentity> by_prefix(std::string_view part) {
    part = without_suffix(part, ".scope");
    if (part.size() <= id_length + 1) return std::nullopt;
    const auto id = part.substr(part.size() - id_length);
    const char separator = part[part.size() - id_length - 1];
    if (!is_container_id(id) || (separator != '-' && separator != ':')) return std::nullopt;
    auto name = part.substr(0, part.size() - id_length - 1);
    if (separator == ':') name.remove_prefix(std::min(name.rfind(':') + 1, name.size()));
    for (const auto& prefix : prefixes) {
        if (name == prefix.text)
            return ContainerIdentity{std::string(prefix.runtime), std::string(id), {}};
    }
    return std::nullopt;
}

std::optional<ContainerIdentity> nspawn(std::string_view part) {
    constexpr std::string_view unit = "systemd-nspawn@";
    constexpr std::string_view machine = "machine-";
    std::string name;
    if (part.starts_with(unit) && part.ends_with(".service")) {
        name = unescape_unit(without_suffix(part.substr(unit.size()), ".service"));
    } else if (part.starts_with(machine) && part.ends_with(".scope")) {
        name = unescape_unit(without_suffix(part.substr(machine.size()), ".scope"));
    }
    // libvirt's virtual machines are machines for systemd too; their network namespace is the
    // host's.
    if (name.empty() || name.starts_with("qemu-")) return std::nullopt;
    return ContainerIdentity{"nspawn", name, {}};
}

/// Walks one path from the outside in and remembers the last container met.
class PathReader {
public:
    explicit PathReader(std::string_view path) : parts_(split(path, '/')) {}

    std::optional<ContainerIdentity> read() {
        for (at_ = 0; at_ < parts_.size(); ++at_) step(parts_[at_]);
        return found_;
    }

private:
    void step(std::string_view part) {
        if (part.find("kubepods") != std::string_view::npos) in_pods_ = true;
        if (auto uid = pod_uid_of(part); !uid.empty()) pod_uid_ = std::move(uid);
        if (is_monitor(part)) {
            ++at_;  // "lxc.monitor/<name>"
            return;
        }
        auto container = container_in(part);
        if (!container) return drop_supervised(part);
        container->pod_uid = pod_uid_;
        outer_ = std::exchange(found_, std::move(container));
    }

    /// nspawn's own process sits beside its payload.
    void drop_supervised(std::string_view part) {
        if (part == "supervisor" && found_ && found_->runtime == "nspawn") found_ = outer_;
    }

    std::optional<ContainerIdentity> container_in(std::string_view part) {
        if (auto container = by_prefix(part)) return container;
        // Podman's pods have a group of their own around those of their containers.
        if (is_container_id(part) && !follows("libpod_parent")) return bare_id(part);
        if (auto container = lxc(part)) return container;
        if (auto container = plain_containerd(part)) return container;
        return nspawn(part);
    }

    bool follows(std::string_view part) const { return at_ > 0 && parts_[at_ - 1] == part; }

    ContainerIdentity bare_id(std::string_view id) const {
        const bool by_containerd = in_pods_ || follows("k8s.io");
        return {by_containerd ? "containerd" : "docker", std::string(id), {}};
    }

    std::optional<ContainerIdentity> lxc(std::string_view part) {
        constexpr std::string_view payload = "lxc.payload.";
        if (part.starts_with(payload)) {
            return ContainerIdentity{"lxc", std::string(part.substr(payload.size())), {}};
        }
        if ((part != "lxc" && part != "lxc.payload") || at_ + 1 == parts_.size())
            return std::nullopt;
        return ContainerIdentity{"lxc", std::string(parts_[++at_]), {}};
    }

    std::optional<ContainerIdentity> plain_containerd(std::string_view part) const {
        const auto known = std::find(containerd_namespaces.begin(), containerd_namespaces.end(),
                                     at_ == 1 ? parts_[0] : std::string_view{});
        if (known == containerd_namespaces.end() || part.find('.') != std::string_view::npos) {
            return std::nullopt;
        }
        return ContainerIdentity{"containerd", std::string(part), {}};
    }

    std::vector<std::string_view> parts_;
    std::size_t at_ = 0;
    bool in_pods_ = false;
    std::string pod_uid_;
    std::optional<ContainerIdentity> found_;
    std::optional<ContainerIdentity> outer_;
};

/// The paths worth reading, longest first: on a hybrid host only some hierarchies are filled in.
std::vector<std::string_view> paths_of(std::string_view cgroup) {
    std::vector<std::string_view> paths;
    for (const auto line : split(cgroup, '\n')) {
        const auto controllers = line.find(':');
        if (controllers == std::string_view::npos) continue;
        const auto path = line.find(':', controllers + 1);
        if (path != std::string_view::npos) paths.push_back(line.substr(path + 1));
    }
    std::stable_sort(paths.begin(), paths.end(),
                     [](std::string_view a, std::string_view b) { return a.size() > b.size(); });
    return paths;
}

}  // namespace

std::optional<ContainerIdentity> container_of_path(std::string_view path) {
    return PathReader(path).read();
}

std::optional<ContainerIdentity> container_identity(std::string_view cgroup) {
    for (const auto path : paths_of(cgroup)) {
        if (auto found = container_of_path(path)) return found;
    }
    return std::nullopt;
}

std::string service_of(std::string_view cgroup) {
    for (const auto path : paths_of(cgroup)) {
        const auto parts = split(path, '/');
        const auto unit = std::find_if(parts.rbegin(), parts.rend(), [](std::string_view part) {
            return part.ends_with(".service");
        });
        if (unit != parts.rend()) return unescape_unit(*unit);
    }
    return {};
}

}  // namespace nspect::capture
