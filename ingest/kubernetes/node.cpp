// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/fields.h"
#include "ingest/kubernetes/kinds.h"
#include "ingest/kubernetes/labels.h"

namespace nspect::ingest {

namespace {

void read_addresses(const Node& status, nspect::Node& node, Report& report) {
    const Node* addresses = sequence_field(status, "addresses", report);
    if (addresses == nullptr) return;
    for (const Node& entry : *addresses) {
        const auto type = text_field(entry, "type", report);
        const Node* address = any_field(entry, "address");
        if (address == nullptr || (type != "InternalIP" && type != "ExternalIP")) continue;
        if (auto ip = address_value(*address, report)) node.addresses.push_back(*ip);
    }
}

}  // namespace

void read_node(const Object& object, Staging& staging) {
    nspect::Node node;
    node.name = object.name;
    node.where = object.where();
    if (const Node* metadata = any_field(object.root, "metadata")) {
        node.labels = read_labels(mapping_field(*metadata, "labels", object.report), object.report,
                                  object_label_codes);
    }
    if (const Node* status = mapping_field(object.root, "status", object.report)) {
        read_addresses(*status, node, object.report);
    }
    if (object.whole()) staging.inventory().add_node(std::move(node));
}

}  // namespace nspect::ingest
