// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/conversation.h"
#include "model/expectation.h"
#include "model/finding.h"
#include "model/inventory.h"

namespace nspect::analyzer {

/// A certificate that somebody presented.
struct CertificateUse {
    std::string subject;  ///< who presented it: a workload, or an address
    bool client = false;
    CertificateSeen certificate;
    std::uint64_t sessions = 0;
    Timestamp first{};
    Timestamp last{};
};

/// How traffic was protected, held against what was declared.
struct TlsAudit {
    std::vector<Finding> findings;
    std::vector<CertificateUse> certificates;  ///< sorted by what runs out first
};

/// `conversations` were resolved against `inventory`. `now`: the end of the recording, against
/// which validity is held. `lossy`: something was not recorded, and what was not seen proves
/// nothing.
TlsAudit audit_tls(const Expectations& expectations, const Inventory& inventory,
                   const std::vector<Conversation>& conversations, Timestamp now, bool lossy);

}  // namespace nspect::analyzer
