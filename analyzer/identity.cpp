// SPDX-License-Identifier: Apache-2.0
#include "analyzer/identity.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "analyzer/socket_owners.h"

namespace nspect::analyzer {
namespace {

/// An address may be used for a moment before the recorder hears of it.
constexpr Duration lease_slack = std::chrono::seconds{2};

bool identifies(const IpAddress& address) {
    return !address.is_loopback() && !address.is_multicast() && !address.is_unspecified();
}

/// The addresses of each target, with the times they were on it.
using TargetAddresses = std::unordered_map<std::uint32_t, std::vector<AddressSeen>>;

TargetAddresses addresses_by_target(const Recording& recording) {
    TargetAddresses all;
    for (const auto& seen : recording.addresses) {
        if (identifies(seen.address)) all[seen.target].push_back(seen);
    }
    for (const auto& target : recording.targets) {
        if (all.contains(target.id)) continue;
        for (const auto& interface : target.interfaces) {
            for (const auto& address : interface.addresses) {
                if (!identifies(address)) continue;
                all[target.id].push_back({address, target.id, target.from, target.to});
            }
        }
    }
    return all;
}

/// A pod by the cluster's word: no namespace of this host, though it may have one here as well.
bool told_by_api(const TargetInfo& target) {
    return target.netns == 0 && !target.is_host && !target.pod_uid.empty();
}

std::string place_key(const std::string& place, const std::string& name) {
    return place + '/' + name;
}

/// Endpoints by what a runtime may call them.
class EndpointIndex {
public:
    explicit EndpointIndex(const Inventory& inventory) : inventory_(&inventory) {
        for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) add(i);
    }

    void add(std::size_t index) {
        const auto& endpoint = inventory_->endpoints()[index];
        if (!endpoint.uid.empty()) by_uid_.emplace(endpoint.uid, index);
        if (endpoint.from_template) return;
        const auto& place = inventory_->workload_of(endpoint).namespace_name;
        by_place_.emplace(place_key(place, endpoint.name), index);
        by_name_[endpoint.name].push_back(index);
    }

    /// The endpoint that name or uid point to.
    std::optional<std::size_t> find(const TargetInfo& target) const {
        if (const auto found = by_uid_.find(target.pod_uid); found != by_uid_.end()) {
            return found->second;
        }
        if (!target.pod.empty()) return at(target.namespace_name, target.pod);
        const auto own = container_workload(target);
        if (const auto made = at(own.namespace_name, container_name(target))) return made;
        if (!target.namespace_name.empty()) return std::nullopt;
        const auto named = by_name_.find(target.name);
        if (named == by_name_.end() || named->second.size() != 1) return std::nullopt;
        return named->second.front();
    }

    static std::string container_name(const TargetInfo& target) {
        if (!target.pod.empty()) return target.pod;
        return target.name.empty() ? container_workload(target).name : target.name;
    }

private:
    std::optional<std::size_t> at(const std::string& place, const std::string& name) const {
        const auto found = by_place_.find(place_key(place.empty() ? "default" : place, name));
        if (found == by_place_.end()) return std::nullopt;
        return found->second;
    }

    const Inventory* inventory_;
    std::unordered_map<std::string, std::size_t> by_uid_;
    std::unordered_map<std::string, std::size_t> by_place_;
    std::unordered_map<std::string, std::vector<std::size_t>> by_name_;
};

/// Brings the containers of one recording into an inventory.
class Joiner {
public:
    Joiner(Inventory& inventory, const Recording& recording)
        : inventory_(inventory),
          recording_(recording),
          addresses_(addresses_by_target(recording)),
          guests_(guests(recording)),
          index_(inventory) {
        for (const auto& target : recording.targets) {
            if (target.is_host) hosts_.insert(target.id);
        }
        for (const auto& [target, seen] : addresses_) {
            for (const auto& address : seen) holders_[address.address].push_back(address);
        }
    }

