// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/size_rule.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace nspect::capture {
namespace {

enum class Padding : std::uint8_t { none, sixteen_more, to_sixteen };

constexpr unsigned header = 4;             // of a handshake message
constexpr unsigned smallest_x509 = 150;    // no X.509 Certificate message fits below
constexpr unsigned smallest_raw_key = 40;  // without the tag
// A certificate of the shortest names, its signature and Finished in one record; shorter ones may
// be padded to 256 bytes and less.
constexpr unsigned smallest_flight = 300;

unsigned tag_of(std::uint16_t cipher) {
    return cipher == 0x1305 ? 8 : 16;  // TLS_AES_128_CCM_8_SHA256
}

unsigned hash_of(std::uint16_t cipher) {
    return cipher == 0x1302 ? 48 : 32;  // TLS_AES_256_GCM_SHA384
}

bool is_known(std::uint16_t cipher) {
    return cipher >= 0x1301 && cipher <= 0x1305;
}

// A record's length when it holds `content` bytes: the content type is one more (RFC 8446 §5.2).
unsigned record_length(Padding padding, unsigned content, unsigned tag) {
    const unsigned inner = content + 1;
    switch (padding) {
        case Padding::none:
            return inner + tag;
        case Padding::sixteen_more:
            return inner + 16 + tag;
        case Padding::to_sixteen:
            break;
    }
    return (inner + 15) / 16 * 16 + tag;
}

// Whether all records could come from a stack with this padding.
bool fits(Padding padding, std::span<const std::uint16_t> lengths, unsigned tag) {
    if (padding == Padding::none) return true;
    if (padding == Padding::sixteen_more) {
        return std::all_of(lengths.begin(), lengths.end(),
                           [&](unsigned each) { return each >= 1 + 16 + tag; });
    }
    // One length alone may be another policy's block.
    return lengths.size() >= 2 && std::all_of(lengths.begin(), lengths.end(), [&](unsigned each) {
               return each > tag && (each - tag) % 16 == 0;
           });
}

unsigned common_divisor(std::span<const std::uint16_t> lengths, unsigned tag) {
    unsigned common = 0;
    for (const unsigned each : lengths) common = std::gcd(common, each > tag ? each - tag : 1U);
    return common;
}

// A padding policy whose blocks hide the messages. A single record counts as soon as it could be
// one.
bool is_blocky(std::span<const std::uint16_t> lengths, unsigned tag) {
    return common_divisor(lengths, tag) % 32 == 0;
}

// Of records that are full because a fragment may not be longer, without the tag: a power of two
// and the content type (RFC 6066 §4).
bool is_full_fragment(unsigned inner) {
    constexpr unsigned fragments = 512 | 1024 | 2048 | 4096;
    return inner > 0 && std::has_single_bit(inner - 1) && ((inner - 1) & fragments) != 0;
}

// Blocks of any size.
bool has_blocks(std::span<const std::uint16_t> lengths, unsigned tag) {
    constexpr unsigned smallest_block = 24;
    const unsigned common = common_divisor(lengths, tag);
    return lengths.size() > 1 && common >= smallest_block && !is_full_fragment(common);
}

// Whether a first record that holds no message of a known length may be one of them, padded: by a
// policy for all records, or for those of handshakes alone.
bool may_be_padded(std::span<const std::uint16_t> lengths, unsigned tag) {
    constexpr unsigned large_block = 512;
    const bool alike =
        lengths.size() > 1 && lengths[0] == lengths[1] && !is_full_fragment(lengths[0] - tag);
    return is_blocky(lengths, tag) || has_blocks(lengths, tag) || alike ||
           (lengths[0] - tag) % large_block == 0;
}

SizeVerdict match(Padding padding, const ClientFlight& flight) {
    const auto lengths = flight.lengths;
    const unsigned tag = tag_of(flight.cipher);
    const unsigned hash = hash_of(flight.cipher);
    const unsigned finished = record_length(padding, header + hash, tag);
    const unsigned empty = record_length(padding, header + 4, tag);
    const unsigned both = record_length(padding, header + 4 + header + hash, tag);
    const auto followed_by_finished =
        std::find(lengths.begin() + 1, lengths.end(), finished) != lengths.end();

    if (lengths[0] == finished) {
        // An empty Certificate in a block of that length would look the same.
        const bool other = padding != Padding::none && has_blocks(lengths, tag);
        if (other) return {};
        return {ClientCert::not_requested, Confidence::high};
    }
    if (lengths[0] == empty && lengths.size() > 1 && lengths[1] == finished) {
        return {ClientCert::declined, Confidence::high};
    }
    // To sixteen, this is also a Finished alone.
    if (lengths[0] == both && padding != Padding::to_sixteen) {
        return {ClientCert::declined, Confidence::high};
    }
    const unsigned smallest = flight.raw_public_key ? smallest_raw_key + tag : smallest_x509;
    if (lengths[0] >= smallest && followed_by_finished) {
        return {ClientCert::presented, Confidence::high};
    }
    return {};
}

SizeVerdict by_client(const ClientFlight& flight) {
    const auto lengths = flight.lengths;
    const unsigned tag = tag_of(flight.cipher);
    const bool blocky = is_blocky(lengths, tag);
    for (const Padding padding : {Padding::none, Padding::sixteen_more, Padding::to_sixteen}) {
        if (padding != Padding::none && blocky) continue;
        if (padding == Padding::sixteen_more && flight.record_limit) continue;
        if (!fits(padding, lengths, tag)) continue;
        const SizeVerdict verdict = match(padding, flight);
        if (verdict.client_cert != ClientCert::unknown) return verdict;
    }
    if (lengths[0] < (flight.raw_public_key ? smallest_x509 : smallest_flight)) return {};
    if (!may_be_padded(lengths, tag)) return {ClientCert::presented, Confidence::high};
    // Stacks that pad send one message a record: an answer longer than the next is no empty one.
    const bool longer = lengths.size() > 1 && lengths[0] > lengths[1];
    return longer && flight.asked == Asked::yes
               ? SizeVerdict{ClientCert::presented, Confidence::medium}
               : SizeVerdict{};
}

// Where padding hides the client's answer the server may still have shown whether there is one. One
// record alone may be an alert.
SizeVerdict by_server(const ClientFlight& flight) {
    const auto lengths = flight.lengths;
    if (lengths.size() < 2 || !may_be_padded(lengths, tag_of(flight.cipher))) return {};
    if (flight.asked == Asked::no) return {ClientCert::not_requested, Confidence::medium};
    // A certificate cut into records of a negotiated length (RFC 8449) may look the same.
    const bool empty =
        lengths[0] == lengths[1] && lengths[0] < smallest_x509 && !flight.record_limit;
    return flight.asked == Asked::yes && empty
               ? SizeVerdict{ClientCert::declined, Confidence::medium}
               : SizeVerdict{};
}

// Every hash that ServerHello may have named must come to the same.
SizeVerdict without_cipher(ClientFlight flight) {
    SizeVerdict found;
    for (const std::uint16_t cipher : std::array<std::uint16_t, 2>{0x1301, 0x1302}) {
        flight.cipher = cipher;
        const SizeVerdict verdict = by_client(flight);
        if (verdict.client_cert == ClientCert::unknown) continue;
        const bool differs =
            found.client_cert != ClientCert::unknown && found.client_cert != verdict.client_cert;
        if (differs) return {};
        found = {verdict.client_cert, Confidence::medium};
    }
    return found;
}

}  // namespace

