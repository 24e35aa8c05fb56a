// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/failed_names.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace nspect::capture {
namespace {

constexpr std::size_t places = 1024;
constexpr std::uint16_t ptr = 12;

std::uint64_t mix(std::uint64_t hash, std::uint64_t part) {
    hash = (hash ^ part) * 0x9e3779b97f4a7c15;
    return hash ^ (hash >> 29U);
}

std::uint64_t hash_of(const IpAddress& address) {
    return std::hash<IpAddress>{}(address);
}

/// Never 0.
std::uint64_t key_of(const IpAddress& client, Port client_port, const IpAddress& server,
                     std::uint16_t id, std::uint32_t vantage) {
    std::uint64_t key = mix(hash_of(client), client_port.number);
    key = mix(key, hash_of(server));
    return mix(key, std::uint64_t{vantage} << 16U | id) | 1U;
}

std::optional<NameProblem> problem_of(std::uint8_t rcode) {
    switch (rcode) {  // RFC 1035 §4.1.1
        case 2:
            return NameProblem::server_failure;
        case 3:
            return NameProblem::no_such_name;
        case 1:
        case 4:
        case 5:
            return NameProblem::refused;
        default:
            return std::nullopt;
    }
}

}  // namespace

void FailedNames::ask(const DecodedPacket& packet, std::uint32_t vantage, Timestamp now) {
    const auto bytes = packet.payload;
    if (bytes.size() < 12 || (std::to_integer<unsigned>(bytes[2]) & 0xf8U) != 0) return;
    const auto id = static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[0]) << 8U |
                                               std::to_integer<unsigned>(bytes[1]));
    if (waiting_.empty()) waiting_.resize(places);
    const auto key = key_of(packet.src, packet.src_port, packet.dst, id, vantage);
    Waiting& place = waiting_[(key >> 1U) % places];
    if (place.key == key && now - place.at < patience) return;  // asked again
    if (place.key != 0 && now - place.at >= patience) give_up(place);
    place.key = key;
    place.at = now;
    place.vantage = vantage;
    place.asked_by = packet.src;
    place.server = packet.dst;
    place.length = static_cast<std::uint16_t>(std::min(bytes.size(), question_bytes));
    std::copy_n(bytes.begin(), place.length, place.bytes.begin());
}

void FailedNames::answer(const DecodedPacket& packet, const DnsMessage& message,
                         std::uint32_t vantage, Timestamp now) {
    if (!waiting_.empty()) {
        const auto key = key_of(packet.dst, packet.dst_port, packet.src, message.id, vantage);
        Waiting& place = waiting_[(key >> 1U) % places];
        if (place.key == key) place.key = 0;
    }
    const auto problem = problem_of(message.rcode);
    if (!problem || message.question.empty() || message.question_type == ptr) return;
    add({now, vantage, packet.dst, packet.src, message.question, *problem});
}

std::vector<NameFailure> FailedNames::take(Timestamp now) {
    for (Waiting& each : waiting_) {
        if (each.key != 0 && now - each.at >= patience) give_up(each);
    }
    return std::exchange(failures_, {});
}

void FailedNames::give_up(Waiting& waiting) {
    waiting.key = 0;
    const DnsMessage message = decode_dns(std::span(waiting.bytes).first(waiting.length));
    if (message.question.empty() || message.question_type == ptr) return;
    add({waiting.at, waiting.vantage, waiting.asked_by, waiting.server, message.question,
         NameProblem::unanswered});
}

void FailedNames::add(NameFailure failure) {
    std::uint64_t hash = mix(hash_of(failure.asked_by), std::hash<std::string>{}(failure.name));
    hash = mix(hash,
               std::uint64_t{failure.vantage} << 8U | static_cast<std::uint64_t>(failure.problem));
    Recent& recent = recent_[hash % recent_.size()];
    if (recent.hash == hash && failure.at - recent.at < std::chrono::minutes(1)) return;
    recent = {hash, failure.at};
    if (failures_.size() >= limit_) {
        ++lost_;
    } else {
        failures_.push_back(std::move(failure));
    }
}

}  // namespace nspect::capture
