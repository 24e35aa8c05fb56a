// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/tls_seen.h"

namespace nspect::capture {

/// A certificate that was read. It was not verified.
struct ReadCertificate {
    CertificateSeen seen;
    /// Its names: URI, then DNS, then the subject's CN. At most 16, each at most 255 bytes.
    std::vector<std::string> identity;
};

/// Nothing when it is not a certificate.
std::optional<ReadCertificate> read_certificate(std::span<const std::byte> der);

/// Reads each certificate once: connections to one server show the same ones.
class CertificateBook {
public:
    /// None when it is not a certificate.
    std::shared_ptr<const ReadCertificate> read(std::span<const std::byte> der);

private:
    std::map<std::string, std::shared_ptr<const ReadCertificate>> known_;  ///< by digest
};

/// The certificates of a Certificate message, leaf first, at most 10. TLS 1.3 has a context in
/// front and extensions behind each.
std::vector<std::shared_ptr<const ReadCertificate>> read_chain(CertificateBook& book,
                                                               std::span<const std::byte> body,
                                                               bool tls13);

}  // namespace nspect::capture
