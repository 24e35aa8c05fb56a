// SPDX-License-Identifier: Apache-2.0
// What is inside QUIC's Initial packets: for each a control byte (bit 0: from the server; 1: padded
// to 1200 bytes), two bytes of length and its frames, sealed here with the public keys, so that
// changed bytes get past the seal.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <openssl/evp.h>

#include "capture/decode/byte_cursor.h"
#include "capture/tls/quic.h"
#include "capture/tls/tls_tracker.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

constexpr std::array<std::uint8_t, 8> id{0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};
constexpr std::size_t most = 1400;

QuicKeys keys_of(const char* label) {
    constexpr std::array<std::uint8_t, 20> salt{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34,
                                                0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8,
                                                0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
    const Bytes secret = hkdf_extract(std::as_bytes(std::span(salt)), std::as_bytes(std::span(id)));
    return QuicKeys::of(1, 0x1301, hkdf_expand_label("SHA256", secret, label, 32));
}

void add(Bytes& bytes, std::initializer_list<unsigned> values) {
    for (const unsigned each : values) bytes.push_back(static_cast<std::byte>(each));
}

unsigned char* raw(Bytes& bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

const unsigned char* raw(const Bytes& bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

/// AES-128-GCM; the tag follows.
Bytes sealed(const QuicKeys& keys, const Bytes& nonce, const Bytes& header, const Bytes& plain) {
    Bytes out(plain.size() + 16);
    int done = 0;
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nullptr, raw(keys.key), raw(nonce));
    EVP_EncryptUpdate(context, nullptr, &done, raw(header), static_cast<int>(header.size()));
    EVP_EncryptUpdate(context, raw(out), &done, raw(plain), static_cast<int>(plain.size()));
    EVP_EncryptFinal_ex(context, raw(out) + done, &done);
    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, raw(out) + plain.size());
    EVP_CIPHER_CTX_free(context);
    return out;
}

/// RFC 9000 §17.2.2, with a packet number of four bytes.
Bytes initial(const QuicKeys& keys, const Bytes& frames, std::uint8_t number) {
    Bytes header;
    add(header, {0xc3, 0, 0, 0, 1, id.size()});
    for (const std::uint8_t each : id) add(header, {each});
    const auto length = static_cast<unsigned>(4 + frames.size() + 16);
    add(header, {0, 0, 0x40U | (length >> 8U), length & 0xffU, 0, 0, 0, number});
    Bytes nonce = keys.iv;
    nonce.back() ^= std::byte{number};
    const Bytes body = sealed(keys, nonce, header, frames);
    const Bytes mask = header_mask(keys.suite, keys.header_key, std::span(body).first(16));
    header[0] ^= mask[0] & std::byte{0x0f};
    for (std::size_t i = 0; i < 4; ++i) header[header.size() - 4 + i] ^= mask[i + 1];
    header.insert(header.end(), body.begin(), body.end());
    return header;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const QuicKeys client = keys_of("client in");
    static const QuicKeys server = keys_of("server in");
    TlsTracker tracker;
    ByteCursor in(std::as_bytes(std::span(bytes, size)));
    std::uint8_t number = 0;
    bool more = true;
    while (more && in.remaining() > 0) {
        const unsigned control = in.read<std::uint8_t>();
        const std::size_t length = in.read<std::uint16_t>();
        const auto taken = in.take(std::min({length, in.remaining(), most}));
        Bytes frames(taken.begin(), taken.end());
        if ((control & 2U) != 0) frames.resize(std::max<std::size_t>(frames.size(), 1200));
        const bool from_server = (control & 1U) != 0;
        const Bytes packet = initial(from_server ? server : client, frames, number++);
        more = tracker.see({.flow = 1,
                            .direction = from_server ? Direction::received : Direction::sent,
                            .bytes = packet,
                            .wire_bytes = static_cast<std::uint32_t>(packet.size()),
                            .protocol = Protocol::udp});
        Sighting sighting;
        sighting.id = 1;
        tracker.describe(sighting);
        if (sighting.tls && sighting.tls->sni.size() > 255) std::abort();
    }
    if (tracker.held_bytes() > 8U << 17U) std::abort();
    tracker.forget(1);
    if (tracker.held_bytes() != 0) std::abort();
    return 0;
}
