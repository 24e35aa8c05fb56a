// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/diagnostics.h"
#include "model/ip.h"
#include "model/labels.h"
#include "model/traffic.h"

namespace nspect {

/// The normal form every policy language compiles into (docs/policy-semantics.md).
///
/// Policies stand in layers; what is to flow must be allowed in each. Within a layer, for one
/// direction and one pair of subject and peer, stages are asked in ascending order. In a
/// stage the rules of all policies that select the subject are asked in ascending `order`; the
/// first that names the peer decides for the traffic it names, and later rules only for what is
/// left. `pass` leaves the stage undecided for that traffic. At the end of a stage, what is left is
/// denied if any policy of the stage that selects the subject isolates it in this direction, else
/// it goes to the next stage. What no stage decides is allowed. NetworkPolicy v1 is one stage of
/// allow rules that isolate.
///
/// Selectors of pods may ask for more than labels: see service_account_key and network_key in
/// model/workload.h.

enum class Direction : std::uint8_t { ingress, egress };
enum class Action : std::uint8_t { allow, deny, pass };

std::string_view to_string(Direction direction);
std::string_view to_string(Action action);

enum class PolicyKind : std::uint8_t {
    network_policy,
    admin_network_policy,
    baseline_admin_network_policy,
    cluster_network_policy,
    cilium_network_policy,
    cilium_clusterwide_network_policy,
    calico_network_policy,
    calico_global_network_policy,
    istio_authorization_policy,
    linkerd_server,
    linkerd_annotation,
    consul_service_intentions,
    docker_network,
};
/// The kind as its manifests write it: "NetworkPolicy"; Calico's own is "CalicoNetworkPolicy".
std::string_view to_string(PolicyKind kind);

/// Pods by namespace and labels. Host-network pods match only where the dialect says so.
struct PodPeer {
    std::optional<std::string> namespace_name;  ///< exactly this namespace
    Selector namespaces;                        ///< otherwise by its labels
    Selector pods;
    /// Only those with a known address in it. Not for subjects.
    std::optional<IpSet> addresses = std::nullopt;

    bool operator==(const PodPeer&) const = default;
};

/// Whether an address block reaches pods by their own address.
enum class PodsByAddress : std::uint8_t {
    yes,        ///< ClusterNetworkPolicy networks
    no,         ///< Cilium toCIDR
    undefined,  ///< NetworkPolicy ipBlock: left to the network plugin
    always,     ///< whatever the options say: identities that are known by address
};

struct AddressPeer {
    IpSet addresses;
    PodsByAddress pods = PodsByAddress::undefined;
    bool nodes = true;  ///< whether addresses of nodes are among them (Cilium: no)

    bool operator==(const AddressPeer&) const = default;
};

/// Whoever has an address of one of these nodes. When it asks for no label, also every pod on the
/// host network: it has an address of some node.
struct NodePeer {
    Selector nodes;

    bool operator==(const NodePeer&) const = default;
};

/// Addresses outside that DNS gave for one of the names, as far as that is known (World::domains);
/// where nothing is known, every address outside, and the rule counts as narrower.
struct DomainPeer {
    /// "example.com" or, with "*" for any part of one label, "*.example.com"; lower case. "*" alone
    /// is every name; a leading "**." is one or more labels.
    std::vector<std::string> names;

    bool operator==(const DomainPeer&) const = default;
};

/// REQUIRES: `name` in lower case.
bool matches_domain(const DomainPeer& peer, std::string_view name);

/// Every pod, node and address.
struct AnyPeer {
    bool operator==(const AnyPeer&) const = default;
};

using Peer = std::variant<AnyPeer, PodPeer, AddressPeer, NodePeer, DomainPeer>;

/// Traffic by number, or by a port name that is resolved on the destination pod.
struct PortMatch {
    TrafficSet traffic;                     ///< used when `name` is empty
    std::string name;                       ///< container port name
    std::optional<Protocol> name_protocol;  ///< the named port must have it; absent: any protocol

    bool operator==(const PortMatch&) const = default;
};

struct Rule {
    Action action = Action::allow;
    double order = 0;              ///< within the stage; ties are asked in document order
    std::string name;              ///< as written; may be empty
    std::size_t index = 1;         ///< from 1, in its direction, as written
    std::vector<Peer> peers;       ///< any of them; empty matches nothing
    std::vector<PortMatch> ports;  ///< any of them; see `all_ports`
    bool all_ports = false;        ///< no port condition: all traffic
    /// What of the rule is not evaluated ("an HTTP condition"); empty when all is. The real rule
    /// then matches only part of what is written here: its allow is an "at most", its deny an "at
    /// most denied".
    std::string condition;
    Location where;

    bool narrower() const { return !condition.empty(); }
};

/// Who enforces: what flows needs the consent of each layer that has a say.
enum class Layer : std::uint8_t {
    attachment,  ///< container networks: who shares one
    network,     ///< the network plugin
    mesh,        ///< proxies beside the workloads; they see TCP only
};
std::string_view to_string(Layer layer);
/// The traffic a layer has a say in; all else passes it.
TrafficSet governed_by(Layer layer);

/// Where in the order of evaluation a policy is asked: within its layer, lower is earlier, and of
/// equal orders the lesser name.
struct Stage {
    double order = 0;
    std::string name;
    Layer layer = Layer::network;

    std::strong_ordering operator<=>(const Stage& other) const;
    bool operator==(const Stage&) const = default;
};

/// Stages of the network layer. The numbers are those of Calico's tiers, which the other languages
/// are put between. https://docs.tigera.io/calico/latest/reference/resources/tier
inline constexpr double admin_stage = 1e3;      ///< AdminNetworkPolicy, tier Admin
inline constexpr double namespace_stage = 1e6;  ///< NetworkPolicy, Cilium, Calico's default tier
inline constexpr double baseline_stage = 1e7;   ///< BaselineAdminNetworkPolicy, tier Baseline
/// Rules of a NetworkPolicy within its stage: where Calico puts them among its own.
inline constexpr double network_policy_order = 1000;

struct Policy {
    PolicyKind kind = PolicyKind::network_policy;
    std::string namespace_name;  ///< empty for cluster-scoped kinds
    std::string name;
    Stage stage;
    double priority = 0;                ///< as written, for messages about equal priorities
    std::vector<PodPeer> subjects;      ///< any of them
    bool selects_host_network = false;  ///< whether host-network pods can be subjects
    bool isolates_ingress = false;
    bool isolates_egress = false;
    std::vector<Rule> ingress;
    std::vector<Rule> egress;
    Location where;

    bool isolates(Direction direction) const {
        return direction == Direction::ingress ? isolates_ingress : isolates_egress;
    }
    const std::vector<Rule>& rules(Direction direction) const {
        return direction == Direction::ingress ? ingress : egress;
    }
};

/// "NetworkPolicy shop/db-in" or "AdminNetworkPolicy deny-all".
std::string policy_title(const Policy& policy);

}  // namespace nspect
