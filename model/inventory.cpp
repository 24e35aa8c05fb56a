// SPDX-License-Identifier: Apache-2.0
#include "model/inventory.h"

#include <algorithm>
#include <cassert>

namespace nspect {
namespace {

/// Unlike to_string(id), different for all ids whatever characters their names hold.
std::string key_of(const WorkloadId& id) {
    return std::to_string(id.namespace_name.size()) + '/' + std::to_string(id.name.size()) + '/' +
           id.namespace_name + id.name + id.kind;
}

bool known(const Location& where) {
    return where != Location{};
}

template <class Map, class Key>
std::optional<std::size_t> look_up(const Map& map, const Key& key) {
    const auto found = map.find(key);
    return found == map.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::size_t Inventory::ensure_namespace(std::string_view name) {
    const auto [entry, added] = namespace_index_.try_emplace(std::string(name), namespaces_.size());
    if (added) {
        namespaces_.push_back({entry->first, {}, {}});
        namespaces_.back().labels.set(std::string(namespace_name_label), entry->first);
    }
    return entry->second;
}

bool Inventory::declare_namespace(std::string_view name, Labels labels, Location where) {
    Namespace& declared = namespaces_[ensure_namespace(name)];
    if (known(declared.where)) return false;
    declared.labels = std::move(labels);
    declared.labels.set(std::string(namespace_name_label), std::string(name));
    declared.where = std::move(where);
    return true;
}

std::size_t Inventory::ensure_workload(const WorkloadId& id, const Location& where) {
    const auto [entry, added] = workload_index_.try_emplace(key_of(id), workloads_.size());
    if (added) {
        workloads_.push_back({id, where});
        workload_namespace_.push_back(ensure_namespace(id.namespace_name));
        workload_endpoints_.emplace_back();
    } else if (Workload& workload = workloads_[entry->second]; !known(workload.where)) {
        workload.where = where;
    }
    return entry->second;
}

std::size_t Inventory::add_endpoint(Endpoint endpoint) {
    assert(endpoint.workload < workloads_.size());
    const std::size_t index = endpoints_.size();
    workload_endpoints_[endpoint.workload].push_back(index);
    endpoints_.push_back(std::move(endpoint));
    endpoint_addresses_.emplace_back();
    return index;
}

void Inventory::add_lease(AddressLease lease) {
    assert(lease.endpoint < endpoints_.size());
    assert(lease.from <= lease.to);
    auto& leases = leases_[lease.address];
    const auto later = [](const AddressLease& a, const AddressLease& b) { return a.from < b.from; };
    leases.insert(std::upper_bound(leases.begin(), leases.end(), lease, later), lease);
    auto& addresses = endpoint_addresses_[lease.endpoint];
    const auto at = std::lower_bound(addresses.begin(), addresses.end(), lease.address);
    if (at == addresses.end() || *at != lease.address) addresses.insert(at, lease.address);
}

void Inventory::add_service(Service service) {
    for (const auto& address : service.addresses) {
        service_index_.try_emplace(address, services_.size());
    }
    services_.push_back(std::move(service));
}

void Inventory::add_node(Node node) {
    for (const auto& address : node.addresses) node_index_.try_emplace(address, nodes_.size());
    nodes_.push_back(std::move(node));
}

void Inventory::add_entrance(Entrance entrance) {
    entrances_.push_back(std::move(entrance));
}

std::optional<std::size_t> Inventory::find_namespace(std::string_view name) const {
    return look_up(namespace_index_, std::string(name));
}

std::optional<std::size_t> Inventory::find_workload(const WorkloadId& id) const {
    return look_up(workload_index_, key_of(id));
}

std::vector<std::size_t> Inventory::workloads_named(std::string_view text) const {
    const auto asked = parse_workload_id(text);
    const auto meant = [&](const WorkloadId& id) {
        return asked && id.name == asked->name &&
               (asked->namespace_name.empty() || id.namespace_name == asked->namespace_name) &&
               (asked->kind.empty() || id.kind == asked->kind);
    };
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < workloads_.size(); ++i) {
        if (meant(workloads_[i].id) || to_string(workloads_[i].id) == text) found.push_back(i);
    }
    return found;
}

const Namespace& Inventory::namespace_of(const Endpoint& endpoint) const {
    return namespaces_[workload_namespace_[endpoint.workload]];
}

std::vector<std::size_t> Inventory::endpoints_of(std::size_t workload) const {
    return workload_endpoints_[workload];
}

std::optional<std::size_t> Inventory::owner_of(const IpAddress& address, Timestamp time) const {
    const auto found = leases_.find(address);
    if (found == leases_.end()) return std::nullopt;
    const auto& leases = found->second;
    auto lease = std::upper_bound(leases.begin(), leases.end(), time,
                                  [](Timestamp t, const AddressLease& l) { return t < l.from; });
    while (lease != leases.begin()) {
        --lease;
        if (time < lease->to || lease->to == forever) return lease->endpoint;
    }
    return std::nullopt;
}

std::vector<AddressLease> Inventory::leases_of(const IpAddress& address) const {
    const auto found = leases_.find(address);
    return found == leases_.end() ? std::vector<AddressLease>{} : found->second;
}

std::vector<IpAddress> Inventory::addresses_of(std::size_t endpoint) const {
    return endpoint_addresses_[endpoint];
}

std::optional<std::size_t> Inventory::service_at(const IpAddress& address) const {
    return look_up(service_index_, address);
}

std::optional<std::size_t> Inventory::node_at(const IpAddress& address) const {
    return look_up(node_index_, address);
}

}  // namespace nspect
