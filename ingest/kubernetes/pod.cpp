// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ingest/document/fields.h"
#include "ingest/kubernetes/kinds.h"

namespace nspect::ingest {

namespace {

void add_address(const Node* node, std::vector<IpAddress>& addresses, Report& report) {
    if (node == nullptr || (node->is_scalar() && node->text.empty())) return;
    const auto address = address_value(*node, report);
    if (!address) return;
    if (std::find(addresses.begin(), addresses.end(), *address) != addresses.end()) return;
    addresses.push_back(*address);
}

std::vector<IpAddress> read_addresses(const Node& status, Report& report) {
    std::vector<IpAddress> addresses;
    add_address(any_field(status, "podIP"), addresses, report);
    if (const Node* all = sequence_field(status, "podIPs", report)) {
        for (const Node& entry : *all) add_address(any_field(entry, "ip"), addresses, report);
    }
    return addresses;
}

}  // namespace

void read_pod(const Object& object, Staging& staging) {
    // The pod that KubeVirt makes for a virtual machine stands for the machine, which is read
    // itself.
    if (object.name.starts_with("virt-launcher-")) return;
    StagedPod pod;
    pod.id = {object.namespace_name, object.name, "Pod"};
    pod.owner = owner_of(object);
    pod.endpoint = read_pod_template(object.root, object.report);
    pod.endpoint.name = object.name;
    pod.endpoint.where = object.where();
    if (const Node* status = mapping_field(object.root, "status", object.report)) {
        const auto phase = text_field(*status, "phase", object.report);
        pod.finished = phase == "Succeeded" || phase == "Failed";
        pod.endpoint.finished = pod.finished;
        if (!pod.finished) pod.addresses = read_addresses(*status, object.report);
    }
    if (object.whole()) staging.add(std::move(pod));
}

}  // namespace nspect::ingest
