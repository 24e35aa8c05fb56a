// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/terms.h"
#include "analyzer/traffic_pool.h"

namespace nspect::analyzer {

/// A port name a rule uses, to be resolved on the destination.
struct NameRef {
    std::uint32_t name = 0;
    std::optional<Protocol> protocol;

    auto operator<=>(const NameRef&) const = default;
    bool operator==(const NameRef&) const = default;
};

/// A rule in numbers.
struct RuleRef {
    Action action = Action::allow;
    double order = 0;
    std::vector<PeerRef> peers;
    TrafficId traffic = TrafficPool::none;  ///< what it names by number
    std::vector<NameRef> names;             ///< what it names by name
};

struct PolicyRef {
    std::vector<std::uint32_t> subjects;  ///< pod terms
    std::vector<RuleRef> ingress;
    std::vector<RuleRef> egress;

    const std::vector<RuleRef>& rules(Direction direction) const {
        return direction == Direction::ingress ? ingress : egress;
    }
};

/// A container port with a name that some rule uses.
struct NamedPort {
    std::uint32_t name = 0;
    Protocol protocol = Protocol::tcp;
    Port port;

    auto operator<=>(const NamedPort&) const = default;
    bool operator==(const NamedPort&) const = default;
};

/// The policies of a world in numbers: distinct descriptions of pods, addresses, traffic and port
/// names, each once.
class Rulebook {
public:
    explicit Rulebook(const World& world);

    const Terms& terms() const noexcept { return terms_; }
    const std::vector<PolicyRef>& policies() const noexcept { return policies_; }
    TrafficPool& traffic() noexcept { return traffic_; }
    const TrafficPool& traffic() const noexcept { return traffic_; }

    /// The endpoint's ports whose names matter, sorted: endpoints with equal ones are alike.
    std::vector<NamedPort> named_ports(const Endpoint& endpoint) const;

private:
    PolicyRef compile(const Policy& policy, const EngineOptions& options);
    RuleRef compile(const Rule& rule, bool host_network);
    std::uint32_t name_number(const std::string& name);

    Terms terms_;
    TrafficPool traffic_;
    std::unordered_map<std::string, std::uint32_t> names_;
    std::vector<PolicyRef> policies_;
};

}  // namespace nspect::analyzer
