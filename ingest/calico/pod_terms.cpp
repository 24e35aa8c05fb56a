// SPDX-License-Identifier: Apache-2.0
// Expressions as alternatives of conjunctions: what the normal form of policies is made of.
#include <algorithm>
#include <iterator>

#include "ingest/calico/expression.h"
#include "model/workload.h"

namespace nspect::ingest {

namespace {

using Kind = Expression::Kind;
using Terms = std::optional<std::vector<PodTerm>>;  // nothing: too many

const std::vector<PodTerm> every_pod{PodTerm{}};
const std::vector<PodTerm> no_pod;

std::vector<PodTerm> constant(bool value) {
    return value ? every_pod : no_pod;
}

/// Every pod has a namespace, with a name.
std::vector<PodTerm> on_name_of_namespace(Requirement requirement) {
    if (requirement.op == Requirement::Op::exists) return every_pod;
    if (requirement.op == Requirement::Op::does_not_exist) return no_pod;
    PodTerm term;
    requirement.key = namespace_name_label;
    term.namespaces.add(std::move(requirement));
    return {std::move(term)};
}

std::vector<PodTerm> on_account_name(Requirement requirement) {
    PodTerm term;
    requirement.key = service_account_key;
    term.pods.add(std::move(requirement));
    return {std::move(term)};
}

std::vector<PodTerm> of_requirement(Requirement requirement) {
    const std::string& key = requirement.key;
    if (key == calico_namespace_key) return on_name_of_namespace(std::move(requirement));
    if (key == "projectcalico.org/serviceaccount") return on_account_name(std::move(requirement));
    if (key == "projectcalico.org/orchestrator") {
        return constant(requirement.matches(Labels{{key, "k8s"}}));
    }
    PodTerm term;
    if (key.starts_with(namespace_prefix)) {
        requirement.key.erase(0, namespace_prefix.size());
        if (key == calico_name_key) return on_name_of_namespace(std::move(requirement));
        term.namespaces.add(std::move(requirement));
    } else if (key.starts_with(account_prefix)) {
        requirement.key.erase(0, account_prefix.size());
        if (key == calico_name_key) return on_account_name(std::move(requirement));
        term.accounts.add(std::move(requirement));
    } else {
        term.pods.add(std::move(requirement));
    }
    return {std::move(term)};
}

void add_all(Selector& into, const Selector& from) {
    for (const Requirement& requirement : from.requirements()) into.add(requirement);
}

PodTerm joined(PodTerm left, const PodTerm& right) {
    add_all(left.pods, right.pods);
    add_all(left.namespaces, right.namespaces);
    add_all(left.accounts, right.accounts);
    return left;
}

Terms without_repeats(std::vector<PodTerm> terms) {
    std::sort(terms.begin(), terms.end());
    terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
    if (terms.size() > most_terms) return std::nullopt;
    return terms;
}

Terms product(const std::vector<PodTerm>& left, const std::vector<PodTerm>& right) {
    if (left.size() * right.size() > most_terms * most_terms) return std::nullopt;
    std::vector<PodTerm> terms;
    terms.reserve(left.size() * right.size());
    for (const PodTerm& a : left) {
        for (const PodTerm& b : right) terms.push_back(joined(a, b));
    }
    return without_repeats(std::move(terms));
}

Terms sum(std::vector<PodTerm> left, const std::vector<PodTerm>& right) {
    left.insert(left.end(), right.begin(), right.end());
    return without_repeats(std::move(left));
}

Terms terms_of(const Expression& expression, bool negative) {
    switch (expression.kind) {
        case Kind::all:
            return constant(!negative);
        case Kind::global:
            return constant(negative);
        case Kind::literal:
            return of_requirement(negative ? opposite(expression.requirement)
                                           : expression.requirement);
        case Kind::negation:
            return terms_of(expression.parts.front(), !negative);
        case Kind::both:
        case Kind::either:
            break;
    }
    const bool conjunction = (expression.kind == Kind::both) != negative;
    Terms result = constant(conjunction);
    for (const Expression& part : expression.parts) {
        const Terms next = terms_of(part, negative);
        if (!next) return std::nullopt;
        result = conjunction ? product(*result, *next) : sum(std::move(*result), *next);
        if (!result) return std::nullopt;
    }
    return result;
}

}  // namespace

std::optional<std::vector<PodTerm>> pod_terms(const Expression& expression) {
    return terms_of(expression, false);
}

}  // namespace nspect::ingest
