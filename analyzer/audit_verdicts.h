// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/engine.h"
#include "analyzer/numbering.h"
#include "analyzer/observed_ends.h"

namespace nspect::analyzer {

/// What policy says of one kind of talk.
struct Judged {
    Verdict verdict;
    bool selected = false;  ///< a policy selects the client for egress or the server for ingress
    bool own_node = false;  ///< from the server's own node: never stopped
    bool inbound_declared = false;   ///< a rule, not the absence of one, lets it in
    bool outbound_declared = false;  ///< or out

    bool allowed() const { return own_node || verdict.allowed(); }
};

/// Asks the engine once for each kind of talk: ends of one class and equal points get one answer.
/// Not thread-safe; the engine must outlive it.
class Verdicts {
public:
    explicit Verdicts(const PolicyEngine& engine)
        : engine_(engine), ends_(engine.world().inventory) {}

    /// The number of the answer in all().
    std::uint32_t of(const Talk& talk);
    const std::vector<Judged>& all() const { return judged_; }
    /// As all()[of(talk)].allowed(), without finding the rules that decided: much faster where
    /// rules have many peers.
    bool passes(const Talk& talk);
    /// From the server's own node, or within one pod.
    bool never_stopped(const Talk& talk) const;

private:
    using Key = std::array<std::uint32_t, 4>;
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept;
    };
    Key key(const Talk& talk) const;
    std::uint32_t number(const End& end, Direction as_peer_of) const;
    Judged judge(const Talk& talk) const;

    const PolicyEngine& engine_;
    Ends ends_;
    Numbering<Key, KeyHash> known_;
    std::vector<Judged> judged_;  ///< by number of these
    Numbering<Key, KeyHash> asked_;
    std::vector<bool> passing_;  ///< by number of these
};

/// "NetworkPolicy shop/db-in ingress rule 1 (netpol.yaml:14:5)", or why none decided.
std::string reason_in_words(const World& world, Direction direction, const Reason& reason);
/// All reasons of the verdict that made it what it is, egress first, each once.
std::vector<std::string> reasons_in_words(const World& world, const Judged& judged);
/// Where the first rule or policy stands that decided.
std::optional<Location> deciding_place(const World& world, const Judged& judged);

}  // namespace nspect::analyzer
