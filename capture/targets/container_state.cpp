// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/container_state.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "capture/targets/container_database.h"
#include "capture/targets/lxd_state.h"
#include "capture/targets/state_json.h"

namespace nspect::capture {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t storage_list_limit = std::size_t{32} * 1024 * 1024;

/// Runtimes without pods say by labels what a container belongs to.
void read_labels(ContainerFacts& facts) {
    keep(facts.pod, label(facts.labels, "io.kubernetes.pod.name"));
    keep(facts.pod_uid, label(facts.labels, "io.kubernetes.pod.uid"));
    keep(facts.namespace_name, label(facts.labels, "io.kubernetes.pod.namespace"));
    keep(facts.namespace_name, label(facts.labels, "com.docker.compose.project"));
    keep(facts.namespace_name, label(facts.labels, "io.podman.compose.project"));
    const auto kind = label(facts.labels, "io.kubernetes.docker.type");
    facts.sandbox = facts.sandbox || kind == "podsandbox";
}

/// What config.v2.json says, and the Engine API in nearly the same words.
void read_docker_object(const Json& state, ContainerFacts& facts) {
    auto name = text(state, "Name");
    if (name.starts_with('/')) name.erase(0, 1);
    const auto& config = member(state, "Config");
    keep(facts.image, text(config, "Image"));
    add_labels(facts.labels, member(config, "Labels"));
    keep(facts.name, label(facts.labels, "io.kubernetes.container.name"));
    keep(facts.name, std::move(name));
    auto sandbox = text(member(state, "NetworkSettings"), "SandboxKey");
    if (!sandbox.empty()) facts.netns_paths.push_back(std::move(sandbox));
}

void read_docker_host_config(const Json& host, ContainerFacts& facts) {
    facts.joined = text(host, "NetworkMode").starts_with("container:");
}

bool read_docker(const std::string& root, const ContainerIdentity& who, ContainerFacts& facts) {
    const auto folder = root + "/containers/" + who.container;
    const auto state = parse_file(folder + "/config.v2.json");
    if (!state.is_object()) return false;
    facts.runtime = "docker";
    facts.state_folder = folder;
    read_docker_object(state, facts);
    read_docker_host_config(parse_file(folder + "/hostconfig.json"), facts);
    return true;
}

/// Where dockerd keeps its containers' files, wherever that is: it mounts some of them into each,
/// its own or those of the container whose network it joined.
std::string docker_root_of(const Json& bundle, std::size_t id_size) {
    constexpr std::string_view folder = "/containers/";
    for (const auto& mount : member(bundle, "mounts")) {
        const auto source = text(mount, "source");
        const auto at = source.find(folder);
        if (at == std::string::npos) continue;
        const auto end = source.find('/', at + folder.size());
        if (end == at + folder.size() + id_size) return source.substr(0, at);
    }
    return {};
}

/// Also Podman's service answers, for its own containers.
bool ask_engine(EngineApi& engine, const ContainerIdentity& who, ContainerFacts& facts) {
    const auto body = engine.get("/containers/" + who.container + "/json");
    if (!body) return false;
    const auto state = Json::parse(*body, nullptr, false);
    if (!state.is_object()) return false;
    if (facts.runtime != "podman") facts.runtime = "docker";
    read_docker_object(state, facts);
    read_docker_host_config(member(state, "HostConfig"), facts);
    return true;
}

void read_bundle_netns(const Json& bundle, ContainerFacts& facts) {
    for (const auto& entry : member(member(bundle, "linux"), "namespaces")) {
        auto path = text(entry, "path");
        if (text(entry, "type") == "network" && !path.empty())
            facts.netns_paths.push_back(std::move(path));
    }
}

void read_cri_annotations(const Json& notes, ContainerFacts& facts) {
    facts.sandbox = text(notes, "io.kubernetes.cri.container-type") == "sandbox";
    keep(facts.name, text(notes, "io.kubernetes.cri.container-name"));
    keep(facts.image, text(notes, "io.kubernetes.cri.image-name"));
    keep(facts.pod, text(notes, "io.kubernetes.cri.sandbox-name"));
    keep(facts.namespace_name, text(notes, "io.kubernetes.cri.sandbox-namespace"));
    keep(facts.pod_uid, text(notes, "io.kubernetes.cri.sandbox-uid"));
}

void read_nerdctl_annotations(const Json& notes, ContainerFacts& facts) {
    auto name = text(notes, "nerdctl/name");
    if (name.empty()) return;
    facts.runtime = "nerdctl";
    keep(facts.name, std::move(name));
}

constexpr std::string_view task_folder = "/io.containerd.runtime.v2.task/";

/// A bundle's "work" leads to <root>/io.containerd.runtime.v2.task/<containerd namespace>/<id>.
std::string containerd_root_of(const std::string& bundle) {
    std::error_code problem;
    const auto work = fs::read_symlink(bundle + "/work", problem).native();
    const auto at = problem ? std::string::npos : work.find(task_folder);
    return at == std::string::npos ? "/var/lib/containerd" : work.substr(0, at);
}

/// Docker's own are here too; it knows more about them, if only its folder is found.
bool read_moby(const StateRoots& roots, const Json& bundle, const ContainerIdentity& who,
               ContainerFacts& facts) {
    const auto root = docker_root_of(bundle, who.container.size());
    return !root.empty() && read_docker(roots.prefix + root, who, facts);
}

/// <root>/<containerd namespace>/<id>/config.json
bool read_containerd(const StateRoots& roots, const std::string& root, const ContainerIdentity& who,
                     ContainerFacts& facts) {
    std::error_code problem;
    fs::directory_iterator entry(root, problem);
    for (const fs::directory_iterator end; !problem && entry != end; entry.increment(problem)) {
        const auto folder = entry->path().native() + "/" + who.container;
        const auto bundle = parse_file(folder + "/config.json");
        if (!bundle.is_object()) continue;
        const auto realm = entry->path().filename().native();
        if (realm == "moby") return read_moby(roots, bundle, who, facts);
        facts.runtime = "containerd";
        const auto& notes = member(bundle, "annotations");
        read_cri_annotations(notes, facts);
        read_nerdctl_annotations(notes, facts);
        read_containerd_database(roots.prefix + containerd_root_of(folder), realm, who, facts);
        keep(facts.name, label(facts.labels, "nerdctl/name"));
        keep(facts.name, who.container);
        if (realm != "k8s.io" && realm != "default") facts.realm = realm;
        read_bundle_netns(bundle, facts);
        return true;
    }
    return false;
}

void read_crio_annotations(const Json& notes, ContainerFacts& facts) {
    const auto kind = text(notes, "io.kubernetes.cri-o.ContainerType");
    if (kind.empty()) return;
    facts.runtime = "cri-o";
    facts.sandbox = kind == "sandbox";
    keep(facts.name, text(notes, "io.kubernetes.container.name"));
    keep(facts.image, text(notes, "io.kubernetes.cri-o.ImageName"));
    keep(facts.image, text(notes, "io.kubernetes.cri-o.Image"));
    keep(facts.pod, text(notes, "io.kubernetes.pod.name"));
    keep(facts.namespace_name, text(notes, "io.kubernetes.pod.namespace"));
    keep(facts.pod_uid, text(notes, "io.kubernetes.pod.uid"));
    add_labels(facts.labels,
               Json::parse(text(notes, "io.kubernetes.cri-o.Labels"), nullptr, false));
}

constexpr const char* storage_list = "/containers.json";

std::string first_name(const Json& entry) {
    const auto& names = member(entry, "names");
    const bool has_one = names.is_array() && !names.empty() && names[0].is_string();
    return has_one ? names[0].get<std::string>() : std::string{};
}

/// containers.json of containers/storage: [{"id", "names", "metadata": "{\"image-name\": ...}"}].
/// The metadata have the name that a container was made with: what Podman calls it now is in
/// "names"; what CRI-O has there is made up of more than the container's name.
bool read_storage_list(const std::string& folder, const ContainerIdentity& who,
                       ContainerFacts& facts) {
    for (const auto& entry : parse_file(folder + storage_list, storage_list_limit)) {
        if (text(entry, "id") != who.container) continue;
        const auto notes = Json::parse(text(entry, "metadata"), nullptr, false);
        if (facts.runtime == "podman") {
            keep(facts.name, first_name(entry));
            facts.state_folder = folder;
        }
        keep(facts.name, text(notes, "name"));
        keep(facts.name, first_name(entry));
        keep(facts.image, text(notes, "image-name"));
        return true;
    }
    return false;
}

bool read_storage_folder(const std::string& folder, const ContainerIdentity& who,
                         ContainerFacts& facts) {
    const auto bundle = parse_file(folder + "/" + who.container + "/userdata/config.json");
    const auto& notes = member(bundle, "annotations");
    read_crio_annotations(notes, facts);
    if (text(notes, "io.container.manager") == "libpod") facts.runtime = "podman";
    const bool listed = read_storage_list(folder, who, facts);
    read_bundle_netns(bundle, facts);
    return listed || bundle.is_object();
}

/// <root>/<driver>-containers, whatever the storage driver.
std::vector<std::string> storage_folders(const std::string& root) {
    std::vector<std::string> folders;
    std::error_code problem;
    fs::directory_iterator entry(root, problem);
    for (const fs::directory_iterator end; !problem && entry != end; entry.increment(problem)) {
        if (entry->path().filename().native().ends_with("-containers")) {
            folders.push_back(entry->path().native());
        }
    }
    std::sort(folders.begin(), folders.end());
    return folders;
}

/// One database for all drivers.
bool read_storage(const std::string& root, const ContainerIdentity& who, ContainerFacts& facts) {
    bool found = false;
    for (const auto& folder : storage_folders(root)) {
        found = read_storage_folder(folder, who, facts) || found;
    }
    if (facts.runtime == "cri-o") return found;
    return read_podman_database(root, who, facts) || found;
}

/// LXD and Incus call a container of a project that is not the default one "<project>_<name>".
bool read_lxc_family(const std::string& root, const char* runtime, const ContainerIdentity& who,
                     ContainerFacts& facts) {
    std::error_code problem;
    const auto folder = root + "/containers/" + who.container;
    const auto status = fs::symlink_status(folder, problem);
    if (problem || !fs::exists(status) || !is_state_of(runtime, root)) return false;
    facts.runtime = runtime;
    if (const auto backup = read_file(folder + "/backup.yaml", state_file_limit))
        read_lxd_backup(*backup, facts);
    const auto project = who.container.find('_');
    if (project == std::string::npos) return true;
    facts.namespace_name = who.container.substr(0, project);
    facts.name = who.container.substr(project + 1);
    return true;
}

/// The kubelet's log folders are called <namespace>_<pod>_<uid>.
void read_pod_log_folder(const std::string& root, ContainerFacts& facts) {
    std::error_code problem;
    fs::directory_iterator entry(root, problem);
    for (const fs::directory_iterator end; !problem && entry != end; entry.increment(problem)) {
        const auto name = entry->path().filename().native();
        const auto first = name.find('_');
        const auto last = name.rfind('_');
        if (first == last || name.substr(last + 1) != facts.pod_uid) continue;
        facts.namespace_name = name.substr(0, first);
        facts.pod = name.substr(first + 1, last - first - 1);
        return;
    }
}

/// <root>/<name>/config, in which the tools of LXC leave what it was made from:
/// "# Template used to create this container: /usr/share/lxc/templates/lxc-busybox"
bool read_plain_lxc(const std::string& root, const ContainerIdentity& who, ContainerFacts& facts) {
    const auto config = read_file(root + "/" + who.container + "/config", state_file_limit);
    if (!config) return false;
    constexpr std::string_view note = "# Template used to create this container: ";
    const auto at = config->find(note);
    if (at == std::string::npos) return true;
    auto path = config->substr(at + note.size(), config->find('\n', at) - at - note.size());
    path.erase(0, path.rfind('/') + 1);
    keep(facts.image, path.starts_with("lxc-") ? path.substr(4) : path);
    return true;
}

void read_lxc(const StateRoots& roots, const ContainerIdentity& who, ContainerFacts& facts) {
    bool found = false;
    for (const auto& root : roots.incus)
        found = found || read_lxc_family(root, "incus", who, facts);
    for (const auto& root : roots.lxd) found = found || read_lxc_family(root, "lxd", who, facts);
    for (const auto& root : roots.lxc) found = found || read_plain_lxc(root, who, facts);
}

bool read_by_id(const StateRoots& roots, const ContainerIdentity& who, ContainerFacts& facts) {
    bool found = false;
    for (const auto& root : roots.docker) found = found || read_docker(root, who, facts);
    for (const auto& root : roots.containerd)
        found = found || read_containerd(roots, root, who, facts);
    if (found) return true;
    for (const auto& root : roots.storage) found = read_storage(root, who, facts) || found;
    return found;
}

/// An id becomes a part of paths: one that could leave its folder is not looked up.
bool is_file_name(const std::string& id) {
    return !id.empty() && id.find('/') == std::string::npos && id != "." && id != "..";
}

}  // namespace

