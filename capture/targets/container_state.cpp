// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/container_state.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <nlohmann/json.hpp>

#include "capture/os/procfs.h"

namespace nspect::capture {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr std::size_t state_file_limit = std::size_t{4} * 1024 * 1024;
constexpr std::size_t storage_list_limit = std::size_t{32} * 1024 * 1024;

/// Discarded when it is missing or no JSON; looking into it then finds nothing.
Json parse_file(const std::string& path, std::size_t limit = state_file_limit) {
    const auto text = read_file(path, limit);
    if (!text) return Json(Json::value_t::discarded);
    return Json::parse(*text, nullptr, false);
}

const Json& member(const Json& object, const char* key) {
    static const Json nothing;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() ? *found : nothing;
}

std::string text(const Json& object, const char* key) {
    const auto& value = member(object, key);
    return value.is_string() ? value.get<std::string>() : std::string{};
}

void add_labels(Labels& labels, const Json& object) {
    if (!object.is_object()) return;
    for (const auto& [key, value] : object.items()) {
        if (value.is_string()) labels.set(key, value.get<std::string>());
    }
}

void keep(std::string& known, std::string found) {
    if (known.empty()) known = std::move(found);
}

std::string label(const Labels& labels, std::string_view key) {
    const auto* value = labels.find(key);
    return value != nullptr ? *value : std::string{};
}

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

bool read_docker(const std::string& root, const ContainerIdentity& who, ContainerFacts& facts) {
    const auto state = parse_file(root + "/containers/" + who.container + "/config.v2.json");
    if (!state.is_object()) return false;
    facts.runtime = "docker";
    auto name = text(state, "Name");
    if (name.starts_with('/')) name.erase(0, 1);
    const auto& config = member(state, "Config");
    facts.image = text(config, "Image");
    add_labels(facts.labels, member(config, "Labels"));
    keep(facts.name, label(facts.labels, "io.kubernetes.container.name"));
    keep(facts.name, std::move(name));
    auto sandbox = text(member(state, "NetworkSettings"), "SandboxKey");
    if (!sandbox.empty()) facts.netns_paths.push_back(std::move(sandbox));
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

/// <root>/<containerd namespace>/<id>/config.json
bool read_containerd(const std::string& root, const ContainerIdentity& who, ContainerFacts& facts) {
    std::error_code problem;
    fs::directory_iterator entry(root, problem);
    for (const fs::directory_iterator end; !problem && entry != end; entry.increment(problem)) {
        if (entry->path().filename() == "moby") continue;  // Docker's: it knows more itself
        const auto bundle =
            parse_file(entry->path().native() + "/" + who.container + "/config.json");
        if (!bundle.is_object()) continue;
        facts.runtime = "containerd";
        const auto& notes = member(bundle, "annotations");
        read_cri_annotations(notes, facts);
        read_nerdctl_annotations(notes, facts);
        keep(facts.name, who.container);
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

/// containers.json of containers/storage: [{"id", "names", "metadata": "{\"image-name\": ...}"}]
bool read_storage_list(const std::string& folder, const ContainerIdentity& who,
                       ContainerFacts& facts) {
    for (const auto& entry : parse_file(folder + "/containers.json", storage_list_limit)) {
        if (text(entry, "id") != who.container) continue;
        const auto notes = Json::parse(text(entry, "metadata"), nullptr, false);
        const auto& names = member(entry, "names");
        keep(facts.name, text(notes, "name"));
        if (names.is_array() && !names.empty() && names[0].is_string()) {
            keep(facts.name, names[0].get<std::string>());
        }
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

bool read_storage(const std::string& root, const ContainerIdentity& who, ContainerFacts& facts) {
    bool found = false;
    for (const auto& folder : storage_folders(root)) {
        found = read_storage_folder(folder, who, facts) || found;
    }
    return found;
}

/// LXD and Incus call a container of a project that is not the default one "<project>_<name>".
bool read_lxc_family(const std::string& root, const char* runtime, const ContainerIdentity& who,
                     ContainerFacts& facts) {
    std::error_code problem;
    const auto status = fs::symlink_status(root + "/containers/" + who.container, problem);
    if (problem || !fs::exists(status)) return false;
    facts.runtime = runtime;
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

void read_lxc(const StateRoots& roots, const ContainerIdentity& who, ContainerFacts& facts) {
    bool found = false;
    for (const auto& root : roots.incus)
        found = found || read_lxc_family(root, "incus", who, facts);
    for (const auto& root : roots.lxd) found = found || read_lxc_family(root, "lxd", who, facts);
}

void read_by_id(const StateRoots& roots, const ContainerIdentity& who, ContainerFacts& facts) {
    bool found = false;
    for (const auto& root : roots.docker) found = found || read_docker(root, who, facts);
    for (const auto& root : roots.containerd) found = found || read_containerd(root, who, facts);
    if (found) return;
    for (const auto& root : roots.storage) found = read_storage(root, who, facts) || found;
}

/// An id becomes a part of paths: one that could leave its folder is not looked up.
bool is_file_name(const std::string& id) {
    return !id.empty() && id.find('/') == std::string::npos && id != "." && id != "..";
}

}  // namespace

StateRoots StateRoots::below(std::string_view root) const {
    StateRoots moved = *this;
    for (auto* paths : {&moved.docker, &moved.containerd, &moved.storage, &moved.pod_logs,
                        &moved.incus, &moved.lxd}) {
        for (auto& path : *paths) path.insert(0, root);
    }
    return moved;
}

ContainerFacts container_facts(const StateRoots& roots, const ContainerIdentity& who) {
    ContainerFacts facts;
    facts.runtime = who.runtime;
    facts.pod_uid = who.pod_uid;
    if (!is_file_name(who.container)) return facts;
    if (who.runtime == "lxc") {
        read_lxc(roots, who, facts);
    } else if (who.runtime != "nspawn") {
        read_by_id(roots, who, facts);
    }
    read_labels(facts);
    if (facts.pod.empty() && !facts.pod_uid.empty()) {
        for (const auto& root : roots.pod_logs) read_pod_log_folder(root, facts);
    }
    if (who.runtime == "lxc" || who.runtime == "nspawn") keep(facts.name, who.container);
    return facts;
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
