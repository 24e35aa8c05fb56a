// SPDX-License-Identifier: Apache-2.0
#include "capture/source/scripted.h"

#include <algorithm>
#include <utility>

namespace nspect::capture {

ScriptedSource::ScriptedSource(std::vector<ScriptedPacket> packets, std::string name,
                               std::vector<SourceInterface> interfaces)
    : packets_(std::make_shared<const std::vector<ScriptedPacket>>(std::move(packets))),
      name_(std::move(name)),
      interfaces_(std::move(interfaces)) {}

Result<std::size_t> ScriptedSource::read(std::size_t max, const PacketCallback& on_packet) {
    if (next_ == packets_->size() && failure_) {
        Error failure = std::move(*failure_);
        failure_.reset();
        return failure;
    }
    const std::size_t end = next_ + std::min(max, packets_->size() - next_);
    const std::size_t count = end - next_;
    while (next_ < end) {
        const ScriptedPacket& packet = (*packets_)[next_++];
        const auto length = static_cast<std::uint32_t>(packet.data.size());
        on_packet({.data = packet.data,
                   .wire_length = packet.wire_length == 0 ? length : packet.wire_length,
                   .time = packet.time,
                   .link = packet.link,
                   .interface_id = packet.interface_id});
    }
    return count;
}

}  // namespace nspect::capture