StateRoots StateRoots::below(std::string_view root) const {
    StateRoots moved = *this;
    for (auto* paths : {&moved.docker, &moved.containerd, &moved.storage, &moved.pod_logs,
                        &moved.incus, &moved.lxd, &moved.lxc, &moved.sockets}) {
        for (auto& path : *paths) path.insert(0, root);
    }
    moved.prefix.insert(0, root);
    return moved;
}

ContainerFacts container_facts(const StateRoots& roots, const ContainerIdentity& who,
                               EngineApi* engine) {
    ContainerFacts facts;
    facts.runtime = who.runtime;
    facts.pod_uid = who.pod_uid;
    if (!is_file_name(who.container)) return facts;
    if (who.runtime == "lxc") {
        read_lxc(roots, who, facts);
    } else if (who.runtime != "nspawn") {
        const bool found = read_by_id(roots, who, facts);
        if (!found && engine != nullptr) ask_engine(*engine, who, facts);
    }
    read_labels(facts);
    if (facts.pod.empty() && !facts.pod_uid.empty()) {
        for (const auto& root : roots.pod_logs) read_pod_log_folder(root, facts);
    }
    keep(facts.namespace_name, facts.realm);
    if (who.runtime == "lxc" || who.runtime == "nspawn") keep(facts.name, who.container);
    return facts;
}

std::optional<std::map<std::string, std::string>> listed_names(const std::string& state_folder) {
    const auto list = parse_file(state_folder + storage_list, storage_list_limit);
    if (!list.is_array()) return std::nullopt;
    std::map<std::string, std::string> names;
    for (const auto& entry : list) {
        if (auto name = first_name(entry); !name.empty())
            names[text(entry, "id")] = std::move(name);
    }
    return names;
}

std::vector<std::string> container_folders(const StateRoots& roots) {
    std::vector<std::string> folders;
    for (const auto& root : roots.docker) folders.push_back(root + "/containers");
    for (const auto& root : roots.containerd) {
        std::error_code problem;
        fs::directory_iterator entry(root, problem);
        for (const fs::directory_iterator end; !problem && entry != end; entry.increment(problem)) {
            folders.push_back(entry->path().native());
        }
    }
    for (const auto& root : roots.storage) {
        const auto found = storage_folders(root);
        folders.insert(folders.end(), found.begin(), found.end());
    }
    return folders;
}

}  // namespace nspect::capture
