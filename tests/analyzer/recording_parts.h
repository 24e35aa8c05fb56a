// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "model/sighting.h"

namespace nspect::test {

using namespace std::chrono_literals;

/// Everything scripted happens after this moment.
inline Timestamp at(Duration since_start) {
    return Timestamp{std::chrono::seconds{1'767'225'600}} + since_start;
}

/// "10.0.0.1:80" or "[fd00::1]:80"; a test that misspells it ends here.
inline Socket socket_of(std::string_view text) {
    const auto colon = text.rfind(':');
    auto host = text.substr(0, colon);
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    const auto port = std::stoul(std::string(text.substr(colon + 1)));
    return {IpAddress::parse(host).value(), Port{static_cast<std::uint16_t>(port)}};
}

}  // namespace nspect::test