    void join() {
        std::vector<const TargetInfo*> containers;
        for (const auto& target : recording_.targets) {
            if (target.is_host) {
                add_host(target);
            } else {
                containers.push_back(&target);
            }
        }
        // What the API says of a pod counts more than what its runtime does: it comes first.
        // One in another's namespace may be of the same pod, whose own container says more: last.
        const auto rank = [&](const TargetInfo* target) {
            return told_by_api(*target) ? 0 : guests_.contains(target->id) ? 2 : 1;
        };
        std::stable_sort(containers.begin(), containers.end(),
                         [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
        std::map<std::uint32_t, std::size_t> found = match_by_name(containers);
        match_by_address(containers, found);
        for (const auto* target : containers) {
            const auto known = found.find(target->id);
            const auto endpoint = known != found.end() ? known->second : own_endpoint(*target);
            enrich(inventory_.endpoint(endpoint), *target);
            add_leases(*target, endpoint);
        }
    }

private:
    void add_host(const TargetInfo& target) {
        Node node;
        node.name = recording_.info.host.empty() ? "host" : recording_.info.host;
        for (const auto& declared : inventory_.nodes()) {
            if (declared.name == node.name) node.labels = declared.labels;
        }
        for (const auto& seen : addresses_[target.id]) {
            if (inventory_.node_at(seen.address)) continue;
            node.addresses.push_back(seen.address);
        }
        std::sort(node.addresses.begin(), node.addresses.end());
        if (!node.addresses.empty()) inventory_.add_node(std::move(node));
    }

    std::map<std::uint32_t, std::size_t> match_by_name(
        const std::vector<const TargetInfo*>& targets) {
        std::map<std::uint32_t, std::size_t> found;
        for (const auto* target : targets) {
            auto endpoint = index_.find(*target);
            if (!endpoint) endpoint = from_template(*target);
            if (endpoint) found.emplace(target->id, *endpoint);
        }
        return found;
    }

    /// A pod of a workload of which manifests hold the template only: it takes the template's
    /// place, or stands beside the pods found before.
    std::optional<std::size_t> from_template(const TargetInfo& target) {
        const auto workload = template_owner(target);
        if (!workload) return std::nullopt;
        const auto pods = inventory_.endpoints_of(*workload);
        if (pods.empty()) return std::nullopt;
        Endpoint pod = inventory_.endpoints()[pods.front()];
        const bool first = pod.from_template;
        pod.name = EndpointIndex::container_name(target);
        pod.from_template = false;
        pod.uid = target.pod_uid;
        std::size_t index = pods.front();
        if (first) {
            inventory_.endpoint(index) = std::move(pod);
        } else {
            index = inventory_.add_endpoint(std::move(pod));
        }
        index_.add(index);
        return index;
    }

    std::optional<std::size_t> template_owner(const TargetInfo& target) const {
        const auto own = container_workload(target);
        const auto service = inventory_.find_workload(own);
        const bool by_compose_file = service && own.kind == "Container" &&
                                     !inventory_.workloads()[*service].where.file.empty();
        if (by_compose_file) return service;
        std::optional<std::size_t> best;
        const auto& workloads = inventory_.workloads();
        for (std::size_t i = 0; i < workloads.size(); ++i) {
            const auto& id = workloads[i].id;
            const bool same_place =
                target.namespace_name.empty() || id.namespace_name == own.namespace_name;
            if (!same_place || id.kind == "Container") continue;
            const bool owns = target.pod.empty() ? id.name == own.name && id.kind != "Pod"
                                                 : may_own_pod(id, target.pod);
            if (!owns) continue;
            if (best && target.pod.empty()) return std::nullopt;  // two of that name: in doubt
            if (!best || workloads[*best].id.name.size() < id.name.size()) best = i;
        }
        return best;
    }

    /// Only where nothing else names the container. An address may have been several containers',
    /// one after the other; a manifest knows the last.
    void match_by_address(const std::vector<const TargetInfo*>& targets,
                          std::map<std::uint32_t, std::size_t>& found) {
        std::map<std::size_t, std::vector<const TargetInfo*>> claims;
        for (const auto* target : targets) {
            if (found.contains(target->id)) continue;
            if (const auto endpoint = declared_owner(*target)) claims[*endpoint].push_back(target);
        }
        for (const auto& [_, endpoint] : found) claims.erase(endpoint);
        for (const auto& [endpoint, claimants] : claims) {
            const auto* last =
                *std::max_element(claimants.begin(), claimants.end(),
                                  [](const auto* a, const auto* b) { return a->from < b->from; });
            for (const auto* target : claimants) {
                if (target->name == last->name) found.emplace(target->id, endpoint);
            }
        }
    }

    std::optional<std::size_t> declared_owner(const TargetInfo& target) const {
        const auto seen = addresses_.find(target.id);
        if (seen == addresses_.end()) return std::nullopt;
        for (const auto& address : seen->second) {
            for (const auto& lease : inventory_.leases_of(address.address)) {
                const bool by_manifest = lease.from == Timestamp::min();
                if (by_manifest && address.from < lease.to) return lease.endpoint;
            }
        }
        return std::nullopt;
    }

    std::size_t own_endpoint(const TargetInfo& target) {
        if (const auto made = index_.find(target)) return *made;  // a container that came back
        Endpoint endpoint;
        endpoint.name = EndpointIndex::container_name(target);
        endpoint.workload = inventory_.ensure_workload(container_workload(target));
        take_labels(endpoint, target);
        endpoint.uid = target.pod_uid;
        if (endpoint.labels.empty()) {
            endpoint.labels.set(std::string(container_name_label), container_workload(target).name);
        }
        const auto index = inventory_.add_endpoint(std::move(endpoint));
        index_.add(index);
        return index;
    }

    /// What a cluster's API says of a pod beside its labels stands among them.
    static void take_labels(Endpoint& endpoint, const TargetInfo& target) {
        for (const auto& [key, value] : target.labels.entries()) {
            if (key == service_account_key) {
                endpoint.service_account = value;
            } else if (key == node_key) {
                endpoint.node = value;
            } else if (key != owner_key) {
                endpoint.labels.set(key, value);
            }
        }
    }

    void enrich(Endpoint& endpoint, const TargetInfo& target) const {
        if (told_by_api(target)) return;
        if (const auto guest = guests_.find(target.id); guest != guests_.end()) {
            if (hosts_.contains(guest->second)) endpoint.host_network = true;
            if (!endpoint.runtime.empty()) return;
        }
        endpoint.runtime = target.runtime;
        endpoint.container = target.container.empty() ? target.name : target.container;
        endpoint.netns = target.netns;
        if (endpoint.node.empty()) endpoint.node = recording_.info.host;
        if (endpoint.labels.empty() && endpoint.where.file.empty()) endpoint.labels = target.labels;
    }

    void add_leases(const TargetInfo& target, std::size_t endpoint) {
        const auto seen = addresses_.find(target.id);
        if (seen == addresses_.end()) return;
        for (const auto& address : seen->second) {
            const auto from = std::max(previous_end(address), slackened(address.from));
            inventory_.add_lease(
                {address.address, endpoint, std::min(from, address.to), address.to});
        }
    }

    static Timestamp slackened(Timestamp time) {
        return time < Timestamp::min() + lease_slack ? time : time - lease_slack;
    }

    /// When the address was last on another container, before it came to this one.
    Timestamp previous_end(const AddressSeen& seen) const {
        Timestamp end = Timestamp::min();
        for (const auto& other : holders_.at(seen.address)) {
            if (other.target == seen.target || other.from >= seen.from) continue;
            end = std::max(end, std::min(other.to, seen.from));
        }
        return end;
    }

    Inventory& inventory_;
    const Recording& recording_;
    TargetAddresses addresses_;
    std::unordered_map<std::uint32_t, std::uint32_t> guests_;
    std::unordered_set<std::uint32_t> hosts_;
    std::unordered_map<IpAddress, std::vector<AddressSeen>> holders_;  ///< of each address
    EndpointIndex index_;
};

}  // namespace

Inventory with_recording(Inventory declared, const Recording& recording) {
    Joiner(declared, recording).join();
    return declared;
}

std::unordered_map<std::uint32_t, std::size_t> endpoints_of_targets(const Inventory& inventory,
                                                                    const Recording& recording) {
    const auto addresses = addresses_by_target(recording);
    const EndpointIndex index(inventory);
    std::unordered_map<std::uint32_t, std::size_t> found;
    for (const auto& target : recording.targets) {
        if (target.is_host) continue;
        if (const auto named = index.find(target)) {
            found.emplace(target.id, *named);
            continue;
        }
        const auto seen = addresses.find(target.id);
        if (seen == addresses.end()) continue;
        for (const auto& address : seen->second) {
            const auto owner = inventory.owner_of(address.address, address.from);
            if (!owner) continue;
            found.emplace(target.id, *owner);
            break;
        }
    }
    return found;
}

}  // namespace nspect::analyzer
