// SPDX-License-Identifier: Apache-2.0
#include "ingest/cilium/selector.h"

#include <algorithm>
#include <array>

#include "ingest/cilium/staged.h"
#include "ingest/document/fields.h"
#include "ingest/kubernetes/labels.h"
#include "ingest/kubernetes/names.h"
#include "model/workload.h"

namespace nspect::ingest::cilium {

namespace {

using Op = Requirement::Op;

constexpr std::string_view namespace_key = "io.kubernetes.pod.namespace";
constexpr std::string_view namespace_labels = "io.cilium.k8s.namespace.labels.";
constexpr std::string_view account_key = "io.cilium.k8s.policy.serviceaccount";
constexpr std::string_view cluster_key = "io.cilium.k8s.policy.cluster";

// Labels that are not part of an identity unless Cilium is told so.
// https://docs.cilium.io/en/stable/operations/performance/scalability/identity-relevant-labels/
constexpr std::array<std::string_view, 8> unseen_prefixes{
    "io.kubernetes", "kubernetes.io",
    "k8s.io",        "pod-template-",
    "annotation.",   "controller-revision-hash",
    "etcd_node",     "statefulset.kubernetes.io/pod-name"};

bool is_seen(std::string_view key) {
    return key.find("beta.kubernetes.io") == std::string_view::npos &&
           std::none_of(unseen_prefixes.begin(), unseen_prefixes.end(),
                        [&](std::string_view prefix) { return key.starts_with(prefix); });
}

bool names_one(const Requirement& requirement) {
    return requirement.key == namespace_name_label && requirement.op == Op::in &&
           requirement.values.size() == 1;
}

class TermReader {
public:
    TermReader(const Node& selector, const std::string& own_namespace, TermUse use, Report& report)
        : selector_(selector), own_namespace_(own_namespace), use_(use), report_(report) {}

    EndpointTerm read() {
        const auto requirements = read_requirements(&selector_, report_, is_sourced_key);
        const Node* labels = selector_.find("matchLabels");
        const std::size_t pairs = labels == nullptr ? 0 : labels->size;
        for (std::size_t i = 0; i < requirements.size(); ++i) {
            add(requirements[i], i < pairs);
        }
        const bool excludes = std::all_of(requirements.begin(), requirements.end(),
                                          [](const Requirement& r) { return r.negative(); });
        const bool unscoped = asks_namespace_ || (names_namespace_ && !own_namespace_.empty());
        term_.beyond_pods = use_ == TermUse::peer && excludes && unscoped && !has_reserved_;
        settle_namespace();
        if (!term_.reserved.empty()) term_.beside_reserved = term_.pods.pods;
        term_.anyone = has_reserved_ && term_.reserved.empty() && use_ == TermUse::peer;
        if (term_.anyone) not_evaluated("labels of its own that Cilium gives to others than pods");
        return std::move(term_);
    }

private:
    void add(const Requirement& written, bool as_pair) {
        const SourcedKey key = parse_key(written.key);
        Requirement requirement = written;
        requirement.key = key.name;
        if (key.source == "reserved") {
            add_reserved(requirement);
        } else if (key.source != "any" && key.source != "k8s") {
            add_foreign(written);
        } else if (key.name == namespace_key) {
            add_namespace(std::move(requirement), as_pair);
        } else if (key.name.starts_with(namespace_labels)) {
            requirement.key = key.name.substr(namespace_labels.size());
            names_namespace_ = true;
            term_.pods.namespaces.add(std::move(requirement));
        } else if (key.name == cluster_key) {
            add_cluster(requirement);
        } else {
            if (key.name == account_key) {
                requirement.key = service_account_key;
            } else if (!is_seen(key.name)) {
                report_.warning(selector_, "CI006",
                                "Cilium does not look at the label " + in_quotes(key.name) +
                                    " unless it is told to",
                                "verdicts that need it say \"at most\"");
                not_evaluated("a label that Cilium may not look at");
            }
            term_.pods.pods.add(std::move(requirement));
        }
    }

    void add_reserved(const Requirement& requirement) {
        has_reserved_ = true;
        if (requirement.negative()) return;  // no pod has one
        const bool empty_value = requirement.op == Op::exists ||
                                 requirement.values == std::vector<std::string>{std::string()};
        term_.nobody = term_.nobody || !empty_value;
        term_.reserved.push_back(requirement.key);
    }

