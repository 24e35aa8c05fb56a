// SPDX-License-Identifier: Apache-2.0
// https://istio.io/latest/docs/reference/config/security/peer_authentication/
// https://istio.io/latest/docs/reference/config/networking/destination-rule/
#include <initializer_list>
#include <utility>

#include "ingest/document/fields.h"
#include "ingest/kubernetes/labels.h"
#include "ingest/kubernetes/staging.h"
#include "ingest/mesh/read.h"

namespace nspect::ingest {

namespace {

using Word = std::pair<std::string_view, TlsMode>;

TlsMode read_mode(const Node& parent, std::initializer_list<Word> words, Report& report) {
    const Node* node = any_field(parent, "mode");
    if (node == nullptr) return TlsMode::unset;
    for (const auto& [word, mode] : words) {
        if (node->text == word) return mode;
    }
    std::string known;
    for (const auto& [word, mode] : words) known += (known.empty() ? "" : ", ") + std::string(word);
    report.error(*node, "MX001", "unknown TLS mode " + in_quotes(node->text), "known are " + known);
    return TlsMode::unset;
}

TlsMode read_server_mode(const Node& parent, Report& report) {
    return read_mode(parent,
                     {{"UNSET", TlsMode::unset},
                      {"DISABLE", TlsMode::disable},
                      {"PERMISSIVE", TlsMode::permissive},
                      {"STRICT", TlsMode::strict}},
                     report);
}

std::optional<TlsMode> read_client_mode(const Node& policy, Report& report) {
    const Node* tls = mapping_field(policy, "tls", report);
    if (tls == nullptr) return std::nullopt;
    return read_mode(*tls,
                     {{"DISABLE", TlsMode::disable},
                      {"SIMPLE", TlsMode::one_way},
                      {"MUTUAL", TlsMode::strict},
                      {"ISTIO_MUTUAL", TlsMode::strict}},
                     report);
}

void read_port_modes(const Node& spec, PeerAuthentication& made, Report& report) {
    const Node* ports = mapping_field(spec, "portLevelMtls", report);
    if (ports == nullptr) return;
    if (!made.selector) {
        report.key_warning(*ports, "MX002", "portLevelMtls counts only with a selector");
        return;
    }
    for (const Node& entry : *ports) {
        const auto number = decimal(entry.key);
        if (!number || *number == 0 || *number > 65535) {
            report.key_error(entry, "MX003", in_quotes(entry.key) + " is not a port number");
            continue;
        }
        if (!entry.is_mapping()) continue;
        made.ports.push_back({Port{static_cast<std::uint16_t>(*number)},
                              read_server_mode(entry, report), report.location_of(entry)});
    }
}

void read_client_ports(const Node& policy, DestinationRule& made, Report& report) {
    const Node* ports = sequence_field(policy, "portLevelSettings", report);
    if (ports == nullptr) return;
    for (const Node& entry : *ports) {
        if (!entry.is_mapping()) continue;
        const Node* port = mapping_field(entry, "port", report);
        const Node* number = port == nullptr ? nullptr : any_field(*port, "number");
        const auto mode = read_client_mode(entry, report);
        if (number == nullptr || !mode) continue;
        if (const auto value = port_value(*number, report, "MX003")) {
            made.ports.push_back({*value, *mode, report.location_of(entry)});
        }
    }
}

std::string created_at(const Object& object) {
    const Node* metadata = any_field(object.root, "metadata");
    const Node* created = metadata == nullptr ? nullptr : any_field(*metadata, "creationTimestamp");
    return created != nullptr && created->is_scalar() ? std::string(created->text) : std::string();
}

}  // namespace

void read_peer_authentication(const Object& object, Staging& staging) {
    Report& report = object.report;
    PeerAuthentication made{.namespace_name = object.namespace_name,
                            .name = object.name,
                            .created = created_at(object),
                            .selector = std::nullopt,
                            .mode = TlsMode::unset,
                            .ports = {},
                            .where = object.where()};
    if (const Node* spec = mapping_field(object.root, "spec", report)) {
        check_fields(*spec, report, {"selector", "mtls", "portLevelMtls"});
        const Node* selector = mapping_field(*spec, "selector", report);
        if (selector != nullptr && any_field(*selector, "matchLabels") != nullptr) {
            made.selector = read_selector(selector, report);
            if (made.selector->matches_everything()) made.selector.reset();
        }
        if (const Node* mtls = mapping_field(*spec, "mtls", report)) {
            made.mode = read_server_mode(*mtls, report);
            made.where = report.location_of(*mtls);
        }
        read_port_modes(*spec, made, report);
    }
    if (object.whole()) staging.expectations().peer_authentications.push_back(std::move(made));
}

void read_destination_rule(const Object& object, Staging& staging) {
    Report& report = object.report;
    DestinationRule made{.namespace_name = object.namespace_name,
                         .name = object.name,
                         .host = {},
                         .mode = std::nullopt,
                         .ports = {},
                         .where = object.where()};
    const Node* spec = mapping_field(object.root, "spec", report);
    if (spec == nullptr) return;
    made.host = text_field(*spec, "host", report).value_or("");
    if (const Node* policy = mapping_field(*spec, "trafficPolicy", report)) {
        made.mode = read_client_mode(*policy, report);
        if (made.mode) made.where = report.location_of(*mapping_field(*policy, "tls", report));
        read_client_ports(*policy, made, report);
    }
    if (object.whole()) staging.expectations().destination_rules.push_back(std::move(made));
}

}  // namespace nspect::ingest
