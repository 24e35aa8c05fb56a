// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/crypto.h"

#include <algorithm>
#include <array>
#include <memory>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace nspect::capture {
namespace {

constexpr std::size_t max_names = 16;
constexpr std::size_t max_name = 255;

struct Free {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
    void operator()(unsigned char* text) const { OPENSSL_free(text); }
};

void add(std::vector<std::string>& names, const unsigned char* text, int length) {
    if (text == nullptr || length <= 0 || names.size() >= max_names) return;
    const std::span bytes(text, std::min(static_cast<std::size_t>(length), max_name));
    std::string name(bytes.begin(), bytes.end());
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(std::move(name));
    }
}

void add_alternative_names(std::vector<std::string>& names, const GENERAL_NAMES* all, int type) {
    for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
        const GENERAL_NAME* each = sk_GENERAL_NAME_value(all, i);
        if (each->type != type) continue;
        const ASN1_IA5STRING* text =
            type == GEN_URI ? each->d.uniformResourceIdentifier : each->d.dNSName;
        add(names, ASN1_STRING_get0_data(text), ASN1_STRING_length(text));
    }
}

void add_common_name(std::vector<std::string>& names, const X509* certificate) {
    const X509_NAME* subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0) return;
    unsigned char* text = nullptr;
    const int length =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    const std::unique_ptr<unsigned char, Free> owner(text);
    add(names, text, length);
}

}  // namespace

std::vector<std::string> certificate_names(std::span<const std::byte> der) {
    std::vector<std::string> names;
    const std::vector<unsigned char> copy = [&] {
        std::vector<unsigned char> bytes(der.size());
        std::transform(der.begin(), der.end(), bytes.begin(),
                       [](std::byte each) { return std::to_integer<unsigned char>(each); });
        return bytes;
    }();
    const unsigned char* at = copy.data();
    const std::unique_ptr<X509, Free> certificate(
        d2i_X509(nullptr, &at, static_cast<long>(copy.size())));
    if (certificate) {
        const std::unique_ptr<GENERAL_NAMES, Free> all(static_cast<GENERAL_NAMES*>(
            X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
        if (all) {
            add_alternative_names(names, all.get(), GEN_URI);
            add_alternative_names(names, all.get(), GEN_DNS);
        }
        add_common_name(names, certificate.get());
    }
    ERR_clear_error();
    return names;
}

std::string sha256_hex(std::string_view text) {
    std::array<unsigned char, 32> digest{};
    unsigned length = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
        return {};
    }
    std::string hex;
    for (const unsigned char each : digest) {
        hex += "0123456789abcdef"[each >> 4U];
        hex += "0123456789abcdef"[each & 0x0fU];
    }
    return hex;
}

}  // namespace nspect::capture
