// SPDX-License-Identifier: Apache-2.0
// https://istio.io/latest/docs/reference/config/networking/sidecar/
// https://istio.io/latest/docs/reference/config/networking/gateway/
// https://istio.io/latest/docs/reference/config/networking/service-entry/
#include "ingest/document/fields.h"
#include "ingest/kubernetes/labels.h"
#include "ingest/kubernetes/staging.h"
#include "ingest/mesh/modes.h"
#include "ingest/mesh/outbound.h"
#include "ingest/mesh/read.h"

namespace nspect::ingest {

namespace {

std::vector<std::string> read_texts(const Node& parent, std::string_view key, Report& report) {
    std::vector<std::string> texts;
    const Node* list = sequence_field(parent, key, report);
    if (list == nullptr) return texts;
    for (const Node& entry : *list) {
        if (auto text = text_value(entry, report)) texts.push_back(std::move(*text));
    }
    return texts;
}

/// port.number of a listener or a server.
std::optional<Port> read_port(const Node& parent, Report& report) {
    const Node* port = mapping_field(parent, "port", report);
    const Node* number = port == nullptr ? nullptr : any_field(*port, "number");
    return number == nullptr ? std::nullopt : port_value(*number, report, "MX003");
}

/// Of servers: what the words ask of clients.
TlsMode read_server_mode(const Node& tls, Report& report) {
    return read_mode(tls,
                     {{"PASSTHROUGH", TlsMode::one_way},
                      {"SIMPLE", TlsMode::one_way},
                      {"OPTIONAL_MUTUAL", TlsMode::one_way},
                      {"MUTUAL", TlsMode::strict},
                      {"AUTO_PASSTHROUGH", TlsMode::strict},
                      {"ISTIO_MUTUAL", TlsMode::strict}},
                     TlsMode::one_way, report);
}

void read_listeners(const Node& spec, SidecarConfig& made, Report& report) {
    const Node* list = sequence_field(spec, "ingress", report);
    if (list == nullptr) return;
    for (const Node& entry : *list) {
        if (!entry.is_mapping()) continue;
        const auto port = read_port(entry, report);
        if (!port) continue;
        SidecarListener listener{*port, std::nullopt, 0, report.location_of(entry)};
        if (const Node* tls = mapping_field(entry, "tls", report)) {
            listener.mode = read_server_mode(*tls, report);
            listener.least_version =
                read_least_version(*tls, "minProtocolVersion", report).value_or(0);
            listener.where = report.location_of(*tls);
        }
        made.ingress.push_back(std::move(listener));
    }
}

void read_egress(const Node& spec, SidecarConfig& made, Report& report) {
    const Node* list = sequence_field(spec, "egress", report);
    if (list == nullptr) return;
    for (const Node& entry : *list) {
        if (!entry.is_mapping()) continue;
        SidecarEgress egress{read_port(entry, report), read_texts(entry, "hosts", report),
                             report.location_of(entry)};
        for (const std::string& host : egress.hosts) {
            if (host.find('/') != std::string::npos) continue;
            report.warning(*any_field(entry, "hosts"), "MX006",
                           in_quotes(host) + " names no namespace, and nobody by that",
                           "write NAMESPACE/HOST, ./HOST or */HOST");
        }
        made.egress.push_back(std::move(egress));
    }
}

GatewayServer read_server(const Node& entry, Port port, Report& report) {
    GatewayServer server;
    server.port = port;
    server.hosts = read_texts(entry, "hosts", report);
    server.where = report.location_of(entry);
    const Node* port_node = any_field(entry, "port");
    const std::string protocol =
        lower_case(text_field(*port_node, "protocol", report).value_or(""));
    const Node* tls = mapping_field(entry, "tls", report);
    // Of others only the redirect to HTTPS is read.
    if (tls == nullptr || (protocol != "https" && protocol != "tls")) return server;
    const Node* mode = any_field(*tls, "mode");
    server.word = mode == nullptr ? "PASSTHROUGH" : std::string(mode->text);
    server.mode = read_server_mode(*tls, report);
    server.least_version = read_least_version(*tls, "minProtocolVersion", report).value_or(0);
    server.credential = text_field(*tls, "credentialName", report).value_or("");
    server.where = report.location_of(*tls);
    const bool own =
        server.word == "SIMPLE" || server.word == "MUTUAL" || server.word == "OPTIONAL_MUTUAL";
    const bool has_certificate = any_field(*tls, "serverCertificate") != nullptr ||
                                 any_field(*tls, "tlsCertificates") != nullptr ||
                                 any_field(*tls, "credentialNames") != nullptr;
    if (own && server.credential.empty() && !has_certificate) {
        report.warning(*tls, "MX007", "a server with mode " + server.word + " has no certificate",
                       "name a Secret: credentialName");
    }
    return server;
}

}  // namespace

void read_sidecar(const Object& object, Staging& staging) {
    Report& report = object.report;
    SidecarConfig made;
    made.namespace_name = object.namespace_name;
    made.name = object.name;
    made.created = created_at(object);
    made.where = object.where();
    if (const Node* spec = mapping_field(object.root, "spec", report)) {
        check_fields(*spec, report,
                     {"workloadSelector", "ingress", "egress", "outboundTrafficPolicy",
                      "inboundConnectionPool"});
        const Node* selector = mapping_field(*spec, "workloadSelector", report);
        const Node* labels =
            selector == nullptr ? nullptr : mapping_field(*selector, "labels", report);
        if (labels != nullptr && labels->size > 0) {
            made.pods = Selector::matching(read_labels(labels, report, selector_label_codes));
        }
        read_listeners(*spec, made, report);
        read_egress(*spec, made, report);
        made.outbound = read_outbound(*spec, report);
    }
    if (object.whole()) staging.expectations().sidecars.push_back(std::move(made));
}

void read_istio_gateway(const Object& object, Staging& staging) {
    Report& report = object.report;
    const Node* spec = mapping_field(object.root, "spec", report);
    if (spec == nullptr) return;
    check_fields(*spec, report, {"selector", "servers"});
    MeshGateway made;
    made.namespace_name = object.namespace_name;
    made.name = object.name;
    made.pods = Selector::matching(
        read_labels(mapping_field(*spec, "selector", report), report, selector_label_codes));
    made.where = object.where();
    if (const Node* servers = sequence_field(*spec, "servers", report)) {
        for (const Node& entry : *servers) {
            const auto port = entry.is_mapping() ? read_port(entry, report) : std::nullopt;
            if (port) made.servers.push_back(read_server(entry, *port, report));
        }
    }
    if (object.whole()) staging.expectations().gateways.push_back(std::move(made));
}

void read_service_entry(const Object& object, Staging& staging) {
    Report& report = object.report;
    const Node* spec = mapping_field(object.root, "spec", report);
    if (spec == nullptr) return;
    ServiceEntry made;
    made.namespace_name = object.namespace_name;
    made.name = object.name;
    made.hosts = read_texts(*spec, "hosts", report);
    made.where = object.where();
    std::vector<std::string> addresses = read_texts(*spec, "addresses", report);
    if (const Node* endpoints = sequence_field(*spec, "endpoints", report)) {
        for (const Node& entry : *endpoints) {
            const Node* address = entry.is_mapping() ? any_field(entry, "address") : nullptr;
            if (address != nullptr) addresses.emplace_back(address->text);
        }
    }
    for (const std::string& each : addresses) {
        if (const auto prefix = IpPrefix::parse(each)) made.addresses.insert(prefix->range());
    }
    if (const Node* ports = sequence_field(*spec, "ports", report)) {
        for (const Node& entry : *ports) {
            const Node* number = entry.is_mapping() ? any_field(entry, "number") : nullptr;
            const auto port =
                number == nullptr ? std::nullopt : port_value(*number, report, "MX003");
            if (port) made.ports.insert({*port, *port});
        }
    }
    if (object.whole()) staging.expectations().service_entries.push_back(std::move(made));
}

}  // namespace nspect::ingest
