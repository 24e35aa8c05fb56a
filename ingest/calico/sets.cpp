// SPDX-License-Identifier: Apache-2.0
// Network sets, tiers, service accounts and host endpoints.
#include "ingest/calico/parts.h"
#include "ingest/calico/read.h"
#include "ingest/document/fields.h"
#include "ingest/document/read.h"
#include "ingest/kubernetes/labels.h"

namespace nspect::ingest {

namespace {

/// In the stored form, labels of the user stand in an annotation, as JSON.
Labels stored_labels(const Node& metadata, Report& report) {
    const Node* annotations = mapping_field(metadata, "annotations", report);
    const Node* text =
        annotations == nullptr ? nullptr : any_field(*annotations, "projectcalico.org/metadata");
    if (text == nullptr || !text->is_scalar()) return {};
    Diagnostics ignored;
    const SourceTextView source("projectcalico.org/metadata", text->text);
    Report inner(source, ignored);
    Labels labels;
    read_documents(inner, [&](const FoundObject& found) {
        const Node* mapping = found.root->find("labels");
        if (mapping != nullptr && mapping->is_mapping()) {
            labels = read_labels(mapping, inner, object_label_codes);
        }
    });
    return labels;
}

Labels labels_of(const Object& object) {
    const Node* metadata = mapping_field(object.root, "metadata", object.report);
    if (metadata == nullptr) return {};
    Labels labels = object.group == "crd.projectcalico.org"
                        ? stored_labels(*metadata, object.report)
                        : Labels();
    const Labels own = read_labels(mapping_field(*metadata, "labels", object.report), object.report,
                                   object_label_codes);
    for (const auto& [key, value] : own.entries()) labels.set(key, value);
    return labels;
}

void read_set_domains(const Node& spec, CalicoNetworkSet& set, Report& report) {
    const Node* list = sequence_field(spec, "allowedEgressDomains", report);
    if (list == nullptr) return;
    for (const Node& entry : *list) {
        if (const auto name = text_value(entry, report)) {
            set.domains.push_back(calico_domain(*name, set.wider_domains));
        }
    }
    report.key_warning(*list, "NP030", "domains are known only as far as DNS was recorded",
                       "without a recording the rule counts as if it named every address "
                       "outside; verdicts of it say \"at most\"");
}

/// defaultAction: true for Deny, which is also what is meant without it.
bool read_default_action(const Object& object, const Node& spec) {
    const Node* action = any_field(spec, "defaultAction");
    if (action == nullptr || action->text == "Deny") return true;
    if (action->text != "Pass") {
        object.report.error(*action, "CA020", "unknown defaultAction " + in_quotes(action->text),
                            "known are Deny and Pass");
    } else if (object.name == "default") {
        object.report.error(*action, "CA020", "the default tier always denies what it leaves");
    }
    return false;
}

}  // namespace

void read_calico_network_set(const Object& object, Staging& staging) {
    CalicoNetworkSet set;
    set.namespace_name = object.namespace_name;
    set.labels = labels_of(object);
    const Node* spec = mapping_field(object.root, "spec", object.report);
    if (spec != nullptr) {
        check_fields(*spec, object.report, {"nets", "allowedEgressDomains"});
        const Node* nets = sequence_field(*spec, "nets", object.report);
        if (nets != nullptr) set.nets = read_nets(*nets, object.report);
        read_set_domains(*spec, set, object.report);
    }
    if (object.whole()) staging.calico().sets.push_back(std::move(set));
}

void read_calico_tier(const Object& object, Staging& staging) {
    CalicoTier tier;
    tier.name = object.name;
    const Node* spec = mapping_field(object.root, "spec", object.report);
    if (spec != nullptr) {
        check_fields(*spec, object.report, {"order", "defaultAction"});
        tier.order = order_field(*spec, object.report);
        tier.denies = read_default_action(object, *spec);
        if (object.name == "default" && tier.order && *tier.order != namespace_stage) {
            object.report.error(*spec->find("order"), "CA003",
                                "the order of the default tier is always 1000000");
        }
    }
    if (object.whole()) staging.calico().tiers.push_back(std::move(tier));
}

void read_calico_host_endpoint(const Object& object, Staging&) {
    object.report.warning(object.name_node(), "CA021",
                          object.title() + " is not evaluated: verdicts are about pods",
                          "traffic of the host itself counts as allowed on its side");
}

void read_service_account(const Object& object, Staging& staging) {
    ServiceAccount account;
    account.namespace_name = object.namespace_name;
    account.name = object.name;
    account.labels = labels_of(object);
    if (object.whole()) staging.calico().accounts.push_back(std::move(account));
}

}  // namespace nspect::ingest
