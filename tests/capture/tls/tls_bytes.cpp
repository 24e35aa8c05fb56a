// SPDX-License-Identifier: Apache-2.0
#include "tls_bytes.h"

#include <algorithm>

namespace nspect::test {

using namespace nspect::capture;

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

Bytes bytes_of(std::string_view text) {
    const auto view = std::as_bytes(std::span(text.data(), text.size()));
    return {view.begin(), view.end()};
}

Bytes number(std::uint64_t value, std::size_t width) {
    Bytes bytes(width);
    for (std::size_t i = 0; i < width; ++i) {
        bytes[width - 1 - i] = static_cast<std::byte>(value >> (8 * i));
    }
    return bytes;
}

Bytes counted(const Bytes& body, std::size_t width) {
    return number(body.size(), width) + body;
}

Bytes record(unsigned type, const Bytes& body, unsigned version) {
    return number(type, 1) + number(version, 2) + counted(body, 2);
}

Bytes sealed(std::size_t length) {
    return record(23, Bytes(length, std::byte{0xee}));
}

Bytes message(unsigned type, const Bytes& body) {
    return number(type, 1) + counted(body, 3);
}

Bytes extension(unsigned type, const Bytes& body) {
    return number(type, 2) + counted(body, 2);
}

Bytes client_hello(const HelloOptions& options) {
    const Bytes name = number(0, 1) + counted(bytes_of("db.shop"), 2);
    Bytes extensions = extension(0, counted(name, 2)) +
                       extension(16, counted(counted(bytes_of("h2"), 1), 2)) +
                       extension(13, counted(number(0x0403, 2) + number(0x0804, 2), 2));
    if (options.tls13) {
        extensions = extensions + extension(43, counted(number(0x2a2a, 2) + number(0x0304, 2), 1));
    }
    if (options.early_data) extensions = extensions + extension(42, {});
    extensions = extensions + options.more_extensions;
    if (!options.psk_identity.empty()) {
        const Bytes identity = counted(bytes_of(options.psk_identity), 2) + number(7, 4);
        extensions =
            extensions + extension(41, counted(identity, 2) + counted(counted(Bytes(32), 1), 2));
    }
    return message(1, number(0x0303, 2) + Bytes(32, std::byte{7}) + counted(Bytes(32), 1) +
                          counted(number(0x0a0a, 2) + number(0x1301, 2) + number(0xc02f, 2), 2) +
                          counted(Bytes(1), 1) + counted(extensions, 2));
}

namespace {

Bytes server_hello_with(const Bytes& random, unsigned cipher, const Bytes& extensions) {
    return message(2, number(0x0303, 2) + random + counted(Bytes(32), 1) + number(cipher, 2) +
                          Bytes(1) + counted(extensions, 2));
}

}  // namespace

Bytes server_hello(const HelloOptions& options, unsigned cipher) {
    Bytes extensions;
    if (options.tls13) extensions = extension(43, number(0x0304, 2));
    if (!options.psk_identity.empty()) extensions = extensions + extension(41, number(0, 2));
    return server_hello_with(Bytes(32, std::byte{9}), cipher, extensions);
}

Bytes hello_retry_request() {
    const Bytes random = number(0xcf21ad74e59a6111, 8) + number(0xbe1d8c021e65b891, 8) +
                         number(0xc2a211167abb8c5e, 8) + number(0x079e09e2c8a8339c, 8);
    return server_hello_with(random, 0x1301, extension(43, number(0x0304, 2)));
}

Bytes ccs() {
    return record(20, number(1, 1));
}

Stream& Stream::client(const Bytes& bytes, std::size_t captured) {
    send(Direction::sent, sent_[0], bytes, captured);
    sent_[0] += static_cast<std::uint32_t>(bytes.size());
    return *this;
}

Stream& Stream::server(const Bytes& bytes, std::size_t captured) {
    send(Direction::received, sent_[1], bytes, captured);
    sent_[1] += static_cast<std::uint32_t>(bytes.size());
    return *this;
}

Stream& Stream::client_at(std::uint32_t offset, const Bytes& bytes) {
    send(Direction::sent, offset, bytes, bytes.size());
    return *this;
}

// Sequence numbers wrap after 1000 bytes, so every test has seen it.
void Stream::send(Direction direction, std::uint32_t offset, const Bytes& bytes,
                  std::size_t captured) {
    const std::uint32_t isn = 0U - 1000U;
    const auto view = std::span(bytes).first(std::min(captured, bytes.size()));
    const FlowPayload payload{.flow = flow_,
                              .direction = direction,
                              .from_client = direction == Direction::sent,
                              .sequence = isn + 1 + offset,
                              .isn = isn,
                              .isn_known = true,
                              .bytes = view,
                              .wire_bytes = static_cast<std::uint32_t>(bytes.size()),
                              .note = &note_};
    if (more_) more_ = see_(payload);
}

}  // namespace nspect::test
