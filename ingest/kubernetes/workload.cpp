// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/fields.h"
#include "ingest/kubernetes/kinds.h"
#include "ingest/kubernetes/names.h"
#include "model/own_selector.h"

namespace nspect::ingest {

namespace {

const Node* find_template(const Object& object) {
    const Node* spec = mapping_field(object.root, "spec", object.report);
    if (spec != nullptr && object.kind == "CronJob") {
        spec = mapping_field(*spec, "jobTemplate", object.report);
        if (spec != nullptr) spec = mapping_field(*spec, "spec", object.report);
    }
    return spec == nullptr ? nullptr : mapping_field(*spec, "template", object.report);
}

void add_label(const Node& node, std::string_view key, Labels& labels) {
    const bool good = node.is_scalar() && plain_type(node) == PlainType::text &&
                      is_label_key(key) && is_label_value(node.text);
    if (good) labels.set(std::string(key), std::string(node.text));
}

/// A demand for one value is a label; others no label can say. What is wrong in it the API server
/// refuses: here it is passed over.
Labels read_own_selector(const Object& object) {
    Labels labels;
    const Node* spec = any_field(object.root, "spec");
    const Node* selector = spec == nullptr ? nullptr : any_field(*spec, "selector");
    if (selector == nullptr || !selector->is_mapping()) return labels;
    const bool plain = object.kind == "ReplicationController";
    const Node* pairs = plain ? selector : any_field(*selector, "matchLabels");
    if (pairs != nullptr && pairs->is_mapping()) {
        for (const Node& pair : *pairs) add_label(pair, pair.key, labels);
    }
    const Node* expressions = plain ? nullptr : any_field(*selector, "matchExpressions");
    if (expressions == nullptr || !expressions->is_sequence()) return labels;
    for (const Node& expression : *expressions) {
        const Node* key = any_field(expression, "key");
        const Node* op = any_field(expression, "operator");
        const Node* values = any_field(expression, "values");
        if (key == nullptr || op == nullptr || values == nullptr || op->text != "In") continue;
        if (values->is_sequence() && values->size == 1) {
            add_label(*values->begin(), key->text, labels);
        }
    }
    return labels;
}

// https://kubernetes.io/docs/concepts/workloads/controllers/job/#terminal-job-conditions
bool has_finished(const Object& object) {
    const Node* status = mapping_field(object.root, "status", object.report);
    if (object.kind != "Job" || status == nullptr) return false;
    if (any_field(*status, "completionTime") != nullptr) return true;
    const Node* conditions = sequence_field(*status, "conditions", object.report);
    if (conditions == nullptr) return false;
    for (const Node& each : *conditions) {
        const auto type = text_field(each, "type", object.report);
        const bool ended = type == "Complete" || type == "Failed";
        if (ended && text_field(each, "status", object.report) == "True") return true;
    }
    return false;
}

}  // namespace

void read_workload(const Object& object, Staging& staging) {
    StagedTemplate made;
    made.id = {object.namespace_name, object.name, object.kind};
    made.owner = owner_of(object);
    const Node* pod = find_template(object);
    if (pod == nullptr) {
        object.report.warning(object.root, "INV010",
                              object.title() + " has no pod template: it has no labels",
                              "its pods get theirs from spec.template.metadata.labels");
    } else {
        made.endpoint = read_pod_template(*pod, object.report);
    }
    set_own_selector(made.endpoint, read_own_selector(object));
    made.endpoint.where = object.where();
    made.endpoint.finished = has_finished(object);
    if (object.whole()) staging.add(std::move(made));
}

}  // namespace nspect::ingest
