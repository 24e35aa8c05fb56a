// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "ingest/document/fields.h"
#include "ingest/kubernetes/labels.h"
#include "ingest/kubernetes/policy_parts.h"
#include "ingest/kubernetes/staging.h"
#include "ingest/linkerd/clients.h"
#include "ingest/linkerd/identities.h"
#include "ingest/linkerd/read.h"

namespace nspect::ingest {

namespace linkerd {

namespace {

IpSet read_block(const Node& node, Report& report) {
    IpSet addresses;
    const auto block = node.is_scalar() ? IpPrefix::parse(node.text) : std::optional<IpPrefix>();
    if (block) {
        addresses.insert(block->range());
    } else {
        report.error(node, "LD004", "this is neither an address nor an address block",
                     "write it as in \"10.0.0.1\" or \"10.0.0.0/8\"");
    }
    return addresses;
}

}  // namespace

IpSet read_networks(const Node& list, Report& report) {
    IpSet networks;
    for (const Node& entry : list) {
        if (!entry.is_mapping()) {
            report.error(entry, "DOC019", "a network must be a mapping with a cidr");
            continue;
        }
        check_fields(entry, report, {"cidr", "except"});
        const Node* block = any_field(entry, "cidr");
        if (block == nullptr) {
            report.error(entry, "LD004", "a network needs a cidr");
            continue;
        }
        IpSet one = read_block(*block, report);
        if (const Node* except = sequence_field(entry, "except", report)) {
            for (const Node& each : *except) one = one - read_block(each, report);
        }
        networks = networks | one;
    }
    return networks;
}

std::vector<std::string> read_identities(const Node& list, Report& report) {
    std::vector<std::string> identities;
    for (const Node& entry : list) {
        auto text = text_value(entry, report);
        if (!text) continue;
        if (!sources_of(*text)) {
            report.warning(entry, "LD005", in_quotes(*text) + " is no identity that a pod can have",
                           "identities are written "
                           "ACCOUNT.NAMESPACE.serviceaccount.identity.linkerd.TRUST-DOMAIN");
        }
        identities.push_back(std::move(*text));
    }
    return identities;
}

std::vector<std::string> read_accounts(const Node& list, const std::string& own_namespace,
                                       Report& report) {
    std::vector<std::string> identities;
    for (const Node& entry : list) {
        if (!entry.is_mapping()) {
            report.error(entry, "DOC019", "a service account must be a mapping");
            continue;
        }
        const auto space = text_field(entry, "namespace", report).value_or("");
        const auto name = text_field(entry, "name", report).value_or("");
        // A reference to a Namespace means all of its accounts.
        if (text_field(entry, "kind", report) == "Namespace") {
            identities.push_back("*" + identity_of(name, ""));
            continue;
        }
        identities.push_back(identity_of(space.empty() ? own_namespace : space, name));
    }
    return identities;
}

}  // namespace linkerd

void read_linkerd_mesh_tls_authentication(const Object& object, Staging& staging) {
    Report& report = object.report;
    linkerd::MeshTlsAuthentication made{{object.namespace_name, object.name}, {}};
    const Node nothing;
    const Node* spec = mapping_field(object.root, "spec", report);
    if (spec == nullptr) spec = &nothing;
    check_fields(*spec, report, {"identities", "identityRefs"});
    const Node* identities = sequence_field(*spec, "identities", report);
    const Node* references = sequence_field(*spec, "identityRefs", report);
    if (identities == nullptr && references == nullptr) {
        report.error(spec == &nothing ? object.name_node() : *spec, "LD006",
                     "a MeshTLSAuthentication needs identities or identityRefs");
    }
    if (identities != nullptr) made.identities = linkerd::read_identities(*identities, report);
    if (references != nullptr) {
        for (auto& each : linkerd::read_accounts(*references, object.namespace_name, report)) {
            made.identities.push_back(std::move(each));
        }
    }
    if (object.whole()) staging.linkerd().identities.push_back(std::move(made));
}

void read_linkerd_network_authentication(const Object& object, Staging& staging) {
    Report& report = object.report;
    linkerd::NetworkAuthentication made{{object.namespace_name, object.name}, {}};
    const Node* spec = mapping_field(object.root, "spec", report);
    const Node* networks = spec == nullptr ? nullptr : sequence_field(*spec, "networks", report);
    if (networks == nullptr) {
        report.error(object.name_node(), "LD004", "a NetworkAuthentication needs networks");
        return;
    }
    made.networks = linkerd::read_networks(*networks, report);
    if (object.whole()) staging.linkerd().networks.push_back(std::move(made));
}

}  // namespace nspect::ingest
