// SPDX-License-Identifier: Apache-2.0
#include "ingest/kubernetes/object.h"

#include <algorithm>

#include "ingest/document/fields.h"
#include "ingest/kubernetes/labels.h"
#include "ingest/mesh/annotations.h"

namespace nspect::ingest {

namespace {

void read_container_port(const Node& node, Endpoint& endpoint, Report& report) {
    ContainerPort port;
    if (auto name = text_field(node, "name", report)) port.name = std::move(*name);
    if (const Node* protocol = any_field(node, "protocol")) {
        port.protocol = protocol_value(*protocol, report, "INV011").value_or(Protocol::tcp);
    }
    const Node* number = any_field(node, "containerPort");
    if (number == nullptr) {
        report.warning(node, "INV007", "this container port has no containerPort; passed over");
        return;
    }
    const auto value = port_value(*number, report, "INV006");
    if (!value) return;
    port.port = *value;
    endpoint.ports.push_back(std::move(port));
}

void read_containers(const Node* containers, bool only_restartable, Endpoint& endpoint,
                     Report& report) {
    if (containers == nullptr) return;
    for (const Node& container : *containers) {
        // An init container that is restarted runs beside the others: a sidecar.
        const bool restarts = text_field(container, "restartPolicy", report) == "Always";
        if (only_restartable && !restarts) continue;
        const Node* ports = sequence_field(container, "ports", report);
        if (ports == nullptr) continue;
        for (const Node& port : *ports) read_container_port(port, endpoint, report);
    }
}

std::string service_account(const Node& spec, Report& report) {
    auto name = text_field(spec, "serviceAccountName", report);
    if (!name) name = text_field(spec, "serviceAccount", report);
    return name && !name->empty() ? *name : "default";
}

// The label counts before the annotation of the same name.
// https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/
std::string proxy_injection(const Node& metadata, const Labels& labels) {
    constexpr std::string_view key = "sidecar.istio.io/inject";
    if (const std::string* label = labels.find(key)) return *label;
    const Node* annotations = metadata.find("annotations");
    const Node* value = annotations == nullptr ? nullptr : annotations->find(key);
    return value != nullptr && value->is_scalar() ? std::string(value->text) : std::string();
}

}  // namespace

const Node& Object::name_node() const {
    const Node* metadata = root.find("metadata");
    const Node* node = metadata == nullptr ? nullptr : metadata->find("name");
    return node == nullptr ? root : *node;
}

std::string Object::title() const {
    if (name.empty()) return "a " + kind + " without a usable name";
    return kind + " " + (namespace_name.empty() ? "" : namespace_name + "/") + name;
}

std::optional<WorkloadId> owner_of(const Object& object) {
    const Node* metadata = mapping_field(object.root, "metadata", object.report);
    const Node* owners =
        metadata == nullptr ? nullptr : sequence_field(*metadata, "ownerReferences", object.report);
    if (owners == nullptr) return std::nullopt;
    for (const Node& owner : *owners) {
        if (!boolean_field(owner, "controller", object.report).value_or(false)) continue;
        const auto name = text_field(owner, "name", object.report);
        const auto kind = text_field(owner, "kind", object.report);
        if (!name || name->empty() || kind == "Node") continue;
        return WorkloadId{object.namespace_name, *name, kind.value_or("Pod")};
    }
    return std::nullopt;
}

Endpoint read_pod_template(const Node& pod, Report& report) {
    Endpoint endpoint;
    if (const Node* metadata = mapping_field(pod, "metadata", report)) {
        endpoint.labels =
            read_labels(mapping_field(*metadata, "labels", report), report, object_label_codes);
        endpoint.proxy_injection = proxy_injection(*metadata, endpoint.labels);
        endpoint.mesh = read_mesh_annotations(*metadata);
    }
    const Node* spec = mapping_field(pod, "spec", report);
    if (spec == nullptr) {
        endpoint.service_account = "default";
        return endpoint;
    }
    read_containers(sequence_field(*spec, "containers", report), false, endpoint, report);
    read_containers(sequence_field(*spec, "initContainers", report), true, endpoint, report);
    std::sort(endpoint.ports.begin(), endpoint.ports.end());
    endpoint.ports.erase(std::unique(endpoint.ports.begin(), endpoint.ports.end()),
                         endpoint.ports.end());
    endpoint.host_network = boolean_field(*spec, "hostNetwork", report).value_or(false);
    endpoint.node = text_field(*spec, "nodeName", report).value_or("");
    endpoint.service_account = service_account(*spec, report);
    return endpoint;
}

}  // namespace nspect::ingest
