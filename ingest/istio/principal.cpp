// SPDX-License-Identifier: Apache-2.0
#include "ingest/istio/principal.h"

#include <array>
#include <vector>

#include "model/workload.h"

namespace nspect::ingest::istio {

namespace {

using Op = Requirement::Op;

/// One part of an identity between slashes, as far as the pattern says it.
struct Part {
    Op op = Op::exists;  ///< in, starts_with, ends_with; exists: anything
    std::string text;

    bool fits(std::string_view fixed) const {
        const Labels only{{"part", std::string(fixed)}};
        return op == Op::exists || Requirement{"part", op, {text}}.matches(only);
    }
    std::optional<Requirement> on(std::string_view key) const {
        if (op == Op::exists || text.empty()) return std::nullopt;
        return Requirement{std::string(key), op, {text}};
    }
};

constexpr std::size_t part_count = 5;  // TRUST-DOMAIN ns NAMESPACE sa ACCOUNT
using Parts = std::array<Part, part_count>;

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    for (std::size_t slash = 0; slash != std::string_view::npos;) {
        slash = text.find('/');
        parts.emplace_back(text.substr(0, slash));
        if (slash != std::string_view::npos) text.remove_prefix(slash + 1);
    }
    return parts;
}

std::optional<Parts> parts_of(std::string_view pattern) {
    const bool suffix = pattern.starts_with('*');
    const bool prefix = !suffix && pattern.ends_with('*');
    if (suffix) pattern.remove_prefix(1);
    if (prefix) pattern.remove_suffix(1);
    const auto words = split(pattern);
    const bool whole = !suffix && !prefix;
    if (words.size() > part_count || (whole && words.size() != part_count)) return std::nullopt;
    Parts parts;
    const std::size_t first = suffix ? part_count - words.size() : 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool open_start = suffix && i == 0;
        const bool open_end = prefix && i + 1 == words.size();
        parts[first + i] = {open_start ? Op::ends_with
                            : open_end ? Op::starts_with
                                       : Op::in,
                            words[i]};
    }
    return parts;
}

}  // namespace

std::optional<IdentityPattern> read_identity(std::string_view pattern) {
    const auto parts = parts_of(pattern);
    if (!parts) return std::nullopt;
    const auto& [domain, ns, space, sa, account] = *parts;
    if (!ns.fits("ns") || !sa.fits("sa")) return std::nullopt;
    const bool empty = (space.op == Op::in && space.text.empty()) ||
                       (account.op == Op::in && account.text.empty());
    if (empty) return std::nullopt;
    IdentityPattern identity;
    identity.namespaces = space.on(namespace_name_label);
    identity.pods = account.on(service_account_key);
    if (!domain.fits(own_trust_domain)) identity.trust_domain = domain.text;
    return identity;
}

std::optional<Requirement> read_text_pattern(std::string_view key, std::string_view pattern) {
    Part part{Op::in, std::string(pattern)};
    if (pattern.starts_with('*')) {
        part = {Op::ends_with, std::string(pattern.substr(1))};
    } else if (pattern.ends_with('*')) {
        part = {Op::starts_with, std::string(pattern.substr(0, pattern.size() - 1))};
    }
    return part.on(key);
}

}  // namespace nspect::ingest::istio
