// SPDX-License-Identifier: Apache-2.0
// https://istio.io/latest/docs/reference/config/security/peer_authentication/
#include "ingest/document/fields.h"
#include "ingest/kubernetes/labels.h"
#include "ingest/kubernetes/staging.h"
#include "ingest/mesh/modes.h"
#include "ingest/mesh/read.h"

namespace nspect::ingest {

namespace {

TlsMode read_server_mode(const Node& parent, Report& report) {
    return read_mode(parent,
                     {{"UNSET", TlsMode::unset},
                      {"DISABLE", TlsMode::disable},
                      {"PERMISSIVE", TlsMode::permissive},
                      {"STRICT", TlsMode::strict}},
                     TlsMode::unset, report);
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

}  // namespace nspect::ingest
