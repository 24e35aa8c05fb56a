// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/crypto.h"

#include <algorithm>
#include <memory>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

namespace nspect::capture {
namespace {

constexpr std::size_t tag_bytes = 16;

struct Free {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
    void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
    void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
    void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

// OpenSSL's bytes are unsigned char.
std::vector<unsigned char> plain(std::span<const std::byte> bytes) {
    std::vector<unsigned char> copy(bytes.size());
    std::transform(bytes.begin(), bytes.end(), copy.begin(),
                   [](std::byte each) { return std::to_integer<unsigned char>(each); });
    return copy;
}

Bytes wrapped(std::span<const unsigned char> bytes) {
    Bytes copy(bytes.size());
    std::transform(bytes.begin(), bytes.end(), copy.begin(),
                   [](unsigned char each) { return std::byte{each}; });
    return copy;
}

Bytes hkdf(int mode, const char* digest, std::vector<unsigned char> key,
           std::vector<unsigned char> salt, std::vector<unsigned char> info, std::size_t length) {
    const std::unique_ptr<EVP_KDF, Free> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
    const std::unique_ptr<EVP_KDF_CTX, Free> context(EVP_KDF_CTX_new(kdf.get()));
    std::string name(digest);
    std::vector<OSSL_PARAM> params{
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size())};
    if (!salt.empty()) {
        params.push_back(
            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt.data(), salt.size()));
    }
    if (!info.empty()) {
        params.push_back(
            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()));
    }
    params.push_back(OSSL_PARAM_construct_end());
    std::vector<unsigned char> derived(length);
    const bool made = context && EVP_KDF_derive(context.get(), derived.data(), derived.size(),
                                                params.data()) == 1;
    OPENSSL_cleanse(key.data(), key.size());
    ERR_clear_error();
    return made ? wrapped(derived) : Bytes{};
}

std::optional<Bytes> decrypted(EVP_CIPHER_CTX* context, const EVP_CIPHER* cipher,
                               std::span<const std::byte> key, std::span<const std::byte> nonce,
                               std::span<const std::byte> header, std::span<const std::byte> sealed,
                               bool ccm) {
    const auto text = plain(sealed.first(sealed.size() - tag_bytes));
    auto tag = plain(sealed.last(tag_bytes));
    const auto aad = plain(header);
    std::vector<unsigned char> opened(text.size());
    int length = 0;
    const auto size = static_cast<int>(text.size());
    const auto control = [&](int what, int number, void* pointer) {
        return EVP_CIPHER_CTX_ctrl(context, what, number, pointer) == 1;
    };
    const bool begun =
        EVP_DecryptInit_ex2(context, cipher, nullptr, nullptr, nullptr) == 1 &&
        control(EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(nonce.size()), nullptr) &&
        control(EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_bytes), tag.data()) &&
        EVP_DecryptInit_ex2(context, nullptr, plain(key).data(), plain(nonce).data(), nullptr) == 1;
    // CCM must know the length first, and tells with the last update whether it was right.
    const bool sized =
        begun && (!ccm || EVP_DecryptUpdate(context, nullptr, &length, nullptr, size) == 1);
    const bool taken = sized &&
                       EVP_DecryptUpdate(context, nullptr, &length, aad.data(),
                                         static_cast<int>(aad.size())) == 1 &&
                       EVP_DecryptUpdate(context, opened.data(), &length, text.data(), size) == 1;
    if (!taken || (!ccm && EVP_DecryptFinal_ex(context, opened.data() + length, &length) != 1)) {
        return std::nullopt;
    }
    return wrapped(opened);
}

}  // namespace

std::array<std::byte, 32> sha256(std::span<const std::byte> bytes) {
    std::array<unsigned char, 32> digest{};
    unsigned length = 0;
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
    std::array<std::byte, 32> result{};
    std::transform(digest.begin(), digest.end(), result.begin(),
                   [](unsigned char each) { return std::byte{each}; });
    return result;
}

