// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "capture/source/packet_source.h"

namespace nspect::capture {

struct ScriptedPacket {
    std::vector<std::byte> data;
    Timestamp time{};
    LinkType link = LinkType::ethernet;
    std::uint32_t wire_length = 0;  ///< 0: as long as data
    std::uint32_t interface_id = 0;
};

/// Packets from memory, in the order given: capture without an interface.
class ScriptedSource final : public PacketSource {
public:
    explicit ScriptedSource(std::vector<ScriptedPacket> packets, std::string name = "script",
                            std::vector<SourceInterface> interfaces = {{"script", {}}});

    /// What read() reports once all packets are delivered, instead of the end.
    void fail_at_end(Error error) { failure_ = std::move(error); }

    Result<std::size_t> read(std::size_t max, const PacketCallback& on_packet) override;
    bool keeps_packets() const override { return true; }
    std::shared_ptr<const void> hold_packets() override { return packets_; }
    bool finished() const override { return next_ == packets_->size() && !failure_; }
    SourceStats stats() override { return {.received = next_}; }
    const std::vector<SourceInterface>& interfaces() const override { return interfaces_; }
    const std::string& name() const override { return name_; }

private:
    std::shared_ptr<const std::vector<ScriptedPacket>> packets_;
    std::size_t next_ = 0;
    std::string name_;
    std::vector<SourceInterface> interfaces_;
    std::optional<Error> failure_;
};

}  // namespace nspect::capture
