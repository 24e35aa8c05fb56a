// SPDX-License-Identifier: Apache-2.0
#include <cctype>
#include <utility>

#include "ingest/consul/read.h"
#include "ingest/document/fields.h"
#include "ingest/kubernetes/staging.h"

namespace nspect::ingest {

namespace {

using consul::Intentions;
using consul::ServiceName;
using consul::Source;
using consul::Verdict;

/// A field as custom resources write it, or with a capital letter as configuration entries do.
const Node* field(const Node& parent, std::string_view key) {
    if (const Node* node = any_field(parent, key)) return node;
    std::string entry(key);
    entry[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(entry[0])));
    return any_field(parent, entry);
}

std::string text(const Node& parent, std::string_view key, Report& report) {
    const Node* node = field(parent, key);
    return node == nullptr ? std::string() : text_value(*node, report).value_or("");
}

ServiceName read_service(const Node& node, Report& report) {
    ServiceName service{text(node, "name", report), text(node, "namespace", report), {}};
    service.missing =
        report.later_warning(node, "CN007", "no pod is the service " + in_quotes(service.name),
                             "a pod is the service that its annotation "
                             "consul.hashicorp.com/connect-service or a Service names");
    if (service.namespace_name.empty()) service.namespace_name = "default";
    if (service.name.empty()) {
        report.error(node, "CN001", "a service needs a name", "\"*\" is every service");
    }
    return service;
}

/// An action in words: 1 allows, 0 denies, nothing where there is none.
std::optional<bool> read_action(const Node& node, Report& report) {
    const Node* action = field(node, "action");
    if (action == nullptr) return std::nullopt;
    if (action->text == "allow") return true;
    if (action->text != "deny") {
        report.error(*action, "CN002", "unknown action " + in_quotes(action->text),
                     "known are allow and deny");
    }
    return false;
}

void read_permissions(const Node& list, Source& source, Report& report) {
    source.verdict = Verdict::by_request;
    report.note(list, "CN004", "permissions are about requests, and not evaluated",
                "verdicts of the source say \"at most\"");
    if (!list.is_sequence()) return;
    for (const Node& each : list) {
        if (!each.is_mapping()) continue;
        const bool allows = read_action(each, report).value_or(false);
        source.allows_some = source.allows_some || allows;
    }
}

Source read_source(const Node& node, Report& report) {
    Source source;
    source.where = report.location_of(node);
    source.service = read_service(node, report);
    const auto action = read_action(node, report);
    const Node* permissions = field(node, "permissions");
    if (action.has_value() == (permissions != nullptr)) {
        report.error(node, "CN003", "a source needs one of action and permissions");
    }
    source.verdict = action.value_or(false) ? Verdict::allow : Verdict::deny;
    if (permissions != nullptr) read_permissions(*permissions, source, report);
    for (const char* key : {"peer", "partition", "samenessGroup"}) {
        const Node* other = field(node, key);
        const bool own = other == nullptr || other->text == "default" || other->text.empty();
        if (own) continue;
        source.elsewhere = true;
        report.warning(*other, "CN005", "sources of another cluster or partition are not evaluated",
                       "the source names nobody here");
    }
    return source;
}

void read_sources(const Node& parent, Intentions& made, Report& report) {
    const Node* sources = field(parent, "sources");
    if (sources == nullptr || !sources->is_sequence()) {
        report.error(parent, "CN001", "intentions need a list of sources");
        return;
    }
    for (const Node& node : *sources) {
        if (node.is_mapping()) {
            made.sources.push_back(read_source(node, report));
        } else {
            report.error(node, "DOC019", "a source must be a mapping");
        }
    }
    if (const Node* token = field(parent, "jwt")) {
        made.tokens = true;
        report.note(*token, "CN004", "tokens of requests are not evaluated",
                    "verdicts say \"at most\"");
    }
}

std::optional<bool> read_permissive(const Node& parent, Report& report) {
    const Node* mode = field(parent, "mutualTLSMode");
    if (mode == nullptr || mode->text.empty()) return std::nullopt;
    if (mode->text == "permissive") return true;
    if (mode->text != "strict") {
        report.error(*mode, "CN006", "unknown mutualTLSMode " + in_quotes(mode->text),
                     "known are strict and permissive");
    }
    return false;
}

}  // namespace

void read_consul_intentions(const Object& object, Staging& staging) {
    Report& report = object.report;
    const Node* spec = mapping_field(object.root, "spec", report);
    const Node* destination =
        spec == nullptr ? nullptr : mapping_field(*spec, "destination", report);
    if (destination == nullptr) {
        report.error(object.name_node(), "CN001", "ServiceIntentions need a spec.destination");
        return;
    }
    Intentions made;
    made.namespace_name = object.namespace_name;
    made.name = object.name;
    made.where = object.where();
    check_fields(*spec, report, {"destination", "sources", "jwt"});
    made.destination = read_service(*destination, report);
    read_sources(*spec, made, report);
    if (object.whole()) staging.consul().intentions.push_back(std::move(made));
}

void read_consul_defaults(const Object& object, Staging& staging) {
    Report& report = object.report;
    const Node* spec = mapping_field(object.root, "spec", report);
    const auto permissive = spec == nullptr ? std::nullopt : read_permissive(*spec, report);
    if (!permissive || !object.whole()) return;
    const bool all = object.kind == "ProxyDefaults";
    staging.consul().modes.push_back({all ? std::string() : object.name, *permissive,
                                      report.location_of(*field(*spec, "mutualTLSMode"))});
}

bool read_consul_entry(const Node& root, Report& report, Staging& staging) {
    const Node* kind = any_field(root, "Kind");
    if (kind == nullptr || root.find("apiVersion") != nullptr) return false;
    const std::size_t errors = report.errors();
    if (kind->text == "service-intentions") {
        Intentions made;
        made.where = report.location_of(root);
        made.destination = read_service(root, report);
        made.name = made.destination.name;
        read_sources(root, made, report);
        if (report.errors() == errors) staging.consul().intentions.push_back(std::move(made));
        return true;
    }
    if (kind->text != "service-defaults" && kind->text != "proxy-defaults") return false;
    const auto permissive = read_permissive(root, report);
    const bool all = kind->text == "proxy-defaults";
    if (permissive && report.errors() == errors) {
        staging.consul().modes.push_back({all ? std::string() : text(root, "name", report),
                                          *permissive,
                                          report.location_of(*field(root, "mutualTLSMode"))});
    }
    return true;
}

}  // namespace nspect::ingest
