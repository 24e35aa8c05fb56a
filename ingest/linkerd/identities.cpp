// SPDX-License-Identifier: Apache-2.0
#include "ingest/linkerd/identities.h"

#include <algorithm>
#include <array>
#include <utility>

#include "model/workload.h"

namespace nspect::ingest::linkerd {

namespace {

using istio::Sources;
using istio::Term;
using Op = Requirement::Op;

constexpr std::string_view middle = ".serviceaccount.identity.";

Requirement asked(std::string_view key, Op op, std::string_view value) {
    return {std::string(key), op, {std::string(value)}};
}

Sources of(std::optional<Requirement> space, std::optional<Requirement> account) {
    Term term;
    if (space) term.namespaces.add(std::move(*space));
    if (account) term.pods.add(std::move(*account));
    return Sources{{std::move(term)}, {}} & in_mesh();
}

/// "*.NAMESPACE" and "*.ACCOUNT-END.NAMESPACE"; the end of a namespace's name alone cannot be asked
/// for, since a dot comes before it.
Sources of_suffix(std::string_view left) {
    const std::size_t dot = left.rfind('.');
    if (dot == std::string_view::npos) return of(asked(namespace_name_label, Op::in, left), {});
    return of(asked(namespace_name_label, Op::in, left.substr(dot + 1)),
              asked(service_account_key, Op::ends_with, "." + std::string(left.substr(0, dot))));
}

}  // namespace

bool is_access_word(std::string_view word) {
    constexpr std::array<std::string_view, 6> words{"all-unauthenticated",
                                                    "all-authenticated",
                                                    "cluster-unauthenticated",
                                                    "cluster-authenticated",
                                                    "deny",
                                                    "audit"};
    return std::find(words.begin(), words.end(), word) != words.end();
}

Sources in_mesh() {
    Term term;
    term.pods.add(asked(std::string(mesh_key) + std::string(membership_key), Op::in, "in"));
    return Sources{{std::move(term)}, {}};
}

std::optional<Sources> sources_of(std::string_view identity) {
    if (identity == "*") return in_mesh();
    const bool any = identity.starts_with("*.");
    // With the dot that a suffix begins with, so that "*.serviceaccount..." has an empty left part.
    const std::string_view text = any ? identity.substr(1) : identity;
    const std::size_t at = text.find(middle);
    if (at == std::string_view::npos) {
        // "*.cluster.local": the end of a trust domain, which all have in common.
        const bool domain = any && identity.find('/') == std::string_view::npos;
        return domain ? std::optional(in_mesh()) : std::nullopt;
    }
    const std::string_view left = text.substr(0, at);
    if (any) return left.empty() ? in_mesh() : of_suffix(left.substr(1));
    const std::size_t dot = left.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == left.size()) return std::nullopt;
    return of(asked(namespace_name_label, Op::in, left.substr(dot + 1)),
              asked(service_account_key, Op::in, left.substr(0, dot)));
}

std::string identity_of(std::string_view namespace_name, std::string_view account) {
    return std::string(account) + "." + std::string(namespace_name) + std::string(middle) + "*";
}

}  // namespace nspect::ingest::linkerd
