// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "capture/os/fd.h"
#include "capture/os/netns.h"

namespace nspect::test {

/// A TCP listener inside a network namespace, on both families.
capture::Fd listen_in(const std::string& netns_path, std::uint16_t port);

/// Connects from inside a network namespace. 0, or the error number; ETIMEDOUT after `patience_ms`.
int connect_from(const std::string& netns_path, const std::string& address, std::uint16_t port,
                 int patience_ms);

}  // namespace nspect::test
