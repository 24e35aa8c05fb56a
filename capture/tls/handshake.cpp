// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/handshake.h"

#include "capture/decode/byte_cursor.h"

namespace nspect::capture {
namespace {

constexpr std::uint8_t fatal = 2;
// How far a direction is followed at most.
constexpr std::uint64_t max_followed = 1U << 20U;

}  // namespace

bool Handshake::see(const FlowPayload& segment) {
    facts_.set_ends({segment.client_ip, segment.server});
    TlsSide& side = sides_[index(segment.direction)];
    const auto is_client = [&] { return side.role() == TlsRole::client; };
    side.add(
        segment,
        {.records = {
             .begin = [&](RecordType type,
                          std::uint16_t length) { begin_record(is_client(), type, length); },
             .body = [&](RecordType type, std::span<const std::byte> bytes,
                         std::uint32_t missing) { take_body(is_client(), type, bytes, missing); }},
         .found = [&](TlsRole) {
             const TlsSide& other = sides_[index(reverse(segment.direction))];
             strange_ = strange_ || other.role() == side.role();
         }});
    if (side.cut()) facts_.take_cut(is_client());
    if (!is_enough()) return true;
    for (TlsSide& each : sides_) each.clear();
    for (End* end : {&client_, &server_}) {
        end->messages.clear();
        end->opened.clear();
        Bytes().swap(end->sealed);
    }
    return false;
}

std::optional<TlsSeen> Handshake::seen(bool over) const {
    if (strange_) return std::nullopt;
    return facts_.seen(over);
}

std::size_t Handshake::held() const {
    std::size_t held = sides_[0].held() + sides_[1].held();
    for (const End* end : {&client_, &server_}) {
        held += end->messages.held() + end->opened.held() + end->sealed.capacity();
    }
    return held;
}

bool Handshake::is_enough() const {
    if (strange_) return true;
    const TlsSide* client = nullptr;
    const TlsSide* server = nullptr;
    for (const TlsSide& each : sides_) {
        if (each.role() == TlsRole::client) client = &each;
        if (each.role() == TlsRole::server) server = &each;
        const bool vain = each.role() == TlsRole::unknown && each.over();
        if (vain && !facts_.has_client_hello()) return true;
        if (each.passed() > max_followed) return true;
    }
    if (client != nullptr && client->over()) {
        return facts_.has_server_hello() || (server != nullptr && server->over());
    }
    return facts_.is_enough();
}

void Handshake::begin_record(bool client, RecordType type, std::uint16_t length) {
    End& end = client ? client_ : server_;
    end.alert_bytes = type == RecordType::alert && length == 2 ? 2 : 0;
    facts_.begin_record(client, type, length);
    end.sealed.clear();
    end.sealed_length = 0;
    if (type != RecordType::application_data || !wants_opened(client)) return;
    end.sealed_length = length;
}

// Whether the key log has the secret of an end whose handshake is not open yet.
bool Handshake::wants_opened(bool client) {
    End& end = client ? client_ : server_;
    if (end.lost || !facts_.is_tls13() || facts_.is_open(client)) return false;
    if (end.opener) return true;
    const Bytes secret = facts_.secret(client);
    if (secret.empty()) return false;
    end.opener.emplace(facts_.cipher(), secret);
    end.opened.keep_all(true);
    return true;
}

void Handshake::take_body(bool client, RecordType type, std::span<const std::byte> bytes,
                          std::uint32_t missing) {
    End& end = client ? client_ : server_;
    if (type == RecordType::alert) return take_alert(client, bytes);
    if (type == RecordType::application_data) return take_sealed(client, bytes, missing);
    if (type != RecordType::handshake || facts_.is_sealed(client)) return;
    end.messages.feed(
        bytes, missing,
        [&](std::uint8_t message, std::uint32_t length, std::span<const std::byte> body) {
            facts_.take_message(client, message, length, body);
        });
}

// An encrypted alert is longer than its two bytes.
void Handshake::take_alert(bool client, std::span<const std::byte> bytes) {
    End& end = client ? client_ : server_;
    for (const std::byte each : bytes) {
        if (end.alert_bytes == 0) return;
        if (--end.alert_bytes == 1) {
            end.alert_level = std::to_integer<std::uint8_t>(each);
        } else if (end.alert_level == fatal) {
            facts_.take_alert(client, std::to_integer<std::uint8_t>(each));
        }
    }
}

void Handshake::take_sealed(bool client, std::span<const std::byte> bytes, std::uint32_t missing) {
    End& end = client ? client_ : server_;
    if (end.sealed_length == 0) return;
    end.lost = end.lost || missing > 0;
    end.sealed.insert(end.sealed.end(), bytes.begin(), bytes.end());
    if (end.lost || end.sealed.size() < end.sealed_length) return;
    open(client);
    end.sealed.clear();
    end.sealed_length = 0;
}

void Handshake::open(bool client) {
    End& end = client ? client_ : server_;
    const std::array<std::byte, 5> header{std::byte{23}, std::byte{3}, std::byte{3},
                                          static_cast<std::byte>(end.sealed_length >> 8U),
                                          static_cast<std::byte>(end.sealed_length & 0xffU)};
    const auto opened = end.opener->open(header, end.sealed);
    if (!opened) {
        // Early data has another key and stands before the flight.
        end.lost = !(client && facts_.early_data());
        return;
    }
    if (opened->type == static_cast<std::uint8_t>(RecordType::alert)) {
        if (opened->content.size() == 2) {
            facts_.take_alert(client, std::to_integer<std::uint8_t>(opened->content[1]));
        }
        return;
    }
    if (opened->type != static_cast<std::uint8_t>(RecordType::handshake)) return;
    end.opened.feed(opened->content, 0,
                    [&](std::uint8_t message, std::uint32_t, std::span<const std::byte> body) {
                        facts_.take_opened(client, message, body);
                    });
}

}  // namespace nspect::capture
