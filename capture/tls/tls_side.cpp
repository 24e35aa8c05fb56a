// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/tls_side.h"

#include <algorithm>

#include "capture/decode/byte_cursor.h"

namespace nspect::capture {
namespace {

constexpr std::size_t prefix_bytes = 6;  // a record's header and the type of its first message
constexpr unsigned handshake = 22;
constexpr unsigned alert = 21;

unsigned at(std::span<const std::byte> bytes, std::size_t i) {
    return std::to_integer<unsigned>(bytes[i]);
}

// Whether these bytes can be how a TLS stream begins: a hello, or the alert that answers one.
bool may_begin(std::span<const std::byte> b) {
    if (at(b, 0) != handshake && at(b, 0) != alert) return false;
    if (b.size() > 1 && at(b, 1) != 3) return false;
    if (b.size() > 2 && at(b, 2) > 4) return false;
    if (b.size() < 5) return true;
    const unsigned length = at(b, 3) << 8U | at(b, 4);
    if (at(b, 0) == alert ? length != 2 : length == 0 || length > 16384) return false;
    return b.size() < prefix_bytes || at(b, 5) == 1 || at(b, 5) == 2;
}

TlsRole role_of(std::span<const std::byte> prefix) {
    if (at(prefix, 0) == alert) return TlsRole::server;
    return at(prefix, 5) == MessageReader::client_hello ? TlsRole::client : TlsRole::server;
}

// MySQL clients do not wait between the packet that asks for TLS and the ClientHello, so both may
// share a segment: 32 bytes, sequence 1, capability 0x0800 (Protocol::SSLRequest).
std::size_t mysql_request(std::span<const std::byte> b) {
    constexpr std::size_t bytes = 36;
    const bool is = b.size() > bytes && at(b, 0) == 32 && at(b, 1) == 0 && at(b, 2) == 0 &&
                    at(b, 3) == 1 && (at(b, 5) & 0x08U) != 0;
    return is ? bytes : 0;
}

}  // namespace

bool TlsSide::may_begin_with(std::span<const std::byte> bytes) {
    bytes = bytes.subspan(mysql_request(bytes));
    return !bytes.empty() && may_begin(bytes.first(std::min(bytes.size(), prefix_bytes)));
}

void TlsSide::add(const FlowPayload& segment, const Events& events) {
    if (stopped_) return;
    const auto sink = [&](std::span<const std::byte> bytes, std::uint32_t missing) {
        take(bytes, missing, events);
    };
    order_.add(
        segment, [&] { return std::uint64_t{records_.body_left()}; }, sink);
    if (order_.broken() && role_ == TlsRole::unknown) {
        prefix_.clear();
        order_.jump(sink);
    }
}

bool TlsSide::over() const {
    const bool vain = role_ == TlsRole::unknown && order_.passed() > search_limit;
    return stopped_ || vain || order_.broken() || records_.broken();
}

void TlsSide::clear() {
    stopped_ = true;
    order_.clear();
    prefix_ = {};
}

void TlsSide::take(std::span<const std::byte> bytes, std::uint32_t missing, const Events& events) {
    if (role_ != TlsRole::unknown) return records_.feed(bytes, missing, events.records);
    const bool continued = !prefix_.empty();
    if (search(bytes, missing, events) || !continued || role_ != TlsRole::unknown) return;
    // What an earlier segment began came to nothing: this one may begin it too.
    search(bytes, missing, events);
}

// Returns false when the bytes, after those kept, are no beginning; nothing is kept then.
bool TlsSide::search(std::span<const std::byte> bytes, std::uint32_t missing,
                     const Events& events) {
    if (prefix_.empty()) bytes = bytes.subspan(mysql_request(bytes));
    const auto head = bytes.first(std::min(bytes.size(), prefix_bytes - prefix_.size()));
    prefix_.insert(prefix_.end(), head.begin(), head.end());
    const bool hopeless = prefix_.empty() || !may_begin(prefix_);
    if (hopeless || (prefix_.size() < prefix_bytes && missing > 0)) {
        prefix_.clear();
        return false;
    }
    if (prefix_.size() < prefix_bytes) return true;
    role_ = role_of(prefix_);
    const std::vector<std::byte> kept = std::move(prefix_);
    prefix_ = {};
    events.found(role_);
    records_.feed(kept, 0, events.records);
    records_.feed(bytes.subspan(head.size()), missing, events.records);
    return true;
}

}  // namespace nspect::capture
