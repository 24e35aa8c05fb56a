// SPDX-License-Identifier: Apache-2.0
#include "capture/tls/session_memory.h"

#include <algorithm>

#include "capture/tls/crypto.h"

namespace nspect::capture {
namespace {

constexpr std::size_t max_sessions = 16384;
constexpr std::size_t max_servers = 4096;
constexpr std::size_t max_tickets = 64;  // of one server

std::string digest_of(std::span<const std::byte> id) {
    std::string key;
    for (const std::byte each : sha256(id)) key += std::to_integer<char>(each);
    return key;
}

// A record holds one NewSessionTicket message, or two of the same length.
bool may_hold(std::size_t record, std::size_t ticket) {
    const auto within = [&](std::size_t tickets, std::size_t least, std::size_t most) {
        return record >= tickets + least && record <= tickets + most;
    };
    return within(ticket, 34, 75) || within(2 * ticket, 50, 130);
}

}  // namespace

void SessionMemory::remember(std::span<const std::byte> id, const Origin& origin) {
    if (id.empty()) return;
    std::string key = digest_of(id);
    const auto [at, is_new] = known_.insert_or_assign(key, origin);
    if (!is_new) return;
    order_.push_back(std::move(key));
    if (order_.size() <= max_sessions) return;
    known_.erase(order_.front());
    order_.pop_front();
}

std::optional<SessionMemory::Origin> SessionMemory::find(std::span<const std::byte> id) const {
    if (id.empty()) return std::nullopt;
    const auto at = known_.find(digest_of(id));
    return at == known_.end() ? std::nullopt : std::optional(at->second);
}

void SessionMemory::remember_ticket(const FlowEnds& ends, std::uint16_t length,
                                    ClientCert client_cert) {
    if (!tickets_.contains(ends.server) && tickets_.size() >= max_servers) {
        tickets_.erase(tickets_.begin());
    }
    auto& tickets = tickets_[ends.server];
    const Ticket ticket{ends.client, length, client_cert};
    if (std::find(tickets.begin(), tickets.end(), ticket) != tickets.end()) return;
    tickets.push_back(ticket);
    if (tickets.size() > max_tickets) tickets.pop_front();
}

SessionMemory::Origin SessionMemory::find_ticket(const FlowEnds& ends, std::size_t length) const {
    const auto at = tickets_.find(ends.server);
    if (at == tickets_.end()) return {};
    const auto ask = [&](bool same_client, Confidence confidence) {
        Origin origin;
        for (const Ticket& each : at->second) {
            if ((each.client == ends.client) != same_client || !may_hold(each.length, length)) {
                continue;
            }
            // Two kinds of session with tickets of one length: nothing can be told.
            if (origin.confidence != Confidence::none && origin.client_cert != each.client_cert) {
                return std::pair(Origin{}, true);
            }
            origin.client_cert = each.client_cert;
            origin.confidence = confidence;
        }
        if (origin.client_cert == ClientCert::unknown) origin.confidence = Confidence::none;
        return std::pair(origin, origin.confidence != Confidence::none);
    };
    const auto own = ask(true, Confidence::high);
    return own.second ? own.first : ask(false, Confidence::medium).first;
}

}  // namespace nspect::capture
