// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "analyzer/world.h"
#include "model/ip.h"
#include "model/policy.h"
#include "model/traffic.h"

namespace nspect::analyzer {

/// Who a question is about: an endpoint of the inventory, by index, or any other address.
struct Who {
    std::optional<std::size_t> endpoint;
    IpAddress address;  ///< used when there is no endpoint
    /// Over which family an endpoint is asked about, where that is known. Else a dual-stack pair
    /// may do what one of its families may.
    std::optional<IpFamily> family = std::nullopt;

    static Who of_endpoint(std::size_t index, std::optional<IpFamily> family = std::nullopt) {
        return {index, {}, family};
    }
    static Who of_address(const IpAddress& address) {
        return {std::nullopt, address, address.family()};
    }
};

/// One rule, or its absence, that decided in one direction.
struct Reason {
    enum class Effect {
        allow,
        deny,
        pass,
        no_rule_matches_peer,  ///< the policy selects the pod and isolates; no rule names the peer
        rule_matches_peer_not_port,  ///< a rule names the peer, not this traffic
        rule_named_port_unresolved,  ///< a rule names the peer, and a port name its target lacks
        default_allow,               ///< no policy selects the pod in this direction
        backend_not_port,            ///< an entrance leads to the pod, not to this port of it
    };
    Effect effect = Effect::default_allow;
    std::optional<std::size_t> policy;  ///< index into World::policies; none for default_allow
    std::optional<std::size_t> rule;    ///< index into that policy's rules of the direction
    /// The way in (allow, backend_not_port): index into Inventory::entrances, and into services.
    std::optional<std::size_t> entrance = std::nullopt;
    std::optional<std::size_t> service = std::nullopt;

    bool operator==(const Reason&) const = default;
};

/// What an answer may depend on that policies do not say.
enum class Dependency : std::uint8_t {
    ip_block_pods,      ///< whether the plugin holds address blocks against pods
    host_network_pods,  ///< whether the plugin takes pods on the host network for pods
    rule_condition,     ///< the part of a rule that is not evaluated (Rule::condition)
    service_address,    ///< whether policy sees a Service's address or the pod behind it
    source_address,     ///< whether a NodePort or load balancer hides the client behind a node
};

/// The answer of one direction for one point of traffic.
struct DirectionVerdict {
    bool allowed = true;
    bool isolated = false;  ///< some policy isolates the subject in this direction
    /// What would change the answer if it were otherwise; sorted, each once.
    std::vector<Dependency> depends_on = {};
    bool uncertain() const { return !depends_on.empty(); }
    std::vector<Reason> reasons;

    bool operator==(const DirectionVerdict&) const = default;
};

struct Verdict {
    DirectionVerdict egress;
    DirectionVerdict ingress;
    bool allowed() const { return egress.allowed && ingress.allowed; }
    bool uncertain() const { return egress.uncertain() || ingress.uncertain(); }

    bool operator==(const Verdict&) const = default;
};

/// Declared policy, compiled once and asked often. Pure: the same world gives the same answers.
/// Endpoints that no policy can tell apart share one class. Safe to ask from several threads.
class PolicyEngine {
public:
    /// `world` must outlive the engine and must not change while it lives.
    explicit PolicyEngine(const World& world);
    ~PolicyEngine();
    PolicyEngine(PolicyEngine&&) noexcept;
    PolicyEngine& operator=(PolicyEngine&&) noexcept;

    /// What `from` may send to `to`: egress of one and ingress of the other, intersected.
    /// An endpoint always reaches itself.
    TrafficSet allowed(const Who& from, const Who& to) const;
    /// One side alone.
    TrafficSet allowed(Direction direction, const Who& from, const Who& to) const;
    /// As allowed() for one point, with the rules that decided.
    Verdict decide(const Who& from, const Who& to, const TrafficPoint& point) const;
    /// Whether any policy isolates the endpoint in the direction.
    bool isolated(std::size_t endpoint, Direction direction) const;
    /// Whether any policy selects the endpoint in the direction at all.
    bool selected(std::size_t endpoint, Direction direction) const;

    /// Policies that select the endpoint in the direction, as indices into World::policies.
    std::vector<std::size_t> policies_of(std::size_t endpoint, Direction direction) const;

    /// The class of an endpoint: endpoints of one class get the same answers. Dense from 0.
    std::size_t class_of(std::size_t endpoint) const;
    std::size_t class_count() const;
    /// The address space outside, cut where rules cut it: what no rule of that direction can tell
    /// apart is one set.
    const std::vector<IpSet>& address_classes(Direction direction) const;
    /// The index of the address class that holds `address`.
    std::size_t address_class_of(Direction direction, const IpAddress& address) const;

    const World& world() const;

    /// What the constructor made, for the other parts of the analyzer.
    struct Compiled;
    const Compiled& compiled() const { return *compiled_; }

private:
    std::unique_ptr<Compiled> compiled_;
};

}  // namespace nspect::analyzer
