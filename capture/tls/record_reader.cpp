// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/record_reader.h"

#include <algorithm>

#include "capture/decode/byte_cursor.h"

namespace nspect::capture {
namespace {

constexpr std::uint16_t max_record = 16384 + 2048;  // TLS 1.2 allows compression and padding
constexpr std::uint32_t max_message = 65536;

}  // namespace

void RecordReader::feed(std::span<const std::byte> bytes, std::uint32_t missing,
                        const Events& events) {
    while (!broken_ && !bytes.empty()) {
        if (left_ > 0) {
            const auto body = bytes.first(std::min<std::size_t>(left_, bytes.size()));
            left_ -= static_cast<std::uint32_t>(body.size());
            bytes = bytes.subspan(body.size());
            events.body(type_, body, 0);
            continue;
        }
        header_[have_++] = bytes.front();
        bytes = bytes.subspan(1);
        if (have_ == header_.size()) begin(events);
    }
    if (broken_ || missing == 0) return;
    if (missing > left_) {
        events.body(type_, {}, left_);
        broken_ = true;
        return;
    }
    left_ -= missing;
    events.body(type_, {}, missing);
}

void RecordReader::begin(const Events& events) {
    ByteCursor header(header_);
    const auto type = header.read<std::uint8_t>();
    const auto major = header.read<std::uint8_t>();
    header.skip(1);
    const auto length = header.read<std::uint16_t>();
    have_ = 0;
    if (type < 20 || type > 24 || major != 3 || length > max_record) {
        broken_ = true;
        return;
    }
    type_ = static_cast<RecordType>(type);
    left_ = length;
    events.begin(type_, length);
}

void MessageReader::feed(std::span<const std::byte> bytes, std::uint32_t missing,
                         const OnMessage& on_message) {
    while (!lost_ && !bytes.empty()) {
        if (left_ > 0) {
            const auto body = bytes.first(std::min<std::size_t>(left_, bytes.size()));
            bytes = bytes.subspan(body.size());
            take_body(body, 0, on_message);
        } else {
            take_header(bytes.front(), on_message);
            bytes = bytes.subspan(1);
        }
    }
    if (lost_ || missing == 0) return;
    if (left_ > 0) {
        const std::uint32_t inside = std::min(left_, missing);
        missing -= inside;
        take_body({}, inside, on_message);
    }
    lost_ = missing > 0;
}

void MessageReader::take_header(std::byte next, const OnMessage& on_message) {
    header_[have_++] = next;
    if (have_ < header_.size()) return;
    have_ = 0;
    ByteCursor header(header_);
    const auto word = header.read<std::uint32_t>();
    type_ = static_cast<std::uint8_t>(word >> 24U);
    length_ = word & 0xffffffU;
    left_ = length_;
    cut_ = false;
    body_.clear();
    wanted_ = (keep_all_ || type_ == client_hello || type_ == server_hello ||
               type_ == certificate || type_ == new_session_ticket) &&
              length_ <= max_message;
    if (!wanted_ || left_ == 0) on_message(type_, length_, {});
}

void MessageReader::take_body(std::span<const std::byte> bytes, std::uint32_t missing,
                              const OnMessage& on_message) {
    left_ -= static_cast<std::uint32_t>(bytes.size()) + missing;
    if (!wanted_) return;
    cut_ = cut_ || missing > 0;
    // Only what precedes the first hole is of use.
    if (!cut_) body_.insert(body_.end(), bytes.begin(), bytes.end());
    if (left_ > 0) return;
    on_message(type_, length_, body_);
    clear();
}

}  // namespace nspect::capture
