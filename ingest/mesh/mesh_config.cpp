// SPDX-License-Identifier: Apache-2.0
// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/
#include <algorithm>
#include <array>

#include "ingest/document/fields.h"
#include "ingest/document/read.h"
#include "ingest/kubernetes/staging.h"
#include "ingest/mesh/modes.h"
#include "ingest/mesh/outbound.h"
#include "ingest/mesh/read.h"

namespace nspect::ingest {

namespace {

std::optional<Told<std::string>> told_text(const Node& parent, std::string_view key,
                                           Report& report) {
    auto text = text_field(parent, key, report);
    if (!text || text->empty()) return std::nullopt;
    return Told<std::string>{std::move(*text), report.location_of(*any_field(parent, key))};
}

std::optional<Told<std::uint16_t>> told_version(const Node& parent, std::string_view key,
                                                Report& report) {
    const Node* settings = mapping_field(parent, key, report);
    if (settings == nullptr) return std::nullopt;
    const auto version = read_least_version(*settings, "minProtocolVersion", report);
    if (!version) return std::nullopt;
    return Told<std::uint16_t>{*version,
                               report.location_of(*any_field(*settings, "minProtocolVersion"))};
}

void read_aliases(const Node& node, MeshConfig& made, Report& report) {
    const Node* aliases = sequence_field(node, "trustDomainAliases", report);
    if (aliases == nullptr) return;
    for (const Node& entry : *aliases) {
        if (auto text = text_value(entry, report)) {
            made.trust_domain_aliases.push_back(std::move(*text));
        }
    }
}

/// Later settings count before those that are there.
void read_settings(const Node& node, MeshConfig& made, Report& report) {
    const auto keep = [](auto& place, auto found) {
        if (found) place = std::move(found);
    };
    keep(made.root_namespace, told_text(node, "rootNamespace", report));
    keep(made.trust_domain, told_text(node, "trustDomain", report));
    read_aliases(node, made, report);
    if (const auto value = boolean_field(node, "enableAutoMtls", report)) {
        made.auto_mtls = Told<bool>{*value, report.location_of(*any_field(node, "enableAutoMtls"))};
    }
    keep(made.least_version, told_version(node, "meshMTLS", report));
    keep(made.least_version_outside, told_version(node, "tlsDefaults", report));
    keep(made.outbound, read_outbound(node, report));
    if (const Node* to = sequence_field(node, "defaultDestinationRuleExportTo", report)) {
        made.rules_private = std::any_of(to->begin(), to->end(),
                                         [](const Node& entry) { return entry.text == "."; });
    }
}

/// Of several the one called "istio" counts, else that of the first name: others are revisions.
void keep_first(MeshConfig made, const Node& at, Report& report, Staging& staging) {
    MeshConfig& kept = staging.expectations().mesh;
    if (!kept.by.empty()) {
        const bool replaces =
            made.by.ends_with("/istio") || (!kept.by.ends_with("/istio") && made.by < kept.by);
        report.warning(
            at, "MX005", "this is a second MeshConfig of the mesh",
            (replaces ? made.by + " counts, not " + kept.by : kept.by + " counts, not " + made.by) +
                ": give the documents of one revision");
        if (!replaces) return;
    }
    kept = std::move(made);
}

/// The text of a block scalar where it stands: with the lines and the indentation of its file, so
/// that places inside of it are places of the file. Empty for other scalars.
std::string text_in_place(const Node& node, const Report& report) {
    const std::string first(node.text.substr(0, node.text.find('\n')));
    const std::string line = report.source().line(node.at.line + 1);
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || first.empty() || line.substr(indent) != first) return {};
    std::string text(node.at.line, '\n');
    std::string_view rest = node.text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
        text += std::string(indent, ' ') + std::string(rest.substr(0, end));
        rest.remove_prefix(end);
    }
    return text;
}

constexpr std::size_t largest_settings = std::size_t{1} << 20U;

}  // namespace

