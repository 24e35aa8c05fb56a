// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "ingest/document/fields.h"
#include "ingest/kubernetes/labels.h"
#include "ingest/kubernetes/staging.h"
#include "ingest/linkerd/clients.h"
#include "ingest/linkerd/read.h"

namespace nspect::ingest {

namespace {

using linkerd::Authorization;
using linkerd::Name;
using linkerd::Required;

Authorization begin(const Object& object) {
    Authorization made;
    made.name = {object.namespace_name, object.name};
    made.by = object.title();
    made.where = object.where();
    return made;
}

void read_server_of(const Node& spec, const Object& object, Authorization& made) {
    Report& report = object.report;
    const Node* server = mapping_field(spec, "server", report);
    const Node* name = server == nullptr ? nullptr : any_field(*server, "name");
    const Node* labels = server == nullptr ? nullptr : mapping_field(*server, "selector", report);
    if ((name == nullptr) == (labels == nullptr)) {
        report.error(server == nullptr ? spec : *server, "LD007",
                     "a ServerAuthorization needs one of server.name and server.selector");
        return;
    }
    if (labels != nullptr) {
        made.target = Authorization::Target::servers;
        made.servers = read_selector(labels, report);
        return;
    }
    made.target_name = {object.namespace_name, text_value(*name, report).value_or("")};
    made.missing = report.later_warning(*name, "LD009",
                                        "there is no Server " + in_quotes(made.target_name.name),
                                        "the authorization does nothing");
}

void read_mesh_tls(const Node& mesh, const Object& object, Authorization& made) {
    Report& report = object.report;
    check_fields(mesh, report, {"unauthenticatedTLS", "identities", "serviceAccounts"});
    made.mode = TlsMode::strict;
    if (boolean_field(mesh, "unauthenticatedTLS", report).value_or(false)) {
        made.mode = TlsMode::one_way;
        return;
    }
    if (const Node* list = sequence_field(mesh, "identities", report)) {
        made.identities = linkerd::read_identities(*list, report);
    }
    const Node* accounts = sequence_field(mesh, "serviceAccounts", report);
    if (accounts == nullptr) return;
    for (auto& each : linkerd::read_accounts(*accounts, object.namespace_name, report)) {
        made.identities.push_back(std::move(each));
    }
}

void read_client(const Node& spec, const Object& object, Authorization& made) {
    Report& report = object.report;
    const Node* client = mapping_field(spec, "client", report);
    if (client == nullptr) {
        report.error(spec, "LD007", "a ServerAuthorization needs a client");
        return;
    }
    check_fields(*client, report, {"networks", "unauthenticated", "meshTLS"});
    if (const Node* networks = sequence_field(*client, "networks", report)) {
        if (networks->size > 0) made.networks = linkerd::read_networks(*networks, report);
    }
    const bool anyone = boolean_field(*client, "unauthenticated", report).value_or(false);
    const Node* mesh = mapping_field(*client, "meshTLS", report);
    if (mesh != nullptr) read_mesh_tls(*mesh, object, made);
    if (anyone == (mesh != nullptr)) {
        report.error(*client, "LD007", "a client is one of unauthenticated and meshTLS");
    }
}

void read_target(const Node& spec, const Object& object, Authorization& made) {
    Report& report = object.report;
    const Node* target = mapping_field(spec, "targetRef", report);
    if (target == nullptr) {
        report.error(spec, "LD008", "an AuthorizationPolicy of Linkerd needs a targetRef");
        return;
    }
    const std::string kind = text_field(*target, "kind", report).value_or("");
    const std::string name = text_field(*target, "name", report).value_or("");
    made.target_name = {object.namespace_name, name};
    made.target_kind = kind;
    if (kind == "Namespace") {
        made.target = Authorization::Target::space;
    } else if (kind == "HTTPRoute" || kind == "GRPCRoute") {
        made.target = Authorization::Target::route;
    } else if (kind != "Server") {
        report.error(*target, "LD008", "a target cannot be a " + in_quotes(kind),
                     "known are Server, Namespace, HTTPRoute and GRPCRoute");
    }
    made.missing = report.later_warning(
        *target, "LD009", "there is no " + kind + " " + in_quotes(name), "the policy does nothing");
}

void read_required(const Node& node, const Object& object, Authorization& made) {
    Report& report = object.report;
    if (!node.is_mapping()) {
        report.error(node, "DOC019", "a reference must be a mapping");
        return;
    }
    const std::string kind = text_field(node, "kind", report).value_or("");
    Required required;
    required.name = {text_field(node, "namespace", report).value_or(object.namespace_name),
                     text_field(node, "name", report).value_or("")};
    required.missing = report.later_warning(
        node, "LD010", "there is no " + kind + " " + in_quotes(required.name.name),
        "Linkerd leaves a policy out that asks for it: it allows nobody");
    if (kind == "NetworkAuthentication") {
        required.kind = Required::Kind::network;
    } else if (kind == "ServiceAccount") {
        required.kind = Required::Kind::service_account;
    } else if (kind != "MeshTLSAuthentication") {
        report.error(node, "LD008", "an authentication cannot be a " + in_quotes(kind),
                     "known are MeshTLSAuthentication, NetworkAuthentication and ServiceAccount");
    }
    const bool network = required.kind == Required::Kind::network;
    for (const Required& other : made.required) {
        if ((other.kind == Required::Kind::network) != network) continue;
        report.error(node, "LD008",
                     network ? "a policy asks for one NetworkAuthentication at most"
                             : "a policy asks for one identity at most");
        break;
    }
    made.required.push_back(std::move(required));
}

}  // namespace

void read_linkerd_server_authorization(const Object& object, Staging& staging) {
    Report& report = object.report;
    const Node* spec = mapping_field(object.root, "spec", report);
    Authorization made = begin(object);
    if (spec == nullptr) {
        report.error(object.name_node(), "LD007", "a ServerAuthorization needs a spec");
        return;
    }
    check_fields(*spec, report, {"server", "client"});
    read_server_of(*spec, object, made);
    read_client(*spec, object, made);
    if (object.whole()) staging.linkerd().authorizations.push_back(std::move(made));
}

void read_linkerd_authorization_policy(const Object& object, Staging& staging) {
    Report& report = object.report;
    const Node* spec = mapping_field(object.root, "spec", report);
    Authorization made = begin(object);
    if (spec == nullptr) {
        report.error(object.name_node(), "LD008", "an AuthorizationPolicy of Linkerd needs a spec");
        return;
    }
    check_fields(*spec, report, {"targetRef", "requiredAuthenticationRefs"});
    read_target(*spec, object, made);
    if (const Node* list = sequence_field(*spec, "requiredAuthenticationRefs", report)) {
        for (const Node& node : *list) read_required(node, object, made);
    }
    if (object.whole()) staging.linkerd().authorizations.push_back(std::move(made));
}

}  // namespace nspect::ingest
