// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyzer/engine.h"
#include "analyzer/tls_client.h"
#include "analyzer/tls_expected.h"
#include "analyzer/tls_guards.h"

namespace nspect::analyzer {

/// How traffic to a port is expected to be protected, and who says so.
struct ExpectedTls {
    std::string subject;  ///< "shop/db[Pod] TCP 5432"
    EffectiveTls demanded;
    /// What rules make the client's proxy send, where they say something: to each Service that
    /// leads there, and to subsets of it that the pod is of.
    std::vector<ClientWay> client;
    std::vector<AcceptedIdentities> accepted;
    /// Why a proxy is passed by: "the client's proxy is passed by: excludeOutboundPorts ...".
    std::vector<std::string> past;
};

/// Of the point that was asked about, or of each TCP port the pod declares. Empty for an address
/// outside, and where no document says anything.
std::vector<ExpectedTls> explain_tls(const World& world, const Who& from, const Who& to,
                                     const std::optional<TrafficPoint>& point);

}  // namespace nspect::analyzer
