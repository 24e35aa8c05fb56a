// SPDX-License-Identifier: Apache-2.0
// https://istio.io/latest/docs/reference/config/networking/destination-rule/
#include "ingest/document/fields.h"
#include "ingest/kubernetes/labels.h"
#include "ingest/kubernetes/staging.h"
#include "ingest/mesh/modes.h"
#include "ingest/mesh/read.h"

namespace nspect::ingest {

namespace {

std::optional<TlsMode> read_client_mode(const Node& policy, Report& report) {
    const Node* tls = mapping_field(policy, "tls", report);
    if (tls == nullptr) return std::nullopt;
    // Of settings without a mode the proxy takes the first of its words.
    return read_mode(*tls,
                     {{"DISABLE", TlsMode::disable},
                      {"SIMPLE", TlsMode::one_way},
                      {"MUTUAL", TlsMode::strict},
                      {"ISTIO_MUTUAL", TlsMode::strict}},
                     TlsMode::disable, report);
}

void read_client_ports(const Node& policy, ClientPolicy& made, Report& report) {
    const Node* ports = sequence_field(policy, "portLevelSettings", report);
    if (ports == nullptr) return;
    for (const Node& entry : *ports) {
        if (!entry.is_mapping()) continue;
        const Node* port = mapping_field(entry, "port", report);
        const Node* number = port == nullptr ? nullptr : any_field(*port, "number");
        if (number == nullptr) continue;
        const TlsMode mode = read_client_mode(entry, report).value_or(TlsMode::unset);
        if (const auto value = port_value(*number, report, "MX003")) {
            made.ports.push_back({*value, mode, report.location_of(entry)});
        }
    }
}

std::optional<ClientPolicy> read_client_policy(const Node& parent, Report& report) {
    const Node* policy = mapping_field(parent, "trafficPolicy", report);
    if (policy == nullptr) return std::nullopt;
    ClientPolicy made;
    made.where = report.location_of(*policy);
    made.mode = read_client_mode(*policy, report);
    if (made.mode) made.where = report.location_of(*any_field(*policy, "tls"));
    read_client_ports(*policy, made, report);
    return made;
}

void read_subsets(const Node& spec, DestinationRule& made, Report& report) {
    const Node* subsets = sequence_field(spec, "subsets", report);
    if (subsets == nullptr) return;
    for (const Node& entry : *subsets) {
        if (!entry.is_mapping()) continue;
        RuleSubset subset;
        subset.name = text_field(entry, "name", report).value_or("");
        subset.pods = Selector::matching(
            read_labels(mapping_field(entry, "labels", report), report, selector_label_codes));
        subset.policy = read_client_policy(entry, report);
        made.subsets.push_back(std::move(subset));
    }
}

}  // namespace

void read_destination_rule(const Object& object, Staging& staging) {
    Report& report = object.report;
    DestinationRule made;
    made.namespace_name = object.namespace_name;
    made.name = object.name;
    made.created = created_at(object);
    made.where = object.where();
    const Node* spec = mapping_field(object.root, "spec", report);
    if (spec == nullptr) return;
    check_fields(*spec, report,
                 {"host", "trafficPolicy", "subsets", "exportTo", "workloadSelector"});
    made.host = text_field(*spec, "host", report).value_or("");
    made.policy = read_client_policy(*spec, report);
    read_subsets(*spec, made, report);
    if (const Node* spaces = sequence_field(*spec, "exportTo", report)) {
        for (const Node& entry : *spaces) {
            if (auto text = text_value(entry, report)) made.exported_to.push_back(std::move(*text));
        }
    }
    const Node* selector = mapping_field(*spec, "workloadSelector", report);
    if (selector != nullptr) made.clients = read_selector(selector, report);
    if (object.whole()) staging.expectations().destination_rules.push_back(std::move(made));
}

}  // namespace nspect::ingest
