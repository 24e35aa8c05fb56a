// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "analyzer/engine.h"
#include "analyzer/observed_services.h"
#include "model/conversation.h"

namespace nspect::analyzer {

/// One end of a conversation as policy sees it.
struct End {
    enum class Kind : std::uint8_t { endpoint, node, service, address };
    Kind kind = Kind::address;
    std::size_t index = 0;  ///< of the endpoint, node or Service
    IpAddress address;      ///< the end's own

    Who who() const {
        if (kind == Kind::endpoint) return Who::of_endpoint(index, address.family());
        return Who::of_address(address);
    }
};

/// A conversation as policy sees it. Where nothing showed which pod stood behind a Service, and all
/// its pods belong to one workload, one of them stands for all, with the port the Service maps to.
struct Talk {
    End client;
    End server;
    TrafficPoint point;
    bool behind_service = false;  ///< `server` stands for the Service's pods
    /// The application's port, where `point` is one that proxies of a mesh carry others on.
    std::optional<Port> carried = std::nullopt;

    /// What people call it: the application's point where that is known.
    TrafficPoint shown() const { return {point.protocol, carried.value_or(point.port)}; }

    bool within_one() const {
        return client.kind == End::Kind::endpoint && server.kind == End::Kind::endpoint &&
               client.index == server.index;
    }
};

/// Not thread-safe; `inventory` must outlive it.
class Ends {
public:
    explicit Ends(const Inventory& inventory) : inventory_(inventory), services_(inventory) {}

    Talk talk(const Conversation& conversation);
    /// Traffic from a pod's own node (health probes, host-network pods): Kubernetes always lets it
    /// in.
    bool from_own_node(const Talk& talk) const;

private:
    void find_carried(const Conversation& conversation, Talk& talk) const;

    const Inventory& inventory_;
    ServiceBackends services_;
};

/// Whether it is sure that packets of the client came as far as the server.
bool reached_server(const Conversation& conversation);

/// "broadcast", "multicast"; "" for traffic to one end.
std::string_view cast_of(const Conversation& conversation);

/// RFC 1918, RFC 6598, RFC 4193.
bool is_private(const IpAddress& address);

/// The cloud metadata service, which hands out credentials to whoever can ask.
bool is_metadata_service(const IpAddress& address);

}  // namespace nspect::analyzer
