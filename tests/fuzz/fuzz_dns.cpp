// SPDX-License-Identifier: Apache-2.0
// A DNS message, and the same bytes as a stream of messages over TCP.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "capture/decode/dns.h"

using namespace nspect::capture;

namespace {

bool prints(const std::string& name) {
    // Four characters for an escaped byte at most, and 255 bytes at most.
    return name.size() <= 1020 && std::all_of(name.begin(), name.end(), [](char c) {
               return c >= 0x21 && c <= 0x7e && (c < 'A' || c > 'Z');
           });
}

void check(const DnsMessage& message) {
    bool good = message.answers.size() <= max_dns_answers && prints(message.question);
    for (const DnsAnswer& answer : message.answers) {
        good = good && prints(answer.name) && prints(answer.target);
    }
    good = good && resolved_addresses(message).size() <= message.answers.size();
    if (!good) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    auto data = std::as_bytes(std::span(bytes, size));
    check(decode_dns(data));
    for (auto one = next_dns_over_tcp(data); !one.empty(); one = next_dns_over_tcp(data)) {
        check(decode_dns(one));
    }
    return 0;
}
