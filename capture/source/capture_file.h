// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "capture/source/packet_source.h"

namespace nspect::capture {

/// Opens a pcap or pcapng file, or "-" for one on standard input. Both byte orders, every
/// resolution of time stamps, several sections, interfaces and link types in one pcapng. A capture
/// that is cut or damaged delivers what was whole; then one read() returns an Error which says
/// where, and the source is finished.
Result<std::unique_ptr<PacketSource>> open_file(const std::string& path);

/// The same for bytes in memory, which are copied.
Result<std::unique_ptr<PacketSource>> open_bytes(std::span<const std::byte> bytes,
                                                 const std::string& name);

}  // namespace nspect::capture
