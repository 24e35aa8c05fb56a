// SPDX-License-Identifier: Apache-2.0
#include "analyzer/certificate_findings.h"

#include <algorithm>
#include <utility>

#include "analyzer/tls_links.h"

namespace nspect::analyzer {
namespace {

constexpr Duration soon = std::chrono::hours(24 * 14);
constexpr std::uint32_t shortest_rsa = 2048;

Finding finding(const CertificateUse& use, const char* code, Severity severity,
                std::string message) {
    Finding made;
    made.code = code;
    made.severity = severity;
    made.subject = use.subject;
    made.message = std::move(message);
    const CertificateSeen& seen = use.certificate;
    const std::string name = seen.names.empty() ? seen.subject : seen.names.front();
    made.evidence.push_back((use.client ? "client certificate " : "server certificate ") + name +
                            ", issued by " + seen.issuer);
    made.evidence.push_back("valid from " + to_seconds(seen.not_before) + " to " +
                            to_seconds(seen.not_after));
    made.evidence.push_back("fingerprint " + seen.fingerprint);
    made.evidence.push_back("last seen " + to_seconds(use.last) + ", in " +
                            std::to_string(use.sessions) +
                            (use.sessions == 1 ? " session" : " sessions"));
    return made;
}

// Certificates of a mesh live for hours: what is soon depends on how long they live.
Duration warning_time(const CertificateSeen& seen) {
    return std::min<Duration>(soon, (seen.not_after - seen.not_before) / 10);
}

void find_validity(const CertificateUse& use, Timestamp now, std::vector<Finding>& findings) {
    const CertificateSeen& seen = use.certificate;
    if (seen.not_after <= use.last) {
        findings.push_back(
            finding(use, "certificate-expired", Severity::high,
                    "presents a certificate that expired " + to_seconds(seen.not_after)));
    } else if (seen.not_before > use.first) {
        findings.push_back(finding(
            use, "certificate-expired", Severity::high,
            "presents a certificate that is not valid before " + to_seconds(seen.not_before)));
    } else if (seen.not_after - std::max(now, use.last) < warning_time(seen)) {
        findings.push_back(
            finding(use, "certificate-expires-soon", Severity::medium,
                    "presents a certificate that expires " + to_seconds(seen.not_after)));
    }
}

std::string weakness(const CertificateSeen& seen) {
    const bool rsa = seen.key.starts_with("RSA") || seen.key == "DSA";
    if (rsa && seen.key_bits < shortest_rsa) {
        return seen.key + " key of " + std::to_string(seen.key_bits) + " bits";
    }
    if (!rsa && seen.key_bits > 0 && seen.key_bits < 224) {
        return seen.key + " key of " + std::to_string(seen.key_bits) + " bits";
    }
    for (const char* digest : {"sha1", "SHA1", "md5", "MD5", "md2"}) {
        const bool found = seen.signature.find(digest) != std::string::npos;
        if (found && !seen.self_signed) return "signature " + seen.signature;
    }
    return {};
}

}  // namespace

void CertificateBook::take(const Conversation& conversation) {
    if (!conversation.tls) return;
    take(conversation, false);
    take(conversation, true);
}

void CertificateBook::take(const Conversation& conversation, bool client) {
    const TlsSeen& tls = *conversation.tls;
    const auto& chain = client ? tls.client_chain : tls.server_chain;
    if (chain.empty() || tls.resumed) return;
    const std::string subject =
        party_name(client ? conversation.client : conversation.server, inventory_);
    CertificateUse& use = uses_[{subject, client, chain.front().fingerprint}];
    const Timestamp at = conversation.first;
    if (use.sessions == 0) use = {subject, client, chain.front(), 0, at, at};
    ++use.sessions;
    use.first = std::min(use.first, at);
    use.last = std::max(use.last, at);
}

std::vector<CertificateUse> CertificateBook::uses() {
    std::vector<CertificateUse> sorted;
    for (auto& [key, use] : uses_) sorted.push_back(std::move(use));
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
        return a.certificate.not_after < b.certificate.not_after;
    });
    return sorted;
}

void find_in_certificates(const std::vector<CertificateUse>& certificates, Timestamp now,
                          std::vector<Finding>& findings) {
    for (const CertificateUse& use : certificates) {
        find_validity(use, now, findings);
        if (use.certificate.self_signed) {
            findings.push_back(finding(use, "certificate-self-signed", Severity::low,
                                       "presents a certificate that it signed itself"));
        }
        const std::string weak = weakness(use.certificate);
        if (!weak.empty()) {
            findings.push_back(finding(use, "certificate-weak", Severity::medium,
                                       "presents a weak certificate: " + weak));
        }
    }
}

}  // namespace nspect::analyzer
