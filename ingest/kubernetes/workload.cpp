// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/fields.h"
#include "ingest/kubernetes/kinds.h"

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
    made.endpoint.where = object.where();
    made.endpoint.finished = has_finished(object);
    if (object.whole()) staging.add(std::move(made));
}

}  // namespace nspect::ingest
