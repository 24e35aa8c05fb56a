// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "model/batch.h"

namespace nspect::ingest {

/// Who each pod of a cluster is and when it had which address, for a recording: also of pods on
/// other nodes, and of those that are gone when the recording is read. What no runtime knows of a
/// pod (owner_key, node_key, service_account_key) is among its labels.
class PodBook {
public:
    /// The kinds it wants to hear of.
    static bool wants(std::string_view kind);

    /// An object as it is now (JSON), or that it is gone (""). `key` is "namespace/name". An
    /// address belongs to a pod from the pod's start, as far as that is told, until it goes, ends
    /// or has another one. Those with their node's address have none of their own.
    void take(std::string_view kind, const std::string& key, std::string_view json, Timestamp now);

    /// Moves what changed into a batch. Ids of targets are beyond those that a recorder gives.
    Batch take_changes();
    std::size_t pods() const noexcept { return pods_.size(); }

private:
    struct Pod {
        TargetInfo target;
        std::string controller;  ///< "ReplicaSet/shop/web-5d9c"
        std::map<IpAddress, Timestamp> addresses;
    };
    void take_pod(const std::string& key, std::string_view json, Timestamp now);
    void take_controller(const std::string& name, std::string_view json);
    void name_owner(const std::string& key, Pod& pod);
    void move_addresses(Pod& pod, const std::set<IpAddress>& current, Timestamp from,
                        Timestamp now);
    void close(std::map<std::string, Pod>::iterator pod, Timestamp now);
    void changed(const Pod& pod) { targets_[pod.target.id] = pod.target; }

    std::uint32_t last_id_ = std::uint32_t{1} << 22U;
    std::map<std::string, Pod> pods_;                      ///< by key
    std::map<std::string, std::string> controllers_;       ///< whose controller is "Deployment/web"
    std::map<IpAddress, Timestamp> freed_;                 ///< when an address was last given up
    std::multimap<std::string, std::string> unexplained_;  ///< controllers to come, to pods
    std::map<std::uint32_t, TargetInfo> targets_;          ///< changed
    std::vector<AddressSeen> addresses_;                   ///< changed
};

}  // namespace nspect::ingest
