// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/tls_tracker.h"

#include <optional>
#include <utility>
#include <variant>

#include "capture/decode/byte_cursor.h"
#include "capture/tls/dtls.h"
#include "capture/tls/handshake.h"
#include "capture/tls/quic.h"
#include "capture/tls/tls_search.h"

namespace nspect::capture {

/// Reads one flow, whatever carries its TLS.
class FlowReader {
public:
    using Any = std::variant<Handshake, DtlsHandshake, QuicHandshake>;
    explicit FlowReader(Any any) : any_(std::move(any)) {}

    bool see(const FlowPayload& payload) {
        return std::visit([&](auto& each) { return each.see(payload); }, any_);
    }
    std::optional<TlsSeen> seen(bool over) const {
        return std::visit([&](const auto& each) { return each.seen(over); }, any_);
    }
    std::size_t held() const {
        return std::visit([](const auto& each) { return each.held(); }, any_);
    }

private:
    Any any_;
};

namespace {

// What may read a flow that begins with this payload.
std::unique_ptr<FlowReader> reader_for(const FlowPayload& payload, TlsContext* context) {
    if (payload.protocol == Protocol::tcp) {
        return std::make_unique<FlowReader>(Handshake(context));
    }
    if (payload.protocol != Protocol::udp) return nullptr;
    if (QuicHandshake::begins(payload.bytes)) {
        return std::make_unique<FlowReader>(QuicHandshake(context));
    }
    if (DtlsHandshake::begins(payload.bytes)) {
        return std::make_unique<FlowReader>(DtlsHandshake(context));
    }
    return nullptr;
}

// STUN (RFC 8489 §5): DTLS may follow it on the same ports (RFC 7983).
bool is_stun(std::span<const std::byte> datagram) {
    ByteCursor in(datagram);
    const auto type = in.read<std::uint16_t>();
    in.skip(2);
    return in.read<std::uint32_t>() == 0x2112a442 && type < 0x4000;
}

}  // namespace

TlsTracker::TlsTracker(TlsLimits limits)
    : limits_(limits), context_(std::make_unique<TlsContext>()) {}
TlsTracker::~TlsTracker() = default;

std::size_t TlsTracker::add_secrets(std::string_view key_log) {
    return context_->keys.add(key_log);
}

PayloadObserver TlsTracker::observer() {
    return {.see = [this](const FlowPayload& payload) { return see(payload); },
            .describe = [this](Sighting& sighting) { describe(sighting); },
            .forget = [this](std::uint64_t flow) { forget(flow); }};
}

bool TlsTracker::see(const FlowPayload& payload) {
    if (payload.protocol == Protocol::tcp && payload.note != nullptr) {
        TlsSearch searched(*payload.note);
        if (!searched.is_over()) return search(searched, payload);
    }
    return read(payload);
}

// Most flows are no TLS, and nothing is kept here of these.
bool TlsTracker::search(TlsSearch& searched, const FlowPayload& payload) {
    switch (searched.see(payload)) {
        case TlsSearch::Found::nothing:
            look_for_login(payload);
            return true;
        case TlsSearch::Found::nothing_any_more:
            look_for_login(payload);
            return false;
        case TlsSearch::Found::maybe:
            break;
    }
    Handshake handshake(context_.get());
    for (const Direction each : {Direction::sent, Direction::received}) {
        handshake.resume(each, searched.position(each));
    }
    searched.end();
    flows_[payload.flow].reader = std::make_unique<FlowReader>(std::move(handshake));
    return read(payload);
}

bool TlsTracker::read(const FlowPayload& payload) {
    auto at = flows_.find(payload.flow);
    if (at == flows_.end()) {
        auto reader = reader_for(payload, context_.get());
        if (!reader) return payload.protocol == Protocol::udp && is_stun(payload.bytes);
        at = flows_.try_emplace(payload.flow).first;
        at->second.reader = std::move(reader);
    }
    Tracked& flow = at->second;
    if (!flow.reader) return false;
    if (payload.protocol == Protocol::tcp && flow.login == Login::none) {
        flow.login = login_in(payload.bytes, payload.from_client);
    }
    const bool more = flow.reader->see(payload);
    count_held(payload.flow, flow, flow.reader->held());
    if (!more) finish(at);
    make_room();
    return more;
}

void TlsTracker::look_for_login(const FlowPayload& payload) {
    const Login login = login_in(payload.bytes, payload.from_client);
    if (login == Login::none) return;
    Tracked& flow = flows_[payload.flow];
    if (flow.login == Login::none) flow.login = login;
    make_room();
}

void TlsTracker::count_held(std::uint64_t id, Tracked& flow, std::size_t held) {
    if (held > 0 && flow.held == 0) holding_.insert(id);
    if (held == 0 && flow.held > 0) holding_.erase(id);
    held_ += held - flow.held;
    flow.held = held;
}

// Keeps the facts and gives up what read them.
void TlsTracker::finish(Flows::iterator at) {
    Tracked& flow = at->second;
    auto seen = flow.reader->seen(false);
    auto at_end = flow.reader->seen(true);
    count_held(at->first, flow, 0);
    flow.reader.reset();
    if (!seen) {
        if (flow.login == Login::none) flows_.erase(at);
        return;
    }
    if (at_end && *at_end != *seen)
        flow.seen_at_end = std::make_unique<TlsSeen>(std::move(*at_end));
    flow.seen = std::make_unique<TlsSeen>(std::move(*seen));
}

void TlsTracker::make_room() {
    for (; flows_.size() > limits_.flows; ++evicted_) forget(flows_.begin()->first);
    for (; held_ > limits_.held_bytes; ++evicted_) forget(*holding_.begin());
}

void TlsTracker::describe(Sighting& sighting) const {
    const auto at = flows_.find(sighting.id);
    if (at == flows_.end()) return;
    const Tracked& flow = at->second;
    if (flow.reader) {
        sighting.tls = flow.reader->seen(sighting.finished);
    } else if (flow.seen) {
        const bool end = sighting.finished && flow.seen_at_end;
        sighting.tls = end ? *flow.seen_at_end : *flow.seen;
    }
    // "http" becomes "http-basic"; what looks like a login of another protocol is none.
    const std::string_view login = to_string(flow.login);
    const bool own = !sighting.app.empty() && login.starts_with(sighting.app + "-");
    if (own && !sighting.tls) sighting.app = login;
}

void TlsTracker::forget(std::uint64_t flow) {
    const auto at = flows_.find(flow);
    if (at == flows_.end()) return;
    count_held(flow, at->second, 0);
    flows_.erase(at);
}

}  // namespace nspect::capture
