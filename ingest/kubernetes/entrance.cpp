// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ingest/document/fields.h"
#include "ingest/kubernetes/kinds.h"
#include "ingest/linkerd/read.h"

namespace nspect::ingest {

namespace {

Entrance make_entrance(const Object& object) {
    Entrance entrance;
    entrance.kind = object.kind;
    entrance.namespace_name = object.namespace_name;
    entrance.name = object.name;
    entrance.where = object.where();
    return entrance;
}

void hand_over(const Object& object, Entrance entrance, Staging& staging) {
    auto& backends = entrance.backends;
    std::sort(backends.begin(), backends.end());
    backends.erase(std::unique(backends.begin(), backends.end()), backends.end());
    if (object.whole()) staging.inventory().add_entrance(std::move(entrance));
}

// A port by number, or by name.
void read_port(const Node* node, Entrance::Backend& backend, Report& report) {
    if (node == nullptr) return;
    if (!node->quoted && plain_type(*node) == PlainType::integer) {
        backend.port = port_value(*node, report, "INV006");
    } else {
        backend.port_name = text_value(*node, report).value_or("");
    }
}

// networking.k8s.io/v1 writes service: {name, port: {name | number}}; the betas before it
// serviceName and servicePort.
void read_ingress_backend(const Node* node, Entrance& entrance, Report& report) {
    if (node == nullptr) return;
    Entrance::Backend backend;
    backend.namespace_name = entrance.namespace_name;
    if (const Node* service = mapping_field(*node, "service", report)) {
        backend.service = text_field(*service, "name", report).value_or("");
        if (const Node* port = mapping_field(*service, "port", report)) {
            const Node* number = any_field(*port, "number");
            read_port(number != nullptr ? number : any_field(*port, "name"), backend, report);
        }
    } else {
        backend.service = text_field(*node, "serviceName", report).value_or("");
        read_port(any_field(*node, "servicePort"), backend, report);
    }
    if (!backend.service.empty()) entrance.backends.push_back(std::move(backend));
}

void read_ingress_rule(const Node& rule, Entrance& entrance, Report& report) {
    const Node* http = mapping_field(rule, "http", report);
    const Node* paths = http == nullptr ? nullptr : sequence_field(*http, "paths", report);
    if (paths == nullptr) return;
    for (const Node& path : *paths) {
        read_ingress_backend(mapping_field(path, "backend", report), entrance, report);
    }
}

void read_openshift_target(const Node* node, const Node* port, Entrance& entrance, Report& report) {
    if (node == nullptr) return;
    const auto kind = text_field(*node, "kind", report);
    const auto name = text_field(*node, "name", report);
    if (!name || kind.value_or("Service") != "Service") return;
    Entrance::Backend backend;
    backend.namespace_name = entrance.namespace_name;
    backend.service = *name;
    read_port(port, backend, report);
    entrance.backends.push_back(std::move(backend));
}

void read_gateway_rule(const Node& rule, Entrance& entrance, Report& report) {
    const Node* targets = sequence_field(rule, "backendRefs", report);
    if (targets == nullptr) return;
    for (const Node& target : *targets) {
        const auto name = text_field(target, "name", report);
        if (!name || text_field(target, "kind", report).value_or("Service") != "Service") continue;
        Entrance::Backend backend;
        backend.namespace_name =
            text_field(target, "namespace", report).value_or(entrance.namespace_name);
        backend.service = *name;
        read_port(any_field(target, "port"), backend, report);
        entrance.backends.push_back(std::move(backend));
    }
}

}  // namespace

void read_ingress(const Object& object, Staging& staging) {
    Report& report = object.report;
    Entrance entrance = make_entrance(object);
    if (const Node* spec = mapping_field(object.root, "spec", report)) {
        read_ingress_backend(mapping_field(*spec, "defaultBackend", report), entrance, report);
        read_ingress_backend(mapping_field(*spec, "backend", report), entrance, report);
        if (const Node* rules = sequence_field(*spec, "rules", report)) {
            for (const Node& rule : *rules) read_ingress_rule(rule, entrance, report);
        }
    }
    hand_over(object, std::move(entrance), staging);
}

void read_openshift_route(const Object& object, Staging& staging) {
    Report& report = object.report;
    Entrance entrance = make_entrance(object);
    if (const Node* spec = mapping_field(object.root, "spec", report)) {
        const Node* port = mapping_field(*spec, "port", report);
        if (port != nullptr) port = any_field(*port, "targetPort");
        read_openshift_target(mapping_field(*spec, "to", report), port, entrance, report);
        if (const Node* more = sequence_field(*spec, "alternateBackends", report)) {
            for (const Node& one : *more) read_openshift_target(&one, port, entrance, report);
        }
    }
    hand_over(object, std::move(entrance), staging);
}

void read_gateway_route(const Object& object, Staging& staging) {
    Report& report = object.report;
    read_linkerd_route(object, staging);
    Entrance entrance = make_entrance(object);
    const Node* spec = mapping_field(object.root, "spec", report);
    const Node* rules = spec == nullptr ? nullptr : sequence_field(*spec, "rules", report);
    if (rules != nullptr) {
        for (const Node& rule : *rules) read_gateway_rule(rule, entrance, report);
    }
    hand_over(object, std::move(entrance), staging);
}

}  // namespace nspect::ingest