std::string hex_of(std::span<const std::byte> bytes) {
    std::string hex;
    for (const std::byte each : bytes) {
        hex += "0123456789abcdef"[std::to_integer<unsigned>(each) >> 4U];
        hex += "0123456789abcdef"[std::to_integer<unsigned>(each) & 0x0fU];
    }
    return hex;
}

std::string sha256_hex(std::string_view text) {
    return hex_of(sha256(std::as_bytes(std::span(text))));
}

SuiteParts suite_parts(std::uint16_t cipher) {
    switch (cipher) {
        case 0x1301:
            return {"AES-128-GCM", "SHA256", 16};
        case 0x1302:
            return {"AES-256-GCM", "SHA384", 32};
        case 0x1303:
            return {"ChaCha20-Poly1305", "SHA256", 32};
        case 0x1304:
            return {"AES-128-CCM", "SHA256", 16};
        default:
            return {};
    }
}

Bytes hkdf_extract(std::span<const std::byte> salt, std::span<const std::byte> secret) {
    return hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, "SHA256", plain(secret), plain(salt), {}, 32);
}

Bytes hkdf_expand_label(const char* digest, std::span<const std::byte> secret,
                        std::string_view label, std::size_t length) {
    constexpr std::string_view prefix = "tls13 ";
    std::vector<unsigned char> info{static_cast<unsigned char>(length >> 8U),
                                    static_cast<unsigned char>(length & 0xffU),
                                    static_cast<unsigned char>(prefix.size() + label.size())};
    info.insert(info.end(), prefix.begin(), prefix.end());
    info.insert(info.end(), label.begin(), label.end());
    info.push_back(0);
    return hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, digest, plain(secret), {}, std::move(info), length);
}

std::optional<Bytes> open_sealed(const SuiteParts& suite, std::span<const std::byte> key,
                                 std::span<const std::byte> nonce,
                                 std::span<const std::byte> header,
                                 std::span<const std::byte> sealed) {
    if (suite.cipher == nullptr || sealed.size() < tag_bytes || key.size() != suite.key_bytes) {
        return std::nullopt;
    }
    const std::unique_ptr<EVP_CIPHER, Free> cipher(
        EVP_CIPHER_fetch(nullptr, suite.cipher, nullptr));
    const std::unique_ptr<EVP_CIPHER_CTX, Free> context(EVP_CIPHER_CTX_new());
    if (!cipher || !context) return std::nullopt;
    const bool ccm = EVP_CIPHER_get_mode(cipher.get()) == EVP_CIPH_CCM_MODE;
    auto opened = decrypted(context.get(), cipher.get(), key, nonce, header, sealed, ccm);
    ERR_clear_error();
    return opened;
}

Bytes header_mask(const SuiteParts& suite, std::span<const std::byte> key,
                  std::span<const std::byte> sample) {
    if (sample.size() != 16 || suite.cipher == nullptr || key.size() != suite.key_bytes) return {};
    const bool chacha = suite.cipher[0] == 'C';
    const char* name = suite.key_bytes == 16 ? "AES-128-ECB" : "AES-256-ECB";
    const std::unique_ptr<EVP_CIPHER, Free> cipher(
        EVP_CIPHER_fetch(nullptr, chacha ? "ChaCha20" : name, nullptr));
    const std::unique_ptr<EVP_CIPHER_CTX, Free> context(EVP_CIPHER_CTX_new());
    const auto bytes = plain(sample);
    const std::vector<unsigned char> zeros(5);
    std::vector<unsigned char> mask(32);
    int length = 0;
    const bool made = cipher && context &&
                      EVP_EncryptInit_ex2(context.get(), cipher.get(), plain(key).data(),
                                          chacha ? bytes.data() : nullptr, nullptr) == 1 &&
                      EVP_EncryptUpdate(context.get(), mask.data(), &length,
                                        chacha ? zeros.data() : bytes.data(), chacha ? 5 : 16) == 1;
    ERR_clear_error();
    mask.resize(5);
    return made ? wrapped(mask) : Bytes{};
}

}  // namespace nspect::capture
