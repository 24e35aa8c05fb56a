// SPDX-License-Identifier: Apache-2.0
#include "ingest/istio/identities.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "ingest/document/fields.h"
#include "model/workload.h"

namespace nspect::ingest::istio {

namespace {

std::optional<IdentityPattern> read_principal(const Node& node, const std::string& text,
                                              Report& report) {
    auto identity = read_identity(text);
    if (!identity) {
        report.warning(node, "IS008", in_quotes(text) + " is no identity that anyone can have",
                       text.starts_with("spiffe:")
                           ? "leave \"spiffe://\" away"
                           : "identities are written TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT");
    } else if (!identity->trust_domain.empty()) {
        report.note(node, "IS009",
                    "whether " + in_quotes(identity->trust_domain) +
                        " is the trust domain of this mesh is not known",
                    "verdicts of the rule say \"at most\"; \"cluster.local\" always stands for the "
                    "mesh's own");
    }
    return identity;
}

IdentityPattern read_account(const std::string& text, const std::string& own_namespace) {
    const std::size_t slash = text.find('/');
    const bool own = slash == std::string::npos;
    IdentityPattern identity;
    identity.namespaces = Requirement{std::string(namespace_name_label),
                                      Requirement::Op::in,
                                      {own ? own_namespace : text.substr(0, slash)}};
    identity.pods = Requirement{std::string(service_account_key),
                                Requirement::Op::in,
                                {own ? text : text.substr(slash + 1)}};
    return identity;
}

Term term_of(const IdentityPattern& identity) {
    Term term;
    if (identity.namespaces) term.namespaces.add(*identity.namespaces);
    if (identity.pods) term.pods.add(*identity.pods);
    return term;
}

/// Exact accounts of one namespace, and whole namespaces by name, become one term each: lists can
/// be long.
std::vector<IdentityPattern> merged(const std::vector<IdentityPattern>& identities) {
    std::vector<IdentityPattern> result;
    std::map<std::optional<Requirement>, std::size_t> with_account;
    std::optional<std::size_t> whole;
    for (const IdentityPattern& identity : identities) {
        const auto& [space, account, domain] = identity;
        const std::size_t next = result.size();
        std::size_t into = next;
        if (account && account->op == Requirement::Op::in) {
            into = with_account.try_emplace(space, next).first->second;
        } else if (!account && space && space->op == Requirement::Op::in) {
            into = whole.value_or(next);
            whole = into;
        }
        if (into == next) {
            result.push_back(identity);
            continue;
        }
        auto& asked = account ? result[into].pods : result[into].namespaces;
        const auto& more = account ? account->values : space->values;
        asked->values.insert(asked->values.end(), more.begin(), more.end());
    }
    for (IdentityPattern& identity : result) {
        for (auto* asked : {&identity.namespaces, &identity.pods}) {
            if (!*asked) continue;
            auto& values = (*asked)->values;
            std::sort(values.begin(), values.end());
            values.erase(std::unique(values.begin(), values.end()), values.end());
        }
    }
    return result;
}

Sources sources_of(const std::vector<IdentityPattern>& identities, const std::string& domain) {
    std::vector<IdentityPattern> meant;
    for (const IdentityPattern& identity : identities) {
        if (identity.trust_domain == domain) meant.push_back(identity);
    }
    Sources sources;
    for (const IdentityPattern& identity : merged(meant)) {
        sources = sources | Sources{{term_of(identity)}, {}};
    }
    return sources & in_mesh();
}

std::string condition_on(const std::string& domain) {
    return "the trust domain " + domain;
}

/// In one namespace pattern: the accounts that are meant, or all of them.
struct Accounts {
    bool all = false;
    std::vector<Requirement> asked;
};

Sources other_than(const std::optional<Requirement>& space, const Accounts& accounts) {
    Sources sources;
    if (space) {
        Term elsewhere;
        elsewhere.namespaces.add(opposite(*space));
        sources.pods.push_back(std::move(elsewhere));
    }
    if (accounts.all) return sources;
    Term others;
    for (const Requirement& asked : accounts.asked) others.pods.add(opposite(asked));
    sources.pods.push_back(std::move(others));
    return sources;
}

/// Everyone in or outside of the mesh who is not called so; nothing when that takes too many terms.
std::optional<Sources> without(const std::vector<IdentityPattern>& identities) {
    std::map<std::optional<Requirement>, Accounts> by_namespace;
    for (const IdentityPattern& identity : identities) {
        if (!identity.trust_domain.empty()) continue;
        Accounts& accounts = by_namespace[identity.namespaces];
        accounts.all = accounts.all || !identity.pods;
        if (identity.pods) accounts.asked.push_back(*identity.pods);
    }
    Sources others{{Term{}}, {}};
    for (const auto& [space, accounts] : by_namespace) {
        others = others & other_than(space, accounts);
        if (others.pods.size() > most_terms) return std::nullopt;
    }
    return others | outside_mesh();
}

}  // namespace

std::vector<IdentityPattern> read_identities(const Node& list, IdentityForm form,
                                             const std::string& own_namespace, Report& report) {
    std::vector<IdentityPattern> identities;
    for (const Node& entry : list) {
        const auto text = text_value(entry, report);
        if (!text) continue;
        if (form == IdentityForm::principal) {
            if (auto identity = read_principal(entry, *text, report)) {
                identities.push_back(std::move(*identity));
            }
        } else if (form == IdentityForm::namespace_name) {
            identities.push_back({read_text_pattern(namespace_name_label, *text), {}, {}});
        } else {
            identities.push_back(read_account(*text, own_namespace));
        }
    }
    return identities;
}

void keep_identities(Matches& matches, const std::vector<IdentityPattern>& identities) {
    Matches kept;
    std::vector<std::string> domains{std::string()};
    for (const IdentityPattern& identity : identities) {
        if (std::find(domains.begin(), domains.end(), identity.trust_domain) == domains.end()) {
            domains.push_back(identity.trust_domain);
        }
    }
    for (const std::string& domain : domains) {
        const Sources sources = sources_of(identities, domain);
        if (sources.pods.empty()) continue;
        for (Match match : matches) {
            match.sources = match.sources & sources;
            if (!domain.empty()) match.conditions.push_back(condition_on(domain));
            kept.push_back(std::move(match));
        }
    }
    matches = std::move(kept);
}

void drop_identities(Matches& matches, const std::vector<IdentityPattern>& identities) {
    const auto others = without(identities);
    for (Match& match : matches) {
        if (!others) match.conditions.emplace_back("a long list of identities left out");
        if (others) match.sources = match.sources & *others;
        for (const IdentityPattern& identity : identities) {
            if (identity.trust_domain.empty()) continue;
            match.conditions.push_back(condition_on(identity.trust_domain));
        }
    }
}

}  // namespace nspect::ingest::istio
