// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/container_database.h"

#include <unistd.h>

#include "capture/targets/bolt_file.h"
#include "capture/targets/podman_sqlite.h"
#include "capture/targets/state_json.h"

namespace nspect::capture {
namespace {

constexpr const char* compose_labels[] = {"com.docker.compose.project",
                                          "io.podman.compose.project"};

bool is_composed(const Labels& labels) {
    for (const auto* key : compose_labels) {
        if (labels.find(key) != nullptr) return true;
    }
    return false;
}

struct PodmanRecord {
    Json container;
    Json pod;
};

PodmanRecord from_bolt(const std::string& storage, const std::string& id) {
    PodmanRecord record;
    const auto file = BoltFile::open(storage + "/libpod/bolt_state.db");
    if (!file) return record;
    auto read = [&](const char* kind, const std::string& of) {
        return Json::parse(file->value({kind, of, "config"}).value_or(""), nullptr, false);
    };
    record.container = read("ctr", id);
    if (const auto pod = text(record.container, "pod"); !pod.empty()) record.pod = read("pod", pod);
    return record;
}

PodmanRecord from_sqlite(const std::string& storage, const std::string& id) {
    PodmanRecord record;
    const auto path = storage + "/db.sql";
    if (::access(path.c_str(), R_OK) != 0) return record;
    record.container = Json::parse(podman_container_json(path, id), nullptr, false);
    if (const auto pod = text(record.container, "pod"); !pod.empty())
        record.pod = Json::parse(podman_pod_json(path, pod), nullptr, false);
    return record;
}

/// The pods that podman-compose makes are a detail of it: the project is what people know.
void read_podman_pod(const Json& pod, ContainerFacts& facts) {
    if (!pod.is_object() || is_composed(facts.labels)) return;
    facts.pod = text(pod, "name");
    Labels labels;
    add_labels(labels, member(pod, "labels"));
    for (const auto& [key, value] : labels.entries()) {
        if (facts.labels.find(key) == nullptr) facts.labels.set(key, value);
    }
}

}  // namespace

bool read_podman_database(const std::string& storage, const ContainerIdentity& who,
                          ContainerFacts& facts) {
    auto record = from_sqlite(storage, who.container);
    if (!record.container.is_object()) record = from_bolt(storage, who.container);
    if (!record.container.is_object()) return false;
    facts.runtime = "podman";
    add_labels(facts.labels, member(record.container, "labels"));
    keep(facts.name, text(record.container, "name"));
    keep(facts.image, text(record.container, "rootfsImageName"));
    const auto& infra = member(record.container, "pause");
    facts.sandbox = facts.sandbox || (infra.is_boolean() && infra.get<bool>());
    facts.joined = !text(record.container, "netNsCtr").empty();
    read_podman_pod(record.pod, facts);
    return true;
}

void read_containerd_database(const std::string& root, const std::string& realm,
                              const ContainerIdentity& who, ContainerFacts& facts) {
    const auto file = BoltFile::open(root + "/io.containerd.metadata.v1.bolt/meta.db");
    if (!file) return;
    const auto& id = who.container;
    keep(facts.image, file->value({"v1", realm, "containers", id, "image"}).value_or(""));
    for (auto& [key, value] : file->entries({"v1", realm, "containers", id, "labels"})) {
        // What containerd notes for itself says nothing about the container.
        if (key.starts_with("io.containerd.") || key.starts_with("io.cri-containerd.")) continue;
        if (facts.labels.find(key) == nullptr) facts.labels.set(key, value);
    }
}

}  // namespace nspect::capture
