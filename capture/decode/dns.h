// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/ip.h"

namespace nspect::capture {

namespace dns_type {
inline constexpr std::uint16_t a = 1, cname = 5, aaaa = 28;
}

/// One A, AAAA or CNAME record of an answer section.
struct DnsAnswer {
    std::string name;
    std::uint16_t type = 0;
    std::uint32_t ttl = 0;
    IpAddress address;   ///< A and AAAA
    std::string target;  ///< CNAME

    bool operator==(const DnsAnswer&) const = default;
};

/// A DNS message (RFC 1035), as far as names and addresses go. Names are lower-cased, without the
/// last dot ("." is the root); dots inside labels, backslashes and bytes that do not print are
/// escaped as in zone files ("\.", "\\", "\007").
struct DnsMessage {
    enum class Outcome : std::uint8_t { ok, truncated, malformed };
    Outcome outcome = Outcome::ok;  ///< otherwise what stands before the damage is still here
    std::uint16_t id = 0;
    bool response = false;
    bool cut = false;  ///< the TC bit: the rest goes over TCP
    std::uint8_t opcode = 0;
    std::uint8_t rcode = 0;
    std::string question;  ///< of the first question; empty when there is none
    std::uint16_t question_type = 0;
    std::vector<DnsAnswer> answers;  ///< at most max_dns_answers

    bool operator==(const DnsMessage&) const = default;
};
inline constexpr std::size_t max_dns_answers = 64;

DnsMessage decode_dns(std::span<const std::byte> message);

/// Takes the next whole message off a TCP stream, where a length of two bytes stands before each.
/// Empty, and `stream` unchanged, when it is not whole.
std::span<const std::byte> next_dns_over_tcp(std::span<const std::byte>& stream);

/// The addresses that the question's name leads to, along its CNAME chain.
std::vector<IpAddress> resolved_addresses(const DnsMessage& message);

}  // namespace nspect::capture
