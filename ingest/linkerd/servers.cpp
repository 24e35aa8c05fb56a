// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "ingest/document/fields.h"
#include "ingest/kubernetes/labels.h"
#include "ingest/kubernetes/policy_parts.h"
#include "ingest/kubernetes/staging.h"
#include "ingest/linkerd/identities.h"
#include "ingest/linkerd/read.h"

namespace nspect::ingest {

namespace {

using linkerd::Server;

PortMatch read_port(const Node& spec, Report& report) {
    PortMatch port;
    port.name_protocol = Protocol::tcp;
    const Node* node = any_field(spec, "port");
    if (node == nullptr) {
        report.error(spec, "LD001", "a Server needs a port", "by number, or by its name");
    } else if (!node->quoted && plain_type(*node) == PlainType::integer) {
        if (const auto number = port_value(*node, report, "LD001")) {
            port.traffic.tcp.insert({*number, *number});
        }
    } else if (const auto name = read_port_name(*node, report)) {
        port.name = *name;
    }
    return port;
}

void read_access(const Node& spec, Server& made, Report& report) {
    const Node* node = any_field(spec, "accessPolicy");
    if (node == nullptr) return;
    made.access = std::string(node->text);
    made.access_where = report.location_of(*node);
    if (linkerd::is_access_word(made.access)) return;
    report.error(*node, "LD002", "unknown access policy " + in_quotes(made.access),
                 "known are " + std::string(linkerd::access_words));
}

}  // namespace

void read_linkerd_server(const Object& object, Staging& staging) {
    Report& report = object.report;
    const Node* spec = mapping_field(object.root, "spec", report);
    if (spec == nullptr) {
        report.error(object.name_node(), "LD001", "a Server needs a spec with a port");
        return;
    }
    Server made;
    made.name = {object.namespace_name, object.name};
    made.where = object.where();
    made.access_where = made.where;
    check_fields(
        *spec, report,
        {"podSelector", "externalWorkloadSelector", "port", "proxyProtocol", "accessPolicy"});
    if (const Node* metadata = any_field(object.root, "metadata")) {
        made.labels =
            read_labels(mapping_field(*metadata, "labels", report), report, object_label_codes);
    }
    made.port = read_port(*spec, report);
    read_access(*spec, made, report);
    const Node* pods = mapping_field(*spec, "podSelector", report);
    if (pods != nullptr) made.pods = read_selector(pods, report);
    if (const Node* outside = any_field(*spec, "externalWorkloadSelector")) {
        report.warning(*outside, "LD003", "workloads outside the cluster are not evaluated");
        return;
    }
    if (pods == nullptr) {
        report.error(*spec, "LD001", "a Server needs a podSelector",
                     "an empty one, {}, selects every pod of the namespace");
    }
    if (object.whole()) staging.linkerd().servers.push_back(std::move(made));
}

void read_linkerd_route(const Object& object, Staging& staging) {
    Report& report = object.report;
    linkerd::Route made{object.kind, {object.namespace_name, object.name}, {}};
    const Node* spec = mapping_field(object.root, "spec", report);
    const Node* parents = spec == nullptr ? nullptr : sequence_field(*spec, "parentRefs", report);
    if (parents == nullptr) return;
    for (const Node& parent : *parents) {
        if (!parent.is_mapping() || text_field(parent, "kind", report) != "Server") continue;
        made.servers.push_back(
            {text_field(parent, "namespace", report).value_or(object.namespace_name),
             text_field(parent, "name", report).value_or("")});
    }
    if (object.whole() && !made.servers.empty()) {
        staging.linkerd().routes.push_back(std::move(made));
    }
}

}  // namespace nspect::ingest
