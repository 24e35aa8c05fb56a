// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
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

/// Holds conversations, which were resolved against `inventory`, one by one, and keeps none.
class TlsAuditor {
public:
    /// Both must outlive it.
    TlsAuditor(const Expectations& expectations, const Inventory& inventory);
    ~TlsAuditor();

    void take(const Conversation& conversation);
    /// Once, after the last of them. `now`: the end of the recording, against which validity is
    /// held. `lossy`: something was not recorded, and what was not seen proves nothing.
    TlsAudit finish(Timestamp now, bool lossy);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nspect::analyzer
