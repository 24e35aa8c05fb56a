// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/quic.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "capture/decode/byte_cursor.h"

namespace nspect::capture {
namespace {

constexpr std::uint32_t version1 = 1;
constexpr std::uint32_t version2 = 0x6b3343cf;
constexpr unsigned max_datagrams = 64;
constexpr std::size_t max_crypto = 65536;
constexpr std::size_t max_pieces = 64;

// RFC 9001 §5.2 and RFC 9369 §3.3.1: the salts of the Initial secrets.
constexpr std::array<std::uint8_t, 20> salt1{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34,
                                             0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8,
                                             0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
constexpr std::array<std::uint8_t, 20> salt2{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6,
                                             0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26,
                                             0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};

// Drafts 29 to 32, and 23 to 28, of what became RFC 9001; 33 and 34 have its own.
constexpr std::array<std::uint8_t, 20> salt29{0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2,
                                              0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61,
                                              0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
constexpr std::array<std::uint8_t, 20> salt23{0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb,
                                              0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4,
                                              0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};

/// Of a version that is read, or null.
const std::array<std::uint8_t, 20>* salt_of(std::uint32_t version) {
    if (version == version1) return &salt1;
    if (version == version2) return &salt2;
    if (version >> 8U != 0xff0000) return nullptr;
    const unsigned draft = version & 0xffU;
    if (draft < 23 || draft > 34) return nullptr;
    if (draft >= 33) return &salt1;
    return draft >= 29 ? &salt29 : &salt23;
}

enum class Kind : std::uint8_t { initial, early, handshake, retry };

Kind kind_of(std::uint32_t version, unsigned first) {
    const unsigned bits = first >> 4U & 3U;
    return static_cast<Kind>(version == version2 ? (bits + 3U) % 4U : bits);
}

// RFC 9000 §16.
std::uint64_t variable(ByteCursor& in) {
    const std::uint64_t first = in.read<std::uint8_t>();
    std::uint64_t value = first & 0x3fU;
    for (unsigned more = (1U << (first >> 6U)) - 1U; more > 0; --more) {
        value = value << 8U | in.read<std::uint8_t>();
    }
    return value;
}

// Frames that only say how the connection goes: their numbers are stepped over. Nothing for a
// frame that does not belong to a handshake.
std::optional<unsigned> plain_numbers(std::uint64_t type) {
    switch (type) {
        case 0x01:  // PING
        case 0x1e:  // HANDSHAKE_DONE
            return 0;
        default:
            return std::nullopt;
    }
}

void skip_acknowledgement(ByteCursor& in, bool with_counts) {
    variable(in);
    variable(in);
    std::uint64_t ranges = variable(in);
    variable(in);
    for (; ranges > 0 && !in.truncated(); --ranges) {
        variable(in);
        variable(in);
    }
    for (int i = 0; with_counts && i < 3; ++i) variable(in);
}

}  // namespace

QuicKeys QuicKeys::of(std::uint32_t version, std::uint16_t cipher,
                      std::span<const std::byte> secret) {
    const SuiteParts suite = suite_parts(cipher);
    if (suite.cipher == nullptr || secret.empty()) return {};
    const std::string prefix = version == version2 ? "quicv2 " : "quic ";
    return {suite, hkdf_expand_label(suite.digest, secret, prefix + "key", suite.key_bytes),
            hkdf_expand_label(suite.digest, secret, prefix + "iv", 12),
            hkdf_expand_label(suite.digest, secret, prefix + "hp", suite.key_bytes)};
}

void CryptoStream::add(std::uint64_t offset, std::span<const std::byte> bytes) {
    if (offset >= max_crypto || bytes.empty() || pieces_.size() >= max_pieces) return;
    bytes = bytes.first(std::min<std::size_t>(bytes.size(), max_crypto - offset));
    Bytes& piece = pieces_[offset];
    if (piece.size() >= bytes.size()) return;
    held_ += bytes.size() - piece.size();
    piece.assign(bytes.begin(), bytes.end());
}

Bytes CryptoStream::take() {
    Bytes taken;
    while (!pieces_.empty() && pieces_.begin()->first <= next_) {
        const auto& [offset, bytes] = *pieces_.begin();
        const std::uint64_t old = next_ - offset;
        if (old < bytes.size()) {
            taken.insert(taken.end(), bytes.begin() + static_cast<std::ptrdiff_t>(old),
                         bytes.end());
            next_ = offset + bytes.size();
        }
        held_ -= bytes.size();
        pieces_.erase(pieces_.begin());
    }
    return taken;
}

/// A packet with a long header.
struct QuicHandshake::Packet {
    std::span<const std::byte> bytes;  ///< all of it
    std::span<const std::byte> destination;
    std::uint32_t version = 0;
    Kind kind = Kind::initial;
    std::size_t number_at = 0;  ///< where the packet number begins

    std::optional<Bytes> open(const QuicKeys& keys) const;
    std::uint16_t length() const { return static_cast<std::uint16_t>(bytes.size() - number_at); }
};

// RFC 9001 §5.3, §5.4. Numbers are small in a handshake: what is sent is the whole of them.
std::optional<Bytes> QuicHandshake::Packet::open(const QuicKeys& keys) const {
    constexpr std::size_t sample_bytes = 16;
    if (bytes.size() < number_at + 4 + sample_bytes || keys.iv.size() != 12) return std::nullopt;
    const Bytes mask =
        header_mask(keys.suite, keys.header_key, bytes.subspan(number_at + 4, sample_bytes));
    if (mask.size() != 5) return std::nullopt;
    Bytes header(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(number_at + 4));
    header[0] ^= mask[0] & std::byte{0x0f};
    const std::size_t number_bytes = (std::to_integer<std::size_t>(header[0]) & 3U) + 1;
    header.resize(number_at + number_bytes);
    Bytes nonce = keys.iv;
    for (std::size_t i = 0; i < number_bytes; ++i) {
        header[number_at + i] ^= mask[i + 1];
        nonce[12 - number_bytes + i] ^= header[number_at + i];
    }
    return open_sealed(keys.suite, keys.key, nonce, header,
                       bytes.subspan(number_at + number_bytes));
}

bool QuicHandshake::begins(std::span<const std::byte> datagram) {
    ByteCursor in(datagram);
    const unsigned first = in.read<std::uint8_t>();
    const auto version = in.read<std::uint32_t>();
    const unsigned id = in.read<std::uint8_t>();
    if (in.truncated() || (first & 0xc0U) != 0xc0U || id > 20) return false;
    if (salt_of(version) == nullptr) return false;
    const Kind kind = kind_of(version, first);
    return kind == Kind::initial || kind == Kind::early;
}

std::size_t QuicHandshake::held() const {
    std::size_t held = 0;
    for (const End* end : {&client_, &server_}) {
        held += end->initial.held() + end->handshake.held() + end->initial_messages.held() +
                end->handshake_messages.held();
    }
    return held;
}

bool QuicHandshake::see(const FlowPayload& datagram) {
    if (over_) return false;
    if (!client_direction_) {
        // Only a client can have chosen the id that the keys are made from.
        auto rest = datagram.bytes;
        const auto packet = next_packet(rest);
        if (packet && packet->kind == Kind::initial) {
            derive_initial_keys(packet->version, packet->destination);
            if (packet->open(*client_.initial_keys)) client_direction_ = datagram.direction;
        }
    }
    if (client_direction_) {
        take_packets(datagram.direction == *client_direction_, datagram.bytes);
    }
    over_ = over_ || ++datagrams_ >= max_datagrams;
    if (!over_) return true;
    for (End* end : {&client_, &server_}) *end = End{};
    return false;
}

void QuicHandshake::derive_initial_keys(std::uint32_t version, std::span<const std::byte> id) {
    const auto* salt = salt_of(version);
    if (salt == nullptr) return;
    const Bytes secret = hkdf_extract(std::as_bytes(std::span(*salt)), id);
    constexpr std::uint16_t suite = 0x1301;
    for (auto [end, label] : {std::pair(&client_, "client in"), std::pair(&server_, "server in")}) {
        end->initial_keys =
            QuicKeys::of(version, suite, hkdf_expand_label("SHA256", secret, label, 32));
    }
}

// Several packets may share a datagram (RFC 9000 §12.2).
std::optional<QuicHandshake::Packet> QuicHandshake::next_packet(
    std::span<const std::byte>& datagram) const {
    ByteCursor in(datagram);
    Packet packet;
    const unsigned first = in.read<std::uint8_t>();
    packet.version = in.read<std::uint32_t>();
    packet.destination = in.take(in.read<std::uint8_t>());
    in.skip(in.read<std::uint8_t>());  // source id
    const bool known = salt_of(packet.version) != nullptr;
    if (in.truncated() || (first & 0x80U) == 0 || !known) return std::nullopt;
    packet.kind = kind_of(packet.version, first);
    if (packet.kind == Kind::retry) {
        datagram = {};
        return packet;
    }
    if (packet.kind == Kind::initial) in.skip(variable(in));
    const std::uint64_t length = variable(in);
    packet.number_at = datagram.size() - in.remaining();
    if (in.truncated() || length > in.remaining()) return std::nullopt;
    packet.bytes = datagram.first(packet.number_at + length);
    datagram = datagram.subspan(packet.bytes.size());
    return packet;
}

void QuicHandshake::take_packets(bool client, std::span<const std::byte> datagram) {
    constexpr std::size_t padded_to = 1200;
    const bool is_long = datagram.size() >= padded_to;
    bool with_initial = false;
    bool padded = false;
    while (!datagram.empty()) {
        if ((std::to_integer<unsigned>(datagram[0]) & 0x80U) == 0) {
            // Only a client that is through with its handshake sends data of its own.
            if (client && handshake_seen_) {
                facts_.take_quic_end();
                over_ = facts_.secret(true).empty() || facts_.is_open(true);
            }
            return;
        }
        const auto packet = next_packet(datagram);
        if (!packet) return;
        // Both ends use the one they agreed on from the server's first packet on (RFC 9368).
        facts_.take_quic_version(packet->version);
        if (packet->kind == Kind::initial) {
            with_initial = true;
            take_initial(client, *packet, padded);
        } else if (packet->kind == Kind::handshake) {
            // A datagram with an Initial packet is filled up, in any of its packets.
            const bool exact = !with_initial || padded || !is_long || !datagram.empty();
            if (client) facts_.take_quic_length(packet->length(), exact);
            handshake_seen_ = handshake_seen_ || client;
            take_handshake(client, *packet);
        }
    }
}

void QuicHandshake::take_initial(bool client, const Packet& packet, bool& padded) {
    const End& end = client ? client_ : server_;
    if (!end.initial_keys) return;
    auto frames = packet.open(*end.initial_keys);
    if (!frames && client && !facts_.has_server_hello()) {
        // After a Retry the client begins anew, with an id that the server chose.
        const auto keys = std::pair(client_.initial_keys, server_.initial_keys);
        derive_initial_keys(packet.version, packet.destination);
        frames = packet.open(*client_.initial_keys);
        if (!frames) std::tie(client_.initial_keys, server_.initial_keys) = keys;
    }
    if (frames) take_frames(client, *frames, true, padded);
}

void QuicHandshake::take_handshake(bool client, const Packet& packet) {
    End& end = client ? client_ : server_;
    if (!end.handshake_keys) {
        const Bytes secret = facts_.secret(client);
        if (secret.empty() || !facts_.has_server_hello()) return;
        end.handshake_keys = QuicKeys::of(packet.version, facts_.cipher(), secret);
    }
    bool padded = false;
    if (const auto frames = packet.open(*end.handshake_keys)) {
        take_frames(client, *frames, false, padded);
    }
}

void QuicHandshake::take_frames(bool client, std::span<const std::byte> frames, bool initial,
                                bool& padded) {
    constexpr std::uint64_t acknowledgement = 2, acknowledgement_ecn = 3, crypto = 6, close = 0x1c;
    End& end = client ? client_ : server_;
    ByteCursor in(frames);
    while (in.remaining() > 0) {
        const std::uint64_t type = variable(in);
        if (type == 0) {
            padded = true;
        } else if (type == acknowledgement || type == acknowledgement_ecn) {
            skip_acknowledgement(in, type == acknowledgement_ecn);
        } else if (type == crypto) {
            const std::uint64_t offset = variable(in);
            const auto bytes = in.take(variable(in));
            (initial ? end.initial : end.handshake).add(offset, bytes);
        } else if (type == close) {
            take_close(client, variable(in));
            break;
        } else if (!plain_numbers(type)) {
            break;
        }
        if (in.truncated()) break;
    }
    give_messages(client, initial);
}

// RFC 9001 §4.8: 0x0100 and the description of a TLS alert.
void QuicHandshake::take_close(bool client, std::uint64_t code) {
    if (code >= 0x0100 && code <= 0x01ff) {
        facts_.take_alert(client, static_cast<std::uint8_t>(code & 0xffU));
    }
}

void QuicHandshake::give_messages(bool client, bool initial) {
    End& end = client ? client_ : server_;
    const Bytes bytes = (initial ? end.initial : end.handshake).take();
    MessageReader& reader = initial ? end.initial_messages : end.handshake_messages;
    reader.keep_all(!initial);
    reader.feed(bytes, 0,
                [&](std::uint8_t type, std::uint32_t length, std::span<const std::byte> body) {
                    if (initial) {
                        facts_.take_message(client, type, length, body);
                    } else {
                        facts_.take_opened(client, type, body);
                    }
                });
}

}  // namespace nspect::capture
