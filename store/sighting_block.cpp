// SPDX-License-Identifier: Apache-2.0
#include "store/sighting_block.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

namespace nspect::store {

namespace {

constexpr std::string_view null = "null";
constexpr std::size_t usual_bytes = 16384;

// A forged file may hold any two times.
std::int64_t difference(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

std::int64_t sum(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// Codes, flags and what is narrower than a number in the file.
template <class T>
std::int64_t number(T value) {
    return static_cast<std::int64_t>(value);
}
std::optional<std::int64_t> number(const std::optional<std::uint32_t>& value) {
    return value ? std::optional<std::int64_t>(*value) : std::nullopt;
}

}  // namespace

BlockText::BlockText(Timestamp from) : from_(from), text_(usual_bytes) {
    add('[');
}

void BlockText::add(char c) {
    if (size_ == text_.size()) text_.resize(2 * size_);
    text_[size_++] = c;
}

char* BlockText::value_of(std::size_t bytes) {
    if (text_[size_ - 1] != '[') add(',');
    if (text_.size() - size_ < bytes) text_.resize(2 * text_.size() + bytes);
    return text_.data() + size_;
}

void BlockText::add(const Sighting& sighting, std::int64_t app, std::optional<std::int64_t> tls) {
    end_sighting();
    if (needed_ != 0) add(',');
    add('[');
    needed_ = size_;
    put(sighting.id).put(sighting.first).put(sighting.last);
    put(number(sighting.vantage)).put(number(sighting.protocol)).put(number(sighting.ip_protocol));
    put(sighting.client.ip).put(number(sighting.client.port.number));
    put(sighting.server.ip).put(number(sighting.server.port.number));
    put(number(sighting.direction)).put(number(sighting.outcome)).put(number(sighting.finished));
    put(sighting.sent.packets).put(sighting.sent.bytes);
    put(sighting.received.packets).put(sighting.received.bytes);
    put(number(sighting.retransmits)).put(number(sighting.client_isn));
    put(number(sighting.server_isn)).put(sighting.fingerprint);
    put(sighting.handshake_time.count()).put(app).put(tls);
    put(number(sighting.largest_sent)).put(number(sighting.largest_received));
    put(number(sighting.broadcast)).put(sighting.think_time.count());
    put(number(sighting.reordered)).put(number(sighting.zero_windows));
    put(number(sighting.client_mss)).put(number(sighting.server_mss));
    put(number(sighting.path_mtu)).put(number(sighting.icmp_errors));
    put(number(sighting.vlan)).put(number(sighting.outer_vlan));
    if (const auto& tunnel = sighting.tunnel) {
        put(number(tunnel->kind)).put(number(tunnel->depth)).put(number(tunnel->id));
        put(tunnel->client).put(tunnel->server);
    }
}

void BlockText::end_sighting() {
    if (needed_ == 0) return;
    size_ = needed_;
    add(']');
}

std::string_view BlockText::finish() {
    end_sighting();
    add(']');
    return {text_.data(), size_};
}

BlockText& BlockText::put(const IpAddress& address) {
    const std::string text = to_string(address);
    char* at = value_of(text.size() + 2);
    *at++ = '"';
    at = std::copy(text.begin(), text.end(), at);
    *at++ = '"';
    needed_ = size_ = static_cast<std::size_t>(at - text_.data());
    return *this;
}

BlockText& BlockText::put(Timestamp time) {
    return put(difference(time.time_since_epoch().count(), from_.time_since_epoch().count()));
}

BlockText& BlockText::put(std::int64_t value) {
    constexpr std::size_t most = std::numeric_limits<std::int64_t>::digits10 + 2;
    char* const at = value_of(most);
    size_ = static_cast<std::size_t>(std::to_chars(at, at + most, value).ptr - text_.data());
    if (value != 0) needed_ = size_;
    return *this;
}

BlockText& BlockText::put_null() {
    std::copy(null.begin(), null.end(), value_of(null.size()));
    size_ += null.size();
    return *this;
}

bool BlockRow::take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
}

bool BlockRow::next() {
    if (!begun_) {
        begun_ = true;
        if (!take('[')) return false;
        whole_ = text_ == "[]";
        if (whole_) return false;
    } else {
        if (!ended_) {
            const auto end = text_.find(']', at_);
            if (end == std::string_view::npos) return false;
            at_ = end + 1;
        }
        if (!take(',')) {
            whole_ = take(']') && at_ == text_.size();
            return false;
        }
    }
    start_over();
    ended_ = false;
    first_ = true;
    return take('[');
}

/// Moves to the next value of the sighting; false when it has no more.
bool BlockRow::at_value() {
    if (ended_) return false;
    if (take(']')) {
        ended_ = true;
        return false;
    }
    const bool follows = first_ || take(',');
    check(follows);
    first_ = false;
    return follows;
}

std::int64_t BlockRow::integer() {
    std::int64_t value = 0;
    if (!at_value()) return value;
    const char* const begin = text_.data() + at_;
    const auto read = std::from_chars(begin, text_.data() + text_.size(), value);
    check(read.ec == std::errc{});
    at_ += static_cast<std::size_t>(read.ptr - begin);
    return value;
}

std::string_view BlockRow::text_view() {
    if (!at_value() || !take('"')) {
        check(false);
        return {};
    }
    const auto end = text_.find('"', at_);
    check(end != std::string_view::npos);
    if (!ok()) return {};
    const auto text = text_.substr(at_, end - at_);
    at_ = end + 1;
    return text;
}

bool BlockRow::take_null() {
    if (ended_ || (at_ < text_.size() && text_[at_] == ']')) return !at_value();
    const std::size_t comma = first_ ? 0 : 1;
    if (text_.substr(std::min(at_ + comma, text_.size()), null.size()) != null) return false;
    if (at_value()) at_ += null.size();
    return true;
}

std::string BlockRow::text() {
    const auto app = apps_->find(integer());
    check(app != apps_->end());
    return ok() ? app->second : std::string();
}

Timestamp BlockRow::time() {
    const auto time = sum(from_.time_since_epoch().count(), integer());
    return Timestamp(Duration(std::max<std::int64_t>(time, 0)));
}

}  // namespace nspect::store
