// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

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

void add_pod_block(const Node* text, nspect::Node& node, Report& report) {
    if (text == nullptr || (text->is_scalar() && text->text.empty())) return;
    const auto block = IpPrefix::parse(text->text);
    if (!block) {
        report.warning(*text, "INV008", "not an address block: " + in_quotes(text->text));
        return;
    }
    auto& blocks = node.pod_blocks;
    if (std::find(blocks.begin(), blocks.end(), *block) == blocks.end()) blocks.push_back(*block);
}

void read_pod_blocks(const Node& spec, nspect::Node& node, Report& report) {
    add_pod_block(any_field(spec, "podCIDR"), node, report);
    const Node* all = sequence_field(spec, "podCIDRs", report);
    if (all == nullptr) return;
    for (const Node& entry : *all) add_pod_block(&entry, node, report);
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
    if (const Node* spec = mapping_field(object.root, "spec", object.report)) {
        read_pod_blocks(*spec, node, object.report);
    }
    if (object.whole()) staging.inventory().add_node(std::move(node));
}

}  // namespace nspect::ingest