std::optional<Told<OutboundPolicy>> read_outbound(const Node& parent, Report& report) {
    const Node* policy = mapping_field(parent, "outboundTrafficPolicy", report);
    const Node* mode = policy == nullptr ? nullptr : any_field(*policy, "mode");
    if (mode == nullptr) return std::nullopt;
    const Location where = report.location_of(*mode);
    if (mode->text == "REGISTRY_ONLY")
        return Told<OutboundPolicy>{OutboundPolicy::registry_only, where};
    if (mode->text == "ALLOW_ANY") return Told<OutboundPolicy>{OutboundPolicy::allow_any, where};
    report.error(*mode, "MX001", "unknown outboundTrafficPolicy " + in_quotes(mode->text),
                 "known are ALLOW_ANY, REGISTRY_ONLY");
    return std::nullopt;
}

bool is_mesh_config_map(const Node& root) {
    const Node* metadata = any_field(root, "metadata");
    const Node* name = metadata == nullptr ? nullptr : any_field(*metadata, "name");
    const bool meant =
        name != nullptr && (name->text == "istio" || name->text.starts_with("istio-"));
    const Node* data = meant ? any_field(root, "data") : nullptr;
    const Node* mesh = data == nullptr ? nullptr : any_field(*data, "mesh");
    return mesh != nullptr && mesh->is_scalar() && mesh->text.size() <= largest_settings;
}

void read_mesh_config_map(const Object& object, Staging& staging) {
    const Node* mesh = any_field(*any_field(object.root, "data"), "mesh");
    const std::string in_place = text_in_place(*mesh, object.report);
    const std::string_view text = in_place.empty() ? mesh->text : std::string_view(in_place);
    // A text of its own is YAML, also inside of a file of JSON.
    const std::string& file = object.report.source().name();
    const SourceTextView source(in_place.empty() ? file + " data.mesh" : file, text);
    Report report(source, object.report.diagnostics());
    MeshConfig made;
    made.by = "ConfigMap " + object.namespace_name + "/" + object.name;
    made.where = object.report.location_of(*mesh);
    bool found = false;
    read_documents(report, [&](const FoundObject& inside) {
        if (!inside.root->is_mapping()) return;
        read_settings(*inside.root, made, report);
        found = true;
    });
    if (!found || report.errors() > 0) return;
    if (in_place.empty()) {
        // Written as one text: its lines are none of the file.
        const auto move = [&](auto& told) {
            if (told) told->where = made.where;
        };
        move(made.root_namespace);
        move(made.trust_domain);
        move(made.auto_mtls);
        move(made.least_version);
        move(made.least_version_outside);
        move(made.outbound);
    }
    if (!made.root_namespace) {
        made.root_namespace = Told<std::string>{object.namespace_name, made.where};
    }
    keep_first(std::move(made), *mesh, object.report, staging);
}

void read_istio_operator(const Object& object, Staging& staging) {
    Report& report = object.report;
    const Node* spec = mapping_field(object.root, "spec", report);
    if (spec == nullptr) return;
    MeshConfig made;
    made.by = object.title();
    made.where = report.location_of(*spec);
    const Node* values = mapping_field(*spec, "values", report);
    const Node* global = values == nullptr ? nullptr : mapping_field(*values, "global", report);
    if (global != nullptr) {
        made.root_namespace = told_text(*global, "istioNamespace", report);
        made.trust_domain = told_text(*global, "trustDomain", report);
    }
    for (const Node* parent : {values, spec}) {
        const Node* settings =
            parent == nullptr ? nullptr : mapping_field(*parent, "meshConfig", report);
        if (settings == nullptr) continue;
        read_settings(*settings, made, report);
        made.where = report.location_of(*settings);
    }
    if (object.whole()) keep_first(std::move(made), *spec, report, staging);
}

bool read_mesh_values(const Node& root, Report& report, Staging& staging) {
    const Node* settings = any_field(root, "meshConfig");
    const bool values = settings != nullptr && settings->is_mapping() &&
                        root.find("kind") == nullptr && root.find("apiVersion") == nullptr;
    if (!values) return false;
    MeshConfig made;
    made.by = "values of Istio's chart";
    made.where = report.location_of(*settings);
    if (const Node* global = mapping_field(root, "global", report)) {
        made.root_namespace = told_text(*global, "istioNamespace", report);
        made.trust_domain = told_text(*global, "trustDomain", report);
    }
    const std::size_t before = report.errors();
    read_settings(*settings, made, report);
    if (report.errors() == before) keep_first(std::move(made), *settings, report, staging);
    return true;
}

}  // namespace nspect::ingest
