// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/fields.h"
#include "ingest/kubernetes/kinds.h"

namespace nspect::ingest {

namespace {

void add_backend(const Object& object, const std::string& service, const Node& address,
                 Staging& staging) {
    if (auto ip = address_value(address, object.report)) {
        staging.add_backend(object.namespace_name, service, *ip);
    }
}

}  // namespace

void read_endpoints(const Object& object, Staging& staging) {
    const Node* subsets = sequence_field(object.root, "subsets", object.report);
    if (subsets == nullptr) return;
    for (const Node& subset : *subsets) {
        const Node* addresses = sequence_field(subset, "addresses", object.report);
        if (addresses == nullptr) continue;
        for (const Node& entry : *addresses) {
            const Node* ip = any_field(entry, "ip");
            if (ip != nullptr) add_backend(object, object.name, *ip, staging);
        }
    }
}

// The Service is named by a label, for one may have several slices.
void read_endpoint_slice(const Object& object, Staging& staging) {
    const Node* metadata = any_field(object.root, "metadata");
    const Node* labels =
        metadata == nullptr ? nullptr : mapping_field(*metadata, "labels", object.report);
    const auto service = labels == nullptr
                             ? std::nullopt
                             : text_field(*labels, "kubernetes.io/service-name", object.report);
    const Node* endpoints = sequence_field(object.root, "endpoints", object.report);
    const auto type = text_field(object.root, "addressType", object.report);
    if (!service || endpoints == nullptr || type == "FQDN") return;
    for (const Node& endpoint : *endpoints) {
        const Node* addresses = sequence_field(endpoint, "addresses", object.report);
        if (addresses == nullptr) continue;
        for (const Node& address : *addresses) add_backend(object, *service, address, staging);
    }
}

}  // namespace nspect::ingest
