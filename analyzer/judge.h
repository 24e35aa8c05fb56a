// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "analyzer/engine.h"

namespace nspect::analyzer {

/// What policies can see of one party: a pod, known or imagined, or an address outside.
struct Facts {
    bool is_pod = true;
    std::string_view namespace_name;
    const Labels* namespace_labels = nullptr;
    Labels labels;  ///< as policy_labels() gives them
    const std::vector<ContainerPort>* ports = nullptr;
    std::vector<IpAddress> addresses;
    bool host_network = false;
};

/// Valid as long as the inventory is not changed. With a family, only addresses of that one.
Facts facts_of(const Inventory& inventory, std::size_t endpoint,
               std::optional<IpFamily> family = std::nullopt);
Facts facts_of(const IpAddress& address);

/// A choice of what Kubernetes leaves to the network plugin.
struct Reading {
    bool blocks_reach_pods = true;  ///< NetworkPolicy ipBlock against pod addresses
    bool host_network_pods = true;  ///< whether NetworkPolicy sees host-network pods as pods
};
/// The one that answers are given by.
Reading usual_reading(const EngineOptions& options);

bool selects(const Policy& policy, const Facts& subject, const Reading& reading);
/// What the rule names when `destination` is the target: its port names resolved there.
TrafficSet traffic_of(const Rule& rule, const Facts& destination);

/// All that one direction allows, as `judge` would for each point of it.
TrafficSet permitted(const World& world, Direction direction,
                     const std::vector<std::size_t>& policies, const Facts& subject,
                     const Facts& peer);

/// One direction for one point, with reasons, straight from the policies and without anything
/// compiled. `policies` must contain those that select the subject; others are passed over.
DirectionVerdict judge(const World& world, Direction direction,
                       const std::vector<std::size_t>& policies, const Facts& subject,
                       const Facts& peer, const TrafficPoint& point);

}  // namespace nspect::analyzer
