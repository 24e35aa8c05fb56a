// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/icmp.h"

namespace nspect::capture {
namespace {

IcmpKind kind4(std::uint8_t type) {
    switch (type) {
        case 8:
        case 13:
        case 17:
            return IcmpKind::request;
        case 0:
        case 14:
        case 18:
            return IcmpKind::reply;
        case 3:
        case 4:
        case 5:
        case 11:
        case 12:
            return IcmpKind::error;
        default:
            return IcmpKind::other;
    }
}

IcmpKind kind6(std::uint8_t type) {
    if (type == 128) return IcmpKind::request;
    if (type == 129) return IcmpKind::reply;
    if (type < 128) return IcmpKind::error;  // RFC 4443 §2.1: the high bit tells them apart
    if (type >= 133 && type <= 137) return IcmpKind::neighbor;
    if ((type >= 130 && type <= 132) || type == 143) return IcmpKind::group_membership;
    return IcmpKind::other;
}

}  // namespace

IcmpKind icmp_kind(Protocol protocol, std::uint8_t type) {
    return protocol == Protocol::icmp6 ? kind6(type) : kind4(type);
}

std::uint8_t icmp_request_type(Protocol protocol, std::uint8_t type) {
    if (protocol == Protocol::icmp6) return type == 129 ? 128 : type;
    switch (type) {
        case 0:
            return 8;
        case 14:
            return 13;
        case 18:
            return 17;
        default:
            return type;
    }
}

Refusal icmp_refusal(Protocol protocol, std::uint8_t type, std::uint8_t code) {
    if (protocol == Protocol::icmp6) {
        if (type == 1) return code == 4 ? Refusal::refused : Refusal::rejected;
        // RFC 4443 §3.4: the next header is not known there, as "protocol unreachable" says in
        // IPv4.
        return type == 4 && code == 1 ? Refusal::rejected : Refusal::none;
    }
    if (type != 3 || code == 4) return Refusal::none;  // code 4: fragmentation needed
    return code == 3 ? Refusal::refused : Refusal::rejected;
}

}  // namespace nspect::capture
