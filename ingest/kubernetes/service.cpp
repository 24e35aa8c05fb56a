// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ingest/document/fields.h"
#include "ingest/kubernetes/kinds.h"
#include "ingest/kubernetes/labels.h"

namespace nspect::ingest {

namespace {

void add_address(const Node& node, Service& service, Report& report) {
    // "None" marks a headless service.
    if (node.is_scalar() && (node.text.empty() || node.text == "None")) return;
    const auto address = address_value(node, report);
    if (!address) return;
    auto& known = service.addresses;
    if (std::find(known.begin(), known.end(), *address) == known.end()) known.push_back(*address);
}

void add_addresses(const Node* list, Service& service, Report& report) {
    if (list == nullptr) return;
    for (const Node& entry : *list) {
        const Node* address = entry.is_mapping() ? any_field(entry, "ip") : &entry;
        if (address != nullptr) add_address(*address, service, report);
    }
}

void read_addresses(const Object& object, const Node& spec, Service& service) {
    Report& report = object.report;
    if (const Node* one = any_field(spec, "clusterIP")) add_address(*one, service, report);
    add_addresses(sequence_field(spec, "clusterIPs", report), service, report);
    add_addresses(sequence_field(spec, "externalIPs", report), service, report);
    const Node* status = mapping_field(object.root, "status", report);
    const Node* balancer =
        status == nullptr ? nullptr : mapping_field(*status, "loadBalancer", report);
    if (balancer != nullptr) {
        add_addresses(sequence_field(*balancer, "ingress", report), service, report);
    }
}

void read_target(const Node& node, ServicePort& port, Report& report) {
    if (!node.quoted && plain_type(node) == PlainType::integer) {
        const auto number = port_value(node, report, "INV006");
        if (number && *number != port.port) port.target_port = *number;
    } else if (auto name = text_value(node, report)) {
        port.target_name = std::move(*name);
    }
}

void read_port(const Node& node, Service& service, Report& report) {
    ServicePort port;
    port.name = text_field(node, "name", report).value_or("");
    if (const Node* protocol = any_field(node, "protocol")) {
        port.protocol = protocol_value(*protocol, report, "INV011").value_or(Protocol::tcp);
    }
    const Node* number = any_field(node, "port");
    if (number == nullptr) {
        report.warning(node, "INV007", "this service port has no port; passed over");
        return;
    }
    const auto value = port_value(*number, report, "INV006");
    if (!value) return;
    port.port = *value;
    if (const Node* target = any_field(node, "targetPort")) read_target(*target, port, report);
    const Node* node_port = any_field(node, "nodePort");
    // The API server writes 0 for "none".
    if (node_port != nullptr && node_port->text != "0") {
        port.node_port = port_value(*node_port, report, "INV006");
    }
    service.ports.push_back(std::move(port));
}

}  // namespace

void read_service(const Object& object, Staging& staging) {
    Report& report = object.report;
    Service service;
    service.namespace_name = object.namespace_name;
    service.name = object.name;
    service.where = object.where();
    if (const Node* metadata = any_field(object.root, "metadata")) {
        service.labels =
            read_labels(mapping_field(*metadata, "labels", report), report, object_label_codes);
    }
    if (const Node* spec = mapping_field(object.root, "spec", report)) {
        service.type = text_field(*spec, "type", report).value_or("ClusterIP");
        const Labels selected =
            read_labels(mapping_field(*spec, "selector", report), report, object_label_codes);
        service.has_selector = !selected.empty();
        service.selector = Selector::matching(selected);
        read_addresses(object, *spec, service);
        if (const Node* ports = sequence_field(*spec, "ports", report)) {
            for (const Node& port : *ports) read_port(port, service, report);
        }
    }
    if (object.whole()) staging.add(std::move(service));
}

}  // namespace nspect::ingest
