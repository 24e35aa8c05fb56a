// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/key_log.h"

#include <algorithm>

#include <openssl/crypto.h>

namespace nspect::capture {
namespace {

constexpr std::size_t max_secrets = 1'000'000;

std::string_view next_word(std::string_view& line) {
    const std::size_t from = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(from);
    const std::size_t to = std::min(line.find_first_of(" \t\r"), line.size());
    const std::string_view word = line.substr(0, to);
    line.remove_prefix(to);
    return word;
}

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Bytes from_hex(std::string_view text) {
    Bytes bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        const int high = digit(text[i]);
        const int low = digit(text[i + 1]);
        if (high < 0 || low < 0) return {};
        bytes.push_back(static_cast<std::byte>(high * 16 + low));
    }
    return text.size() % 2 == 0 ? bytes : Bytes{};
}

std::string name_of(bool client, std::span<const std::byte> random) {
    std::string name(1, client ? 'c' : 's');
    for (const std::byte each : random) name += std::to_integer<char>(each);
    return name;
}

}  // namespace

KeyLog::~KeyLog() {
    for (auto& [name, secret] : secrets_) OPENSSL_cleanse(secret.data(), secret.size());
}

std::size_t KeyLog::add(std::string_view text) {
    std::size_t added = 0;
    while (!text.empty() && secrets_.size() < max_secrets) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::string_view label = next_word(line);
        const bool client = label == "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
        if (!client && label != "SERVER_HANDSHAKE_TRAFFIC_SECRET") continue;
        const Bytes random = from_hex(next_word(line));
        Bytes secret = from_hex(next_word(line));
        if (random.size() != 32 || (secret.size() != 32 && secret.size() != 48)) continue;
        secrets_.insert_or_assign(name_of(client, random), std::move(secret));
        ++added;
    }
    return added;
}

Bytes KeyLog::secret(bool client, std::span<const std::byte> client_random) const {
    const auto at = secrets_.find(name_of(client, client_random));
    return at == secrets_.end() ? Bytes{} : at->second;
}

RecordOpener::RecordOpener(std::uint16_t cipher, std::span<const std::byte> secret)
    : suite_(suite_parts(cipher)) {
    if (suite_.cipher == nullptr) return;
    key_ = hkdf_expand_label(suite_.digest, secret, "key", suite_.key_bytes);
    iv_ = hkdf_expand_label(suite_.digest, secret, "iv", 12);
}

std::optional<RecordOpener::Opened> RecordOpener::open(std::span<const std::byte> header,
                                                       std::span<const std::byte> body) {
    if (iv_.size() != 12) return std::nullopt;
    Bytes nonce = iv_;
    for (std::size_t i = 0; i < 8; ++i) {
        nonce[11 - i] ^= static_cast<std::byte>(sequence_ >> (8 * i) & 0xffU);
    }
    auto inner = open_sealed(suite_, key_, nonce, header, body);
    if (!inner) return std::nullopt;
    ++sequence_;
    while (!inner->empty() && inner->back() == std::byte{0}) inner->pop_back();
    if (inner->empty()) return std::nullopt;
    Opened opened{std::to_integer<std::uint8_t>(inner->back()), {}};
    inner->pop_back();
    opened.content = std::move(*inner);
    return opened;
}

}  // namespace nspect::capture
