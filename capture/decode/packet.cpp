// SPDX-License-Identifier: Apache-2.0
#include "capture/decode/packet.h"

namespace nspect::capture {

std::string_view to_string(DecodeOutcome outcome) {
    switch (outcome) {
        case DecodeOutcome::ok:
            return "ok";
        case DecodeOutcome::arp:
            return "arp";
        case DecodeOutcome::not_ip:
            return "not-ip";
        case DecodeOutcome::unknown_link:
            return "unknown-link";
        case DecodeOutcome::truncated_link:
            return "truncated-link";
        case DecodeOutcome::truncated_ip:
            return "truncated-ip";
        case DecodeOutcome::truncated_transport:
            return "truncated-transport";
        case DecodeOutcome::bad_ip_version:
            return "bad-ip-version";
        case DecodeOutcome::bad_ip_length:
            return "bad-ip-length";
        case DecodeOutcome::bad_extension:
            return "bad-extension";
        case DecodeOutcome::bad_transport:
            return "bad-transport";
    }
    return "?";
}

}  // namespace nspect::capture
