// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/labels.h"

namespace nspect::ingest {

/// A selector in Calico's expression language, as a tree:
///   app == 'web' && (has(canary) || !(tier in {'a', 'b'}))
struct Expression {
    enum class Kind : std::uint8_t { all, global, literal, both, either, negation };
    Kind kind = Kind::all;
    Requirement requirement = {};        ///< of a literal
    std::vector<Expression> parts = {};  ///< of both, either and negation

    bool operator==(const Expression&) const = default;
};

/// Where an expression stops making sense.
struct ExpressionMistake {
    std::size_t at = 0;  ///< in bytes from the start of the text
    std::string message;
    std::string hint;
};

/// Texts longer than this, or with more parentheses within each other, are mistakes.
inline constexpr std::size_t longest_expression = 16384;
inline constexpr std::size_t deepest_expression = 32;

/// An empty text is all(), as in Calico.
std::variant<Expression, ExpressionMistake> parse_expression(std::string_view text);

Expression literal(Requirement requirement);
Expression both(std::vector<Expression> parts);
Expression negated(Expression expression);

/// Whether global() stands anywhere in it.
bool asks_for_global(const Expression& expression);

/// Labels Calico gives to endpoints and network sets beside their own.
inline constexpr std::string_view calico_namespace_key = "projectcalico.org/namespace";
inline constexpr std::string_view calico_name_key = "projectcalico.org/name";
inline constexpr std::string_view namespace_prefix = "pcns.";  ///< labels of the namespace
inline constexpr std::string_view account_prefix = "pcsa.";    ///< labels of the service account

/// The expression on the labels of the namespace (or account) as one on the endpoint's.
Expression with_prefix(Expression expression, std::string_view prefix);
/// The same for a namespaceSelector, where all() is everything in a namespace, and global()
/// everything in none.
Expression on_namespace(Expression expression);

/// Whether it holds for these labels, all of Calico's own among them.
bool holds(const Expression& expression, const Labels& labels);

/// A conjunction of what an expression asks of a pod.
struct PodTerm {
    Selector pods;        ///< labels of the pod, and service_account_key
    Selector namespaces;  ///< labels of its namespace
    Selector accounts;    ///< labels of its service account

    auto operator<=>(const PodTerm&) const = default;
    bool operator==(const PodTerm&) const = default;
};

/// The expression as alternatives, for pods of Kubernetes: any of them. Nothing when there are more
/// than `most_terms`.
inline constexpr std::size_t most_terms = 256;
std::optional<std::vector<PodTerm>> pod_terms(const Expression& expression);

}  // namespace nspect::ingest
