// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "capture/tls/crypto.h"
#include "capture/tls/hello.h"

namespace nspect::capture {
namespace {

std::string two_digits(std::size_t number) {
    const std::size_t shown = std::min<std::size_t>(number, 99);
    return {static_cast<char>('0' + shown / 10), static_cast<char>('0' + shown % 10)};
}

std::string version_digits(const ClientHello& hello) {
    // DTLS counts downwards.
    const auto age = [](std::uint16_t version) {
        return version >> 8U == 0xfe ? 0x10000U - version : version;
    };
    const auto newest =
        std::max_element(hello.versions.begin(), hello.versions.end(),
                         [&](std::uint16_t a, std::uint16_t b) { return age(a) < age(b); });
    switch (newest == hello.versions.end() ? hello.legacy_version : *newest) {
        case 0x0304:
            return "13";
        case 0x0303:
            return "12";
        case 0x0302:
            return "11";
        case 0x0301:
            return "10";
        case 0x0300:
            return "s3";
        case 0xfeff:
            return "d1";
        case 0xfefd:
            return "d2";
        case 0xfefc:
            return "d3";
        default:
            return "00";
    }
}

std::string hex(std::uint16_t value) {
    std::string text;
    for (const unsigned shift : {12U, 8U, 4U, 0U}) {
        text += "0123456789abcdef"[(unsigned{value} >> shift) & 0x0fU];
    }
    return text;
}

// First and last character of the first offer; of its hexadecimal form when one is not a letter or
// digit.
std::string protocol_ends(const ClientHello& hello) {
    if (hello.alpn.empty() || hello.alpn.front().empty()) return "00";
    const auto first = static_cast<unsigned char>(hello.alpn.front().front());
    const auto last = static_cast<unsigned char>(hello.alpn.front().back());
    const auto plain = [](unsigned char c) { return c < 0x80 && std::isalnum(c) != 0; };
    if (plain(first) && plain(last)) {
        return {static_cast<char>(first), static_cast<char>(last)};
    }
    return {hex(first)[2], hex(last)[3]};
}

std::string joined(const std::vector<std::uint16_t>& values) {
    std::string text;
    for (const std::uint16_t each : values) text += (text.empty() ? "" : ",") + hex(each);
    return text;
}

std::string short_hash(const std::string& text) {
    return text.empty() ? "000000000000" : sha256_hex(text).substr(0, 12);
}

}  // namespace

std::string ja4(const ClientHello& hello, char transport) {
    constexpr std::uint16_t server_name = 0, application_protocols = 16;
    auto ciphers = hello.ciphers;
    std::sort(ciphers.begin(), ciphers.end());
    auto extensions = hello.extensions;
    const bool named =
        std::find(extensions.begin(), extensions.end(), server_name) != extensions.end();
    std::erase(extensions, server_name);
    std::erase(extensions, application_protocols);
    std::sort(extensions.begin(), extensions.end());
    std::string second = joined(extensions);
    if (!second.empty() && !hello.signature_algorithms.empty()) {
        second += "_" + joined(hello.signature_algorithms);
    }
    return transport + version_digits(hello) + (named ? "d" : "i") + two_digits(ciphers.size()) +
           two_digits(hello.extensions.size()) + protocol_ends(hello) + "_" +
           short_hash(joined(ciphers)) + "_" + short_hash(second);
}

}  // namespace nspect::capture
