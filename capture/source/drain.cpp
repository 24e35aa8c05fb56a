// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include <poll.h>

#include "capture/source/packet_source.h"

namespace nspect::capture {
namespace {

constexpr std::size_t batch = 4096;
// On a busy interface it is never quiet; so many blocks are more than the largest ring holds.
constexpr int max_waits = 4096;

Result<std::size_t> read_all_ready(PacketSource& source, const PacketCallback& on_packet) {
    std::size_t total = 0;
    for (;;) {
        auto count = source.read(batch, on_packet);
        if (!count) return std::move(count).error();
        total += *count;
        if (*count < batch) return total;
    }
}

bool wait_for_packets(PacketSource& source) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(source.drain_time());
    pollfd ready{.fd = source.poll_fd(), .events = POLLIN, .revents = 0};
    return wait.count() > 0 && ready.fd >= 0 && poll(&ready, 1, static_cast<int>(wait.count())) > 0;
}

}  // namespace

Result<std::size_t> drain(PacketSource& source, const PacketCallback& on_packet) {
    std::size_t total = 0;
    for (int waits = 0; waits < max_waits; ++waits) {
        auto count = read_all_ready(source, on_packet);
        if (!count) return count;
        total += *count;
        if (!wait_for_packets(source)) break;
    }
    return total;
}

}  // namespace nspect::capture
