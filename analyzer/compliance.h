// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/audit.h"
#include "analyzer/engine.h"

namespace nspect::analyzer {

/// Whether a statement holds, as far as inputs and recordings can show it.
enum class ComplianceStatus : std::uint8_t { pass, fail, not_observable };

/// "pass", "fail", "not observable".
std::string_view to_string(ComplianceStatus status);

/// One statement that can be checked, in our own words, and the guideline it serves. It is part of
/// what the guideline asks for, never all of it.
struct ComplianceCheck {
    std::string id;         ///< "cis-5.3.2": stable
    std::string guideline;  ///< "CIS Kubernetes Benchmark 5.3.2"
    std::string statement;
    ComplianceStatus status = ComplianceStatus::not_observable;
    std::string reason;                 ///< one sentence: what the status rests on
    std::vector<std::string> evidence;  ///< who fails it; some of them where there are many

    bool operator==(const ComplianceCheck&) const = default;
};

struct ComplianceInput {
    bool has_manifests = false;  ///< without, nothing declared can be judged
    /// Endpoints where account data are, sorted: PCI DSS is about them alone. Empty: nobody said.
    std::vector<std::size_t> scope = {};
};

/// Every statement, in the order of docs/compliance.md. A statement about traffic passes only on
/// traffic that was seen, and never on a recording that lost some.
std::vector<ComplianceCheck> compliance(const PolicyEngine& engine, const Audit& audit,
                                        const ComplianceInput& input);

}  // namespace nspect::analyzer
