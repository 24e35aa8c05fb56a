// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/workload.h"

namespace nspect {

/// Everything that can talk, by name, and who owned which address when.
/// The vectors only grow; indices into them stay valid. Not thread-safe while it is being built.
class Inventory {
public:
    const std::vector<Namespace>& namespaces() const noexcept { return namespaces_; }
    const std::vector<Workload>& workloads() const noexcept { return workloads_; }
    const std::vector<Endpoint>& endpoints() const noexcept { return endpoints_; }
    const std::vector<Service>& services() const noexcept { return services_; }
    const std::vector<Node>& nodes() const noexcept { return nodes_; }
    const std::vector<Entrance>& entrances() const noexcept { return entrances_; }

    /// The namespace's index; made with only its name label when it is new.
    std::size_t ensure_namespace(std::string_view name);
    /// Sets labels and location of a namespace (its name label is added). False when it already had
    /// a location: declared twice.
    bool declare_namespace(std::string_view name, Labels labels, Location where);

    /// The workload's index; made, with its namespace, when it is new.
    std::size_t ensure_workload(const WorkloadId& id, const Location& where = {});
    /// REQUIRES: endpoint.workload < workloads().size(). Its index.
    std::size_t add_endpoint(Endpoint endpoint);
    /// For enriching an endpoint with what else is known of it.
    /// REQUIRES: index < endpoints().size().
    Endpoint& endpoint(std::size_t index) { return endpoints_[index]; }
    /// REQUIRES: lease.endpoint < endpoints().size(), lease.from <= lease.to.
    void add_lease(AddressLease lease);
    void add_service(Service service);
    void add_node(Node node);
    void add_entrance(Entrance entrance);

    std::optional<std::size_t> find_namespace(std::string_view name) const;
    std::optional<std::size_t> find_workload(const WorkloadId& id) const;
    /// Workloads a person may mean by "web", "shop/web" or "shop/web[Deployment]".
    std::vector<std::size_t> workloads_named(std::string_view text) const;

    const Namespace& namespace_of(const Endpoint& endpoint) const;
    const WorkloadId& workload_of(const Endpoint& endpoint) const {
        return workloads_[endpoint.workload].id;
    }
    /// All endpoints of one workload, by index.
    std::vector<std::size_t> endpoints_of(std::size_t workload) const;

    /// The endpoint that owned `address` at `time`; the most recent lease wins where several
    /// overlap.
    std::optional<std::size_t> owner_of(const IpAddress& address, Timestamp time) const;
    /// Leases of one address, by start.
    std::vector<AddressLease> leases_of(const IpAddress& address) const;
    /// Every address an endpoint ever had, sorted, each once.
    std::vector<IpAddress> addresses_of(std::size_t endpoint) const;
    /// The service whose address this is, by index.
    std::optional<std::size_t> service_at(const IpAddress& address) const;
    /// The node whose address this is, by index.
    std::optional<std::size_t> node_at(const IpAddress& address) const;

private:
    std::vector<Namespace> namespaces_;
    std::vector<Workload> workloads_;
    std::vector<Endpoint> endpoints_;
    std::vector<Service> services_;
    std::vector<Node> nodes_;
    std::vector<Entrance> entrances_;
    std::unordered_map<std::string, std::size_t> namespace_index_;
    std::unordered_map<std::string, std::size_t> workload_index_;  // by all parts of the id
    std::unordered_map<IpAddress, std::vector<AddressLease>> leases_;
    std::vector<std::vector<IpAddress>> endpoint_addresses_;
    std::vector<std::vector<std::size_t>> workload_endpoints_;
    std::vector<std::size_t> workload_namespace_;
    std::unordered_map<IpAddress, std::size_t> service_index_;
    std::unordered_map<IpAddress, std::size_t> node_index_;
};

}  // namespace nspect
