// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/certificate.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "capture/decode/byte_cursor.h"
#include "capture/tls/crypto.h"
#include "model/ip.h"

namespace nspect::capture {
namespace {

constexpr std::size_t max_names = 16;
constexpr std::size_t max_name = 255;
constexpr std::size_t max_subject = 512;
constexpr std::size_t max_chain = 10;
constexpr std::size_t max_known = 4096;

struct Free {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
    void operator()(unsigned char* text) const { OPENSSL_free(text); }
    void operator()(BIO* bio) const { BIO_free(bio); }
};

std::string text_of(const unsigned char* text, int length, std::size_t limit) {
    if (text == nullptr || length <= 0) return {};
    const std::span bytes(text, std::min(static_cast<std::size_t>(length), limit));
    return {bytes.begin(), bytes.end()};
}

void add(std::vector<std::string>& names, std::string name) {
    if (name.empty() || names.size() >= max_names) return;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(std::move(name));
    }
}

std::string address_text(const ASN1_OCTET_STRING* bytes) {
    const int length = ASN1_STRING_length(bytes);
    const unsigned char* at = ASN1_STRING_get0_data(bytes);
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (int i = 0; i < length && i < 16; ++i) {
        high = high << 8U | low >> 56U;
        low = low << 8U | at[i];
    }
    if (length == 4) return to_string(IpAddress::v4(static_cast<std::uint32_t>(low)));
    return length == 16 ? to_string(IpAddress::v6(high, low)) : std::string();
}

std::string alternative_name(const GENERAL_NAME& name) {
    if (name.type == GEN_IPADD) return address_text(name.d.iPAddress);
    const ASN1_IA5STRING* text = nullptr;
    if (name.type == GEN_URI) text = name.d.uniformResourceIdentifier;
    if (name.type == GEN_DNS) text = name.d.dNSName;
    if (text == nullptr) return {};
    return text_of(ASN1_STRING_get0_data(text), ASN1_STRING_length(text), max_name);
}

void read_alternative_names(ReadCertificate& read, const X509* certificate) {
    const std::unique_ptr<GENERAL_NAMES, Free> all(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    if (!all) return;
    const std::pair<int, const char*> kinds[] = {
        {GEN_URI, "URI:"}, {GEN_DNS, "DNS:"}, {GEN_IPADD, "IP:"}};
    for (const auto& [type, prefix] : kinds) {
        for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
            const GENERAL_NAME* each = sk_GENERAL_NAME_value(all.get(), i);
            if (each->type != type) continue;
            const std::string name = alternative_name(*each);
            if (name.empty()) continue;
            add(read.seen.names, prefix + name);
            if (type != GEN_IPADD) add(read.identity, name);
        }
    }
}

std::string common_name(const X509* certificate) {
    const X509_NAME* subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0) return {};
    unsigned char* text = nullptr;
    const int length =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    const std::unique_ptr<unsigned char, Free> owner(text);
    return text_of(text, length, max_name);
}

std::string name_text(const X509_NAME* name) {
    const std::unique_ptr<BIO, Free> out(BIO_new(BIO_s_mem()));
    if (!out) return {};
    constexpr auto flags = static_cast<unsigned long>(XN_FLAG_RFC2253) &
                           ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
    if (X509_NAME_print_ex(out.get(), name, 0, flags) < 0) return {};
    char* text = nullptr;
    const long length = BIO_get_mem_data(out.get(), &text);
    if (text == nullptr || length <= 0) return {};
    return {text, std::min(static_cast<std::size_t>(length), max_subject)};
}

Timestamp time_of(const ASN1_TIME* time) {
    constexpr std::int64_t last_second = 9'223'372'036;  // of 64-bit nanoseconds
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
    const std::int64_t seconds = timegm(&parts);
    return Timestamp(std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, last_second)));
}