SizeVerdict judge_sizes(const ClientFlight& flight) {
    if (flight.lengths.empty()) return {};
    if (flight.cipher == 0) return without_cipher(flight);
    if (!is_known(flight.cipher)) return {};
    const SizeVerdict verdict = by_client(flight);
    if (verdict.client_cert == ClientCert::unknown) return by_server(flight);
    // An end that was not asked cannot answer.
    const bool answered = verdict.client_cert != ClientCert::not_requested;
    const bool contradicted =
        flight.asked != Asked::unknown && (flight.asked == Asked::yes) != answered;
    return contradicted ? SizeVerdict{} : verdict;
}

std::size_t flight_records(std::uint16_t cipher, std::span<const std::uint16_t> lengths) {
    const unsigned tag = tag_of(cipher);
    for (const Padding padding : {Padding::none, Padding::sixteen_more, Padding::to_sixteen}) {
        const unsigned finished = record_length(padding, header + hash_of(cipher), tag);
        const auto at = std::find(lengths.begin(), lengths.end(), finished);
        if (at != lengths.end()) return static_cast<std::size_t>(at - lengths.begin()) + 1;
    }
    return std::min<std::size_t>(lengths.size(), 1);
}

Asked asked_by_server(std::uint16_t cipher, std::span<const std::uint16_t> lengths) {
    if (!is_known(cipher)) return Asked::unknown;
    const unsigned tag = tag_of(cipher);
    for (const Padding padding : {Padding::none, Padding::sixteen_more, Padding::to_sixteen}) {
        if (!fits(padding, lengths, tag)) continue;
        const unsigned finished = record_length(padding, header + hash_of(cipher), tag);
        const auto at = std::find(lengths.begin(), lengths.end(), finished);
        // Extensions, [request,] certificate, signature, Finished. A certificate is long.
        const auto before = at - lengths.begin();
        if (at == lengths.end()) continue;
        // Extensions longer than this may have the request in their record.
        const unsigned extensions = record_length(padding, 24, tag);
        if (before == 3 && lengths[1] >= smallest_x509 && lengths[0] <= extensions) {
            return Asked::no;
        }
        if (before == 4 && lengths[2] >= smallest_x509 && lengths[1] < lengths[2]) {
            return Asked::yes;
        }
    }
    return Asked::unknown;
}

bool is_early_data_accepted(std::uint16_t cipher, std::span<const std::uint16_t> lengths) {
    if (!is_known(cipher)) return false;
    const unsigned tag = tag_of(cipher);
    for (const Padding padding : {Padding::none, Padding::sixteen_more, Padding::to_sixteen}) {
        const std::array<std::uint16_t, 2> end{
            static_cast<std::uint16_t>(record_length(padding, header, tag)),
            static_cast<std::uint16_t>(record_length(padding, header + hash_of(cipher), tag))};
        if (std::search(lengths.begin(), lengths.end(), end.begin(), end.end()) != lengths.end()) {
            return true;
        }
    }
    return false;
}

bool is_later_certificate(std::uint16_t cipher, const std::array<std::uint16_t, 3>& lengths) {
    if (!is_known(cipher)) return false;
    const unsigned tag = tag_of(cipher);
    // Signatures of Ed25519, P-256, P-384, P-521, RSA 2048, 3072, 4096.
    constexpr std::array<std::pair<unsigned, unsigned>, 7> signatures{
        {{64, 64}, {70, 72}, {102, 104}, {137, 139}, {256, 256}, {384, 384}, {512, 512}}};
    const unsigned finished = record_length(Padding::none, header + hash_of(cipher), tag);
    if (lengths[0] < smallest_x509 || lengths[2] != finished) return false;
    return std::any_of(signatures.begin(), signatures.end(), [&](const auto& each) {
        const unsigned around = header + 4 + 1 + tag;  // of a CertificateVerify
        return lengths[1] >= each.first + around && lengths[1] <= each.second + around;
    });
}

}  // namespace nspect::capture
