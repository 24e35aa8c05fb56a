// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "analyzer/tls_findings.h"

namespace nspect::analyzer {

/// Every certificate that was presented, by who presented it; what runs out first stands first.
std::vector<CertificateUse> certificates_in(const Inventory& inventory,
                                            const std::vector<Conversation>& conversations);

/// What is wrong with them: expired or about to, self-signed, weak.
void find_in_certificates(const std::vector<CertificateUse>& certificates, Timestamp now,
                          std::vector<Finding>& findings);

}  // namespace nspect::analyzer
