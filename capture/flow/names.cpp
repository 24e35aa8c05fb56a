// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/names.h"

#include <functional>
#include <string>
#include <utility>

#include "capture/decode/dns.h"
#include "capture/flow/first_packet.h"

namespace nspect::capture {
namespace {

std::uint32_t ttl_of(const DnsMessage& message, const IpAddress& address) {
    for (const DnsAnswer& answer : message.answers) {
        const bool address_record = answer.type == dns_type::a || answer.type == dns_type::aaaa;
        if (address_record && answer.address == address) return answer.ttl;
    }
    return 0;
}

std::size_t hash_of(const NameSeen& name) {
    std::size_t hash = std::hash<std::string>{}(name.name);
    for (const std::size_t part :
         {std::hash<IpAddress>{}(name.address), std::hash<IpAddress>{}(name.asked_by),
          static_cast<std::size_t>(name.vantage) + 1}) {
        hash = (hash ^ part) * 0x9e3779b97f4a7c15;
    }
    return hash;
}

/// Over TCP when the segment holds a whole message, which answers nearly always do.
std::span<const std::byte> message_in(const DecodedPacket& packet) {
    if (packet.protocol == Protocol::udp) return packet.payload;
    std::span<const std::byte> stream = packet.payload;
    return next_dns_over_tcp(stream);
}

}  // namespace

void NameCollector::add(const DecodedPacket& packet, std::uint32_t vantage, Timestamp now) {
    const bool from_server = packet.src_port.number == 53 || packet.src_port.number == 5353;
    if (packet.payload.empty()) return;
    if (!from_server) {
        const bool question = packet.dst_port.number == 53 && packet.protocol == Protocol::udp;
        if (question) failed_.ask(packet, vantage, now);
        return;
    }
    const auto bytes = message_in(packet);
    if (bytes.empty()) return;
    const DnsMessage message = decode_dns(bytes);
    if (!message.response || message.outcome == DnsMessage::Outcome::malformed) return;
    if (packet.src_port.number == 53) failed_.answer(packet, message, vantage, now);
    for (const IpAddress& address : resolved_addresses(message)) {
        NameSeen name{
            now, vantage, packet.dst, message.question, address, ttl_of(message, address)};
        if (is_repeated(name)) continue;
        if (names_.size() >= limit_) {
            ++lost_;
        } else {
            names_.push_back(std::move(name));
        }
    }
}

std::vector<NameSeen> NameCollector::take() {
    return std::exchange(names_, {});
}

bool NameCollector::is_repeated(const NameSeen& name) {
    const std::uint64_t hash = hash_of(name);
    Recent& recent = recent_[hash % recent_.size()];
    if (recent.hash == hash && name.at - recent.at < std::chrono::minutes(1)) return true;
    recent = {hash, name.at};
    return false;
}

}  // namespace nspect::capture
