// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace nspect::capture {

/// The link layers nspect decodes, whatever number a file format gives them.
enum class LinkType : std::uint8_t {
    ethernet,
    raw_ip,
    linux_sll,
    linux_sll2,
    bsd_null,
    nflog,
    other
};

}  // namespace nspect::capture