std::string curve_name(const EVP_PKEY* key) {
    char name[80] = {};
    std::size_t length = 0;
    if (EVP_PKEY_get_group_name(key, name, sizeof name, &length) != 1) return "EC";
    const std::string text(name, length);
    if (text == "prime256v1") return "P-256";
    if (text == "secp384r1") return "P-384";
    return text == "secp521r1" ? "P-521" : text;
}

void read_key(CertificateSeen& seen, const X509* certificate) {
    const EVP_PKEY* key = X509_get0_pubkey(certificate);
    if (key == nullptr) return;
    seen.key_bits = static_cast<std::uint32_t>(std::max(EVP_PKEY_get_bits(key), 0));
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA:
            seen.key = "RSA";
            break;
        case EVP_PKEY_RSA_PSS:
            seen.key = "RSA-PSS";
            break;
        case EVP_PKEY_DSA:
            seen.key = "DSA";
            break;
        case EVP_PKEY_EC:
            seen.key = curve_name(key);
            break;
        case EVP_PKEY_ED25519:
            seen.key = "Ed25519";
            break;
        case EVP_PKEY_ED448:
            seen.key = "Ed448";
            break;
        default:
            seen.key = "other";
            break;
    }
}

ReadCertificate facts_of(X509* certificate, std::span<const std::byte> der) {
    ReadCertificate read;
    CertificateSeen& seen = read.seen;
    seen.fingerprint = hex_of(sha256(der));
    seen.subject = name_text(X509_get_subject_name(certificate));
    seen.issuer = name_text(X509_get_issuer_name(certificate));
    seen.not_before = time_of(X509_get0_notBefore(certificate));
    seen.not_after = time_of(X509_get0_notAfter(certificate));
    seen.signature = OBJ_nid2ln(X509_get_signature_nid(certificate));
    seen.self_signed = X509_self_signed(certificate, 0) == 1;
    seen.authority = (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0;
    read_key(seen, certificate);
    read_alternative_names(read, certificate);
    add(read.identity, common_name(certificate));
    return read;
}

}  // namespace

std::optional<ReadCertificate> read_certificate(std::span<const std::byte> der) {
    std::vector<unsigned char> copy(der.size());
    std::transform(der.begin(), der.end(), copy.begin(),
                   [](std::byte each) { return std::to_integer<unsigned char>(each); });
    const unsigned char* at = copy.data();
    const std::unique_ptr<X509, Free> certificate(
        d2i_X509(nullptr, &at, static_cast<long>(copy.size())));
    std::optional<ReadCertificate> read;
    if (certificate) read = facts_of(certificate.get(), der);
    ERR_clear_error();
    return read;
}

std::shared_ptr<const ReadCertificate> CertificateBook::read(std::span<const std::byte> der) {
    const auto digest = sha256(der);
    std::string key;
    for (const std::byte each : digest) key += std::to_integer<char>(each);
    if (const auto at = known_.find(key); at != known_.end()) return at->second;
    auto fresh = read_certificate(der);
    auto kept = fresh ? std::make_shared<const ReadCertificate>(std::move(*fresh)) : nullptr;
    if (known_.size() >= max_known) known_.clear();
    known_.emplace(std::move(key), kept);
    return kept;
}

std::vector<std::shared_ptr<const ReadCertificate>> read_chain(CertificateBook& book,
                                                               std::span<const std::byte> body,
                                                               bool tls13) {
    ByteCursor message(body);
    if (tls13) message.skip(message.read<std::uint8_t>());
    const auto size_of = [](ByteCursor& in) {
        const unsigned high = in.read<std::uint8_t>();
        return std::size_t{high << 16U | in.read<std::uint16_t>()};
    };
    size_of(message);
    std::vector<std::shared_ptr<const ReadCertificate>> chain;
    while (message.remaining() > 3 && chain.size() < max_chain) {
        const auto der = message.take(size_of(message));
        if (message.truncated() || der.empty()) break;
        if (tls13) message.skip(message.read<std::uint16_t>());
        if (auto read = book.read(der)) chain.push_back(std::move(read));
    }
    return chain;
}

}  // namespace nspect::capture
