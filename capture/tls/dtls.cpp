// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/dtls.h"

#include <algorithm>

#include "capture/decode/byte_cursor.h"
#include "capture/tls/record_reader.h"

namespace nspect::capture {
namespace {

constexpr unsigned max_datagrams = 64;
constexpr std::size_t max_message = 65536;
constexpr std::size_t max_messages = 32;  // of one direction
constexpr std::size_t record_header = 13;
constexpr std::size_t message_header = 12;

bool is_version(std::uint16_t version) {
    return version == 0xfeff || version == 0xfefd || version == 0x0100;  // the last: a draft
}

unsigned length3(ByteCursor& in) {
    const unsigned high = in.read<std::uint8_t>();
    return high << 16U | in.read<std::uint16_t>();
}

}  // namespace

bool DtlsHandshake::begins(std::span<const std::byte> datagram) {
    ByteCursor in(datagram);
    const unsigned type = in.read<std::uint8_t>();
    const auto version = in.read<std::uint16_t>();
    const auto epoch = in.read<std::uint16_t>();
    in.skip(6);
    const unsigned length = in.read<std::uint16_t>();
    const unsigned message = in.read<std::uint8_t>();
    return !in.truncated() && type == static_cast<unsigned>(RecordType::handshake) &&
           is_version(version) && epoch == 0 && length > message_header && message <= 3;
}

std::size_t DtlsHandshake::held() const {
    std::size_t held = 0;
    for (const Messages& each : messages_) {
        for (const auto& [number, message] : each) held += message.body.size();
    }
    return held;
}

bool DtlsHandshake::see(const FlowPayload& datagram) {
    ByteCursor in(datagram.bytes);
    while (in.remaining() >= record_header) {
        const auto type = in.read<std::uint8_t>();
        const auto version = in.read<std::uint16_t>();
        const unsigned epoch = in.read<std::uint16_t>();
        in.skip(6);  // sequence number
        const auto body = in.take(in.read<std::uint16_t>());
        if (in.truncated() || !is_version(version)) break;
        take_record(datagram.direction, type, epoch, body);
    }
    const bool more = ++datagrams_ < max_datagrams && !facts_.is_enough();
    if (!more) messages_ = {};
    return more;
}

void DtlsHandshake::take_record(Direction direction, std::uint8_t type, unsigned epoch,
                                std::span<const std::byte> body) {
    if (type < 20 || type > 23) return;
    const auto record = static_cast<RecordType>(type);
    if (record == RecordType::handshake && epoch == 0) return take_fragments(direction, body);
    if (!client_) return;
    const bool client = is_client(direction);
    if (record == RecordType::alert && epoch == 0 && body.size() == 2) {
        constexpr std::byte fatal{2};
        if (body[0] == fatal) facts_.take_alert(client, std::to_integer<std::uint8_t>(body[1]));
        return;
    }
    facts_.begin_record(client, record, static_cast<std::uint16_t>(body.size()));
}

void DtlsHandshake::take_fragments(Direction direction, std::span<const std::byte> bytes) {
    ByteCursor in(bytes);
    Messages& messages = messages_[index(direction)];
    while (in.remaining() >= message_header) {
        const auto type = in.read<std::uint8_t>();
        const unsigned length = length3(in);
        const auto number = in.read<std::uint16_t>();
        const unsigned offset = length3(in);
        const auto part = in.take(length3(in));
        if (in.truncated() || length > max_message || offset + part.size() > length) return;
        if (type == MessageReader::client_hello && !client_) client_ = direction;
        if (type == MessageReader::server_hello && !client_) client_ = reverse(direction);
        if (!messages.contains(number) && messages.size() >= max_messages) return;
        Message& message = messages[number];
        if (message.given || offset > message.have) continue;
        message.type = type;
        message.body.resize(length);
        std::copy(part.begin(), part.end(),
                  message.body.begin() + static_cast<std::ptrdiff_t>(offset));
        message.have = std::max<std::size_t>(message.have, offset + part.size());
        if (message.have < length) continue;
        message.given = true;
        facts_.take_message(is_client(direction), type, length, message.body);
        message.body = {};
    }
}

}  // namespace nspect::capture
