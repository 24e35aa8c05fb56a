// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/engine.h"
#include "analyzer/generate.h"
#include "analyzer/observed.h"

namespace nspect::analyzer {

/// Whom a rule must name: a workload, or an address of anyone else.
struct DemandPeer {
    enum class Kind : std::uint8_t { workload, address, domain };
    Kind kind = Kind::workload;
    std::size_t workload = 0;
    IpAddress address;
    std::string domain = {};

    auto operator<=>(const DemandPeer&) const = default;
    bool operator==(const DemandPeer&) const = default;
};

/// One thing that the policies of one workload must allow in one direction.
struct Demand {
    std::size_t workload = 0;
    Direction direction = Direction::ingress;
    DemandPeer peer;
    TrafficPoint point;

    auto operator<=>(const Demand&) const = default;
    bool operator==(const Demand&) const = default;
};

/// Why: the conversations that need it.
struct Grounds {
    std::uint64_t conversations = 0;
    Timestamp first{};
    Timestamp last{};
    bool weak_direction = false;    ///< of none of them the start was seen
    bool from_node = false;         ///< the address is a node's
    bool service_address = false;   ///< the address is a Service's, its pods were not seen
    bool behind_service = false;    ///< the pod was not seen; one stands for all of the Service
    std::string refused_name = {};  ///< what the client asked DNS for, where no rule can name it
};

/// Of several names one is kept, whatever their order.
void keep_name(std::string& kept, const std::string& name);

/// What recorded conversations ask of generated policies.
struct Demands {
    std::map<Demand, Grounds> wanted;
    std::vector<std::size_t> permitted;                 ///< conversations to allow, by index
    std::vector<LeftOut> left_out;                      ///< sorted
    std::set<std::size_t> seen;                         ///< workloads that rules are wanted for
    std::set<std::size_t> probed;                       ///< workloads reached by their own node
    std::map<std::size_t, std::uint64_t> left_out_of;   ///< by workload: conversations left out
    std::map<std::size_t, std::set<std::string>> kept;  ///< by workload: kept policies it relies on
};

/// `kept` holds the policies that stay (GenerateOptions::keep); may be null.
Demands demands_of(const PolicyEngine& in_force, const PolicyEngine* kept, const Observed& observed,
                   const std::vector<Conversation>& conversations,
                   const std::set<std::string>& namespaces, const GenerateOptions& options,
                   const HowFar& how_far = {});

/// Adds what one conversation asks of policies, in the directions given. Names no domains.
void add_demands(const Inventory& inventory, const Talk& talk, const Conversation& conversation,
                 const std::set<Direction>& directions, Demands& demands);

/// Ports the kernel gives to clients (net.ipv4.ip_local_port_range).
inline constexpr std::uint16_t first_ephemeral_port = 32768;

}  // namespace nspect::analyzer
