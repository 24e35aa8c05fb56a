// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <sys/types.h>

#include "capture/os/fd.h"
#include "capture/vantage_book.h"

namespace nspect::bench {

struct Layout {
    const char* name;
    capture::CaptureSide side;
    bool host_interfaces;
};

/// Server ports say what a packet was sent for; whoever watches a birth also knows its length.
enum Probe : std::uint16_t { load = 9000, delivered, isolated, own_lo, macvlan, birth };
constexpr std::size_t probes = 6;
constexpr std::uint32_t birth_bytes = 777;

enum Place : std::size_t { client_inside, client_end, host_device, server_end, server_inside };
constexpr std::size_t places = 5;

/// Once all that was there at the start is listened to.
struct Ready {
    double seconds = 0;
    std::uint64_t descriptors = 0;
    double kib = 0;
};

struct Ended {
    double seconds = 0;  ///< from being told to stop
    std::uint64_t lost = 0;
    std::array<std::array<std::uint64_t, places>, probes> seen{};
    std::int64_t known_at = 0;  ///< wall clock, ns: the interfaces of who was born are known
    std::int64_t read_at = 0;   ///< the first packet of who was born was read
};

/// A recording in a process of its own, so that nothing of one layout is measured with another.
class LayoutChild {
public:
    /// `crowd`: what the names of the namespaces begin with that are recorded.
    LayoutChild(const Layout& layout, const std::string& crowd);
    LayoutChild(const LayoutChild&) = delete;
    LayoutChild& operator=(const LayoutChild&) = delete;
    ~LayoutChild();

    Ready wait_until_ready();
    double cpu_seconds() const;
    Ended stop();

private:
    pid_t child_ = -1;
    capture::Fd answers_;
    capture::Fd stop_;
};

}  // namespace nspect::bench
