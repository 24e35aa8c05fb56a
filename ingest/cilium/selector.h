// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/document/report.h"
#include "model/policy.h"

namespace nspect::ingest::cilium {

/// A label key with its source: "k8s:app", "any:app" and "app" (any source), "reserved:host".
struct SourcedKey {
    std::string_view source;
    std::string_view name;
};
SourcedKey parse_key(std::string_view text);
/// Whether it is one: what stands behind the source is a label key.
bool is_sourced_key(std::string_view text);

/// What an EndpointSelector stands for.
struct EndpointTerm {
    PodPeer pods;
    bool nobody = false;  ///< it asks for what no pod has
    /// Identities that are no pods, by their reserved labels: "host", "world". Then not `pods`.
    std::vector<std::string> reserved;
    Selector beside_reserved;  ///< what is asked for beside the reserved labels
    bool anyone = false;       ///< it only excludes reserved labels
    bool beyond_pods = false;  ///< it only excludes, and no label of pods is asked for beside it
    std::string condition;     ///< what of it is not evaluated
};

enum class TermUse { subject, peer };

/// Without a namespace of its own a selector is about the namespace of the policy, if it has one.
EndpointTerm read_term(const Node& selector, const std::string& own_namespace, TermUse use,
                       Report& report);

/// A selector on labels of nodes, Services or CIDR groups: sources are passed over.
Selector read_plain_selector(const Node& selector, Report& report);

/// Pods that one of the term's conditions excludes.
std::vector<Peer> all_but(const EndpointTerm& term);

}  // namespace nspect::ingest::cilium
