// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyzer/engine.h"
#include "analyzer/tls_expected.h"
#include "analyzer/tls_guards.h"

namespace nspect::analyzer {

/// How traffic to a port is expected to be protected, and who says so.
struct ExpectedTls {
    std::string subject;  ///< "shop/db[Pod] TCP 5432"
    EffectiveTls demanded;
    EffectiveTls client;  ///< what a DestinationRule makes clients send; mode unset: nothing said
    std::vector<AcceptedIdentities> accepted;
};

/// Of the point that was asked about, or of each TCP port the pod declares. Empty for an address
/// outside, and where no document says anything.
std::vector<ExpectedTls> explain_tls(const World& world, const Who& from, const Who& to,
                                     const std::optional<TrafficPoint>& point);

}  // namespace nspect::analyzer
