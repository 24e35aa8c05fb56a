// SPDX-License-Identifier: Apache-2.0
// The first byte: 0 for one certificate, else a Certificate message, of TLS 1.3 when it is odd.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "capture/tls/certificate.h"

using namespace nspect::capture;

namespace {

void check(const ReadCertificate& read) {
    bool good = read.identity.size() <= 16;
    for (const auto& name : read.identity) good = good && name.size() <= 255;
    if (!good) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const auto data = std::as_bytes(std::span(bytes + 1, size - 1));
    if (*bytes == 0) {
        if (const auto read = read_certificate(data)) check(*read);
        return 0;
    }
    CertificateBook book;
    const auto chain = read_chain(book, data, (*bytes & 1U) != 0);
    if (chain.size() > 10) std::abort();
    for (const auto& each : chain) {
        if (each) check(*each);
    }
    return 0;
}
