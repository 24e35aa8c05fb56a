// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capture/flow/flow_table.h"

namespace nspect::test {

using Bytes = std::vector<std::byte>;

Bytes operator+(Bytes a, const Bytes& b);
Bytes bytes_of(std::string_view text);
/// Network order, `width` bytes.
Bytes number(std::uint64_t value, std::size_t width);
/// The bytes after their length.
Bytes counted(const Bytes& body, std::size_t width);

Bytes record(unsigned type, const Bytes& body, unsigned version = 0x0303);
/// Application data of TLS 1.3 whose length field says `length`.
Bytes sealed(std::size_t length);
Bytes message(unsigned type, const Bytes& body);
Bytes extension(unsigned type, const Bytes& body);

struct HelloOptions {
    bool tls13 = true;
    bool early_data = false;
    std::string psk_identity = {};
    Bytes more_extensions = {};
};
Bytes client_hello(const HelloOptions& options = {});
Bytes server_hello(const HelloOptions& options = {}, unsigned cipher = 0x1301);
Bytes hello_retry_request();
/// A change_cipher_spec record.
Bytes ccs();

/// Feeds one flow to whatever sees payloads.
class Stream {
public:
    explicit Stream(std::uint64_t flow, std::function<bool(const capture::FlowPayload&)> see)
        : flow_(flow), see_(std::move(see)) {}

    /// The next bytes of a direction; only the first `captured` were captured.
    Stream& client(const Bytes& bytes, std::size_t captured = SIZE_MAX);
    Stream& server(const Bytes& bytes, std::size_t captured = SIZE_MAX);
    /// Bytes at an offset of the client's stream.
    Stream& client_at(std::uint32_t offset, const Bytes& bytes);
    bool wants_more() const { return more_; }

private:
    void send(capture::Direction direction, std::uint32_t offset, const Bytes& bytes,
              std::size_t captured);

    std::uint64_t flow_;
    std::function<bool(const capture::FlowPayload&)> see_;
    capture::ObserverNote note_;
    std::uint32_t sent_[2] = {0, 0};
    bool more_ = true;
};

}  // namespace nspect::test
