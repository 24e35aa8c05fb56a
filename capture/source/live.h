// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "capture/source/packet_source.h"

namespace nspect::capture {

struct LiveOptions {
    std::string device = "any";     ///< of the network namespace that the opening thread is in
    std::string place{};            ///< for name(): "any@host"; empty: the device alone
    std::uint32_t snaplen = 18432;  ///< at most so much of any packet
    bool only_what_decoders_need = true;  ///< false: `snaplen` bytes of each packet
    std::size_t ring_bytes = std::size_t{16} << 20U;
    std::string filter{};  ///< as in pcap-filter(7); empty: everything
    bool promiscuous = false;
    /// The kernel looks at a block of packets once in this time, and hands over one that was
    /// already open when it looked last: no packet waits for longer than twice this.
    int timeout_ms = 50;
};

/// Captures on an interface through libpcap's TPACKET_V3 ring. Reading is non-blocking; wait on
/// poll_fd().
class PcapLive final : public PacketSource {
public:
    static Result<std::unique_ptr<PacketSource>> open(const LiveOptions& options);
    ~PcapLive() override;

    Result<std::size_t> read(std::size_t max, const PacketCallback& on_packet) override;
    int poll_fd() const override;
    bool finished() const override;
    Duration drain_time() const override;
    SourceStats stats() override;
    const std::vector<SourceInterface>& interfaces() const override;
    const std::string& name() const override;

private:
    struct Handle;
    explicit PcapLive(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> handle_;
};

}  // namespace nspect::capture
