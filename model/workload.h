// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/diagnostics.h"
#include "model/ip.h"
#include "model/labels.h"
#include "model/time.h"
#include "model/traffic.h"

namespace nspect {

/// What people name: `namespace/name[Kind]`. The namespace is a Kubernetes one or its stand-in
/// (Compose project, LXC project).
struct WorkloadId {
    std::string namespace_name;
    std::string name;
    std::string kind;

    auto operator<=>(const WorkloadId&) const = default;
    bool operator==(const WorkloadId&) const = default;
};

/// "shop/web[Deployment]".
std::string to_string(const WorkloadId& id);
/// Reads it back; the kind may be missing and is then empty.
std::optional<WorkloadId> parse_workload_id(std::string_view text);

struct ContainerPort {
    std::string name;  ///< may be empty
    Port port;
    Protocol protocol = Protocol::tcp;

    auto operator<=>(const ContainerPort&) const = default;
    bool operator==(const ContainerPort&) const = default;
};

struct Namespace {
    std::string name;
    Labels labels;   ///< always with kubernetes.io/metadata.name
    Location where;  ///< empty when known only from other objects
};

struct Workload {
    WorkloadId id;
    Location where;
};

/// One pod or container, or the pod a template would make when no pod of the workload is known.
struct Endpoint {
    std::string name;
    std::size_t workload = 0;  ///< index into Inventory::workloads
    Labels labels;
    std::vector<ContainerPort> ports;  ///< declared ones, sorted
    bool host_network = false;
    bool from_template = false;
    std::string node;
    std::string service_account;
    std::string runtime;      ///< "docker", "containerd", ...; empty when only a manifest names it
    std::string container;    ///< container id or name as its runtime gives it; may be empty
    std::uint64_t netns = 0;  ///< inode number; 0 when not known
    Location where;
    std::string uid = {};  ///< metadata.uid of the pod, which its cgroup path carries; may be empty
    std::vector<std::string> networks = {};  ///< container networks it is attached to (Docker)
    /// sidecar.istio.io/inject as the pod's label has it, or else its annotation.
    std::string proxy_injection = {};
    bool finished = false;  ///< it has run to its end (a Job's pod)
    /// What annotations say of its proxy in a mesh, by their keys; those of its namespace where it
    /// has none of its own.
    Labels mesh = {};
};

/// Keys by which selectors of policies ask for what is no label. No label can have such a key.
inline constexpr std::string_view service_account_key = "@service-account";
inline constexpr std::string_view network_key = "@network/";  ///< followed by the network's name

/// In the labels of a recorded pod, as the cluster's API says: "Deployment/web"; the node's name.
inline constexpr std::string_view owner_key = "@owner";
inline constexpr std::string_view node_key = "@node";

inline constexpr std::string_view host_network_key = "@host-network";
inline constexpr std::string_view proxy_injection_key = "@proxy-injection";
inline constexpr std::string_view mesh_key = "@mesh/";  ///< followed by a key of Endpoint::mesh

/// The label given to a container that has none, so that a policy can select it: its own name.
inline constexpr std::string_view container_name_label = "nspect.io/name";

/// What selectors of policies are held against: the labels and, as labels, what the keys above
/// stand for.
Labels policy_labels(const Endpoint& endpoint);

/// Who owned an address, and when: [from, to).
struct AddressLease {
    IpAddress address;
    std::size_t endpoint = 0;  ///< index into Inventory::endpoints
    Timestamp from = Timestamp::min();
    Timestamp to = forever;
};

struct ServicePort {
    std::string name;
    Port port;
    Protocol protocol = Protocol::tcp;
    std::string target_name;  ///< targetPort by name; empty when by number
    /// targetPort by number; absent with a name or when equal to port.
    std::optional<Port> target_port;
    std::optional<Port> node_port;
};

struct Service {
    std::string namespace_name;
    std::string name;
    std::string type = "ClusterIP";
    Selector selector;
    bool has_selector = false;         ///< a Service without one has its endpoints listed elsewhere
    std::vector<IpAddress> addresses;  ///< cluster, external and load balancer addresses
    std::vector<IpAddress> backends;   ///< from Endpoints or EndpointSlice objects
    std::vector<ServicePort> ports;
    Location where;
    Labels labels = {};
};

struct Node {
    std::string name;
    Labels labels;
    std::vector<IpAddress> addresses;
    Location where;
    std::vector<IpPrefix> pod_blocks = {};  ///< spec.podCIDRs: what its pods get addresses from
};

/// A way in from outside the cluster (Ingress, Route, HTTPRoute, TCPRoute): its backends.
struct Entrance {
    std::string kind;
    std::string namespace_name;
    std::string name;
    struct Backend {
        std::string namespace_name;
        std::string service;
        std::string port_name;     ///< by name
        std::optional<Port> port;  ///< by number; neither: every port of the Service
        auto operator<=>(const Backend&) const = default;
        bool operator==(const Backend&) const = default;
    };
    std::vector<Backend> backends;
    Location where;
};

/// The key every namespace carries (Kubernetes: automatic labelling).
inline constexpr std::string_view namespace_name_label = "kubernetes.io/metadata.name";

}  // namespace nspect
