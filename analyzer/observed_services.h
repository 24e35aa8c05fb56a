// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

#include "model/inventory.h"

namespace nspect::analyzer {

/// What stands behind the Services of an inventory. Answers are kept; `inventory` must outlive it.
/// Not thread-safe.
class ServiceBackends {
public:
    explicit ServiceBackends(const Inventory& inventory);

    /// Endpoints by selector and by listed address, sorted.
    const std::vector<std::size_t>& of(std::size_t service);
    /// One backend to stand for all, when all belong to one workload.
    std::optional<std::size_t> representative(std::size_t service);
    /// The port traffic to `port` of the Service arrives at on `endpoint`; nothing when the Service
    /// has no such port, or names one the endpoint lacks.
    std::optional<Port> target_port(std::size_t service, const TrafficPoint& point,
                                    std::size_t endpoint) const;

private:
    std::vector<std::size_t> find(const Service& service) const;

    const Inventory& inventory_;
    std::unordered_map<std::string, std::vector<std::size_t>> by_namespace_;
    std::unordered_map<std::size_t, std::vector<std::size_t>> found_;
};

}  // namespace nspect::analyzer