    void add_foreign(const Requirement& requirement) {
        report_.warning(selector_, "CI005",
                        "no pod has the label " + in_quotes(requirement.key) + ": its source is " +
                            in_quotes(parse_key(requirement.key).source),
                        "labels of pods have the source \"k8s\", or none in a selector");
        term_.nobody = term_.nobody || !requirement.negative();
    }

    void add_namespace(Requirement requirement, bool as_pair) {
        requirement.key = namespace_name_label;
        names_namespace_ = true;
        asks_namespace_ = true;
        const bool of_own =
            requirement.matches({{std::string(namespace_name_label), own_namespace_}});
        if (use_ == TermUse::subject && !own_namespace_.empty() && as_pair) {
            if (of_own) return;
            report_.warning(selector_, "CI014",
                            "the endpointSelector of a CiliumNetworkPolicy is about its own "
                            "namespace; the other one is ignored");
            return;
        }
        term_.pods.namespaces.add(std::move(requirement));
    }

    void add_cluster(const Requirement& requirement) {
        if (requirement.op == Op::exists) return;
        term_.nobody = term_.nobody || requirement.op == Op::does_not_exist;
        if (term_.nobody) return;
        report_.warning(selector_, "CI006",
                        "the name of the cluster is not known: every pod counts as in it",
                        "verdicts that need it say \"at most\"");
        not_evaluated("the name of the cluster");
    }

    void settle_namespace() {
        Selector& namespaces = term_.pods.namespaces;
        const bool subject = use_ == TermUse::subject;
        if (!own_namespace_.empty() && (subject || (!names_namespace_ && !has_reserved_))) {
            namespaces.add({std::string(namespace_name_label), Op::in, {own_namespace_}});
        }
        if (namespaces.requirements().size() != 1) return;
        const Requirement only = namespaces.requirements().front();
        if (!names_one(only)) return;
        term_.pods.namespace_name = only.values.front();
        namespaces = {};
    }

    void not_evaluated(const std::string& what) {
        term_.condition = joined_conditions(term_.condition, what);
    }

    const Node& selector_;
    const std::string& own_namespace_;
    TermUse use_;
    Report& report_;
    bool names_namespace_ = false;  ///< by its name or its labels
    bool asks_namespace_ = false;   ///< by its name
    bool has_reserved_ = false;
    EndpointTerm term_;
};

}  // namespace

SourcedKey parse_key(std::string_view text) {
    constexpr std::string_view reserved_prefix = "reserved.";
    if (text.starts_with('$')) return {"reserved", text.substr(1)};
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && colon > 0) {
        return {text.substr(0, colon), text.substr(colon + 1)};
    }
    if (text.starts_with(reserved_prefix)) {
        return {"reserved", text.substr(reserved_prefix.size())};
    }
    return {"any", text.substr(colon == 0 ? 1 : 0)};
}

bool is_sourced_key(std::string_view text) {
    return is_label_key(parse_key(text).name);
}

EndpointTerm read_term(const Node& selector, const std::string& own_namespace, TermUse use,
                       Report& report) {
    if (!selector.is_mapping()) {
        report.error(selector, "DOC019", "a selector must be a mapping");
        return {};
    }
    return TermReader(selector, own_namespace, use, report).read();
}

Selector read_plain_selector(const Node& selector, Report& report) {
    if (!selector.is_mapping()) {
        report.error(selector, "DOC019", "a selector must be a mapping");
        return {};
    }
    Selector plain;
    for (Requirement& requirement : read_requirements(&selector, report, is_sourced_key)) {
        requirement.key = std::string(parse_key(requirement.key).name);
        plain.add(std::move(requirement));
    }
    return plain;
}

std::vector<Peer> all_but(const EndpointTerm& term) {
    std::vector<Peer> peers;
    if (term.nobody || !term.reserved.empty()) return {PodPeer{}};
    if (term.pods.namespace_name) {
        PodPeer outside;
        outside.namespaces.add(
            {std::string(namespace_name_label), Op::not_in, {*term.pods.namespace_name}});
        peers.push_back(std::move(outside));
    }
    for (const Requirement& requirement : term.pods.namespaces.requirements()) {
        PodPeer outside;
        outside.namespaces.add(opposite(requirement));
        peers.push_back(std::move(outside));
    }
    for (const Requirement& requirement : term.pods.pods.requirements()) {
        PodPeer without;
        without.pods.add(opposite(requirement));
        peers.push_back(std::move(without));
    }
    return peers;
}

}  // namespace nspect::ingest::cilium
