// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "analyzer/tls_findings.h"

namespace nspect::analyzer {

/// Every certificate that was presented, by who presented it.
class CertificateBook {
public:
    /// Which must outlive it.
    explicit CertificateBook(const Inventory& inventory) : inventory_(inventory) {}

    void take(const Conversation& conversation);
    /// Once, after the last of them; what runs out first stands first.
    std::vector<CertificateUse> uses();

private:
    void take(const Conversation& conversation, bool client);

    const Inventory& inventory_;
    /// By who presented it, as a client or a server, and fingerprint.
    std::map<std::tuple<std::string, bool, std::string>, CertificateUse> uses_;
};

/// What is wrong with them: expired or about to, self-signed, weak.
void find_in_certificates(const std::vector<CertificateUse>& certificates, Timestamp now,
                          std::vector<Finding>& findings);

}  // namespace nspect::analyzer
