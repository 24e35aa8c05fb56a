// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/fields.h"
#include "ingest/kubernetes/kinds.h"
#include "ingest/kubernetes/labels.h"

namespace nspect::ingest {

void read_namespace(const Object& object, Staging& staging) {
    Labels labels;
    if (const Node* metadata = any_field(object.root, "metadata")) {
        labels = read_labels(mapping_field(*metadata, "labels", object.report), object.report,
                             object_label_codes);
    }
    if (!object.whole()) return;
    const Node* metadata = any_field(object.root, "metadata");
    if (metadata != nullptr) {
        staging.mesh_namespaces()[object.name] = read_mesh_annotations(*metadata);
    }
    staging.inventory().declare_namespace(object.name, std::move(labels), object.where());
}

}  // namespace nspect::ingest
