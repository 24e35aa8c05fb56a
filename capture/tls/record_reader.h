// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace nspect::capture {

enum class RecordType : std::uint8_t {
    change_cipher_spec = 20,
    alert = 21,
    handshake = 22,
    application_data = 23,
};

/// Steps from record to record (RFC 8446 §5.1). Bytes that were not captured are stepped over where
/// they lie inside a record.
class RecordReader {
public:
    struct Events {
        std::function<void(RecordType type, std::uint16_t length)> begin;
        std::function<void(RecordType type, std::span<const std::byte> bytes,
                           std::uint32_t missing)>
            body;
    };

    void feed(std::span<const std::byte> bytes, std::uint32_t missing, const Events& events);

    /// Where the next record begins is not known, or these are no records.
    bool broken() const { return broken_; }
    /// Bytes of the current record still to come.
    std::uint32_t body_left() const { return broken_ ? 0 : left_; }

private:
    void begin(const Events& events);

    std::array<std::byte, 5> header_{};
    std::size_t have_ = 0;
    std::uint32_t left_ = 0;
    RecordType type_ = RecordType::handshake;
    bool broken_ = false;
};

/// Steps from message to message inside handshake records in clear. Keeps the bodies of hellos,
/// tickets and certificates until they are whole, 64 KiB at most.
class MessageReader {
public:
    enum Type : std::uint8_t {
        client_hello = 1,
        server_hello = 2,
        new_session_ticket = 4,
        certificate = 11,
        certificate_request = 13,
        server_hello_done = 14,
        certificate_verify = 15,
        client_key_exchange = 16,
    };
    /// `body` is what was captured of `length` bytes; nothing of messages whose body is of no use.
    using OnMessage = std::function<void(std::uint8_t type, std::uint32_t length,
                                         std::span<const std::byte> body)>;

    void feed(std::span<const std::byte> bytes, std::uint32_t missing, const OnMessage& on_message);

    /// Every body, also those which are of no use in clear.
    void keep_all(bool all) { keep_all_ = all; }
    std::size_t held() const { return body_.capacity(); }
    void clear() { std::vector<std::byte>().swap(body_); }

private:
    void take_header(std::byte next, const OnMessage& on_message);
    void take_body(std::span<const std::byte> bytes, std::uint32_t missing,
                   const OnMessage& on_message);

    std::array<std::byte, 4> header_{};
    std::size_t have_ = 0;
    std::uint8_t type_ = 0;
    std::uint32_t length_ = 0;
    std::uint32_t left_ = 0;
    std::vector<std::byte> body_;
    bool keep_all_ = false;
    bool wanted_ = false;
    bool cut_ = false;
    bool lost_ = false;
};

}  // namespace nspect::capture
