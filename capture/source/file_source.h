// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/source/byte_stream.h"
#include "capture/source/packet_source.h"

namespace nspect::capture {

/// No link layer delivers a larger packet (the largest offload is 512 KiB); a file which says so is
/// damaged.
inline constexpr std::uint32_t max_captured_length = 1U << 20U;

/// Integers of a file in its writer's byte order.
class FileOrder {
public:
    explicit FileOrder(bool swapped = false) : swapped_(swapped) {}

    /// REQUIRES: readable bytes at `from`.
    std::uint16_t u16(const std::byte* from) const noexcept {
        std::uint16_t value = 0;
        std::memcpy(&value, from, sizeof value);
        return swapped_ ? __builtin_bswap16(value) : value;
    }
    std::uint32_t u32(const std::byte* from) const noexcept {
        std::uint32_t value = 0;
        std::memcpy(&value, from, sizeof value);
        return swapped_ ? __builtin_bswap32(value) : value;
    }
    std::uint64_t u64(const std::byte* from) const noexcept {
        std::uint64_t value = 0;
        std::memcpy(&value, from, sizeof value);
        return swapped_ ? __builtin_bswap64(value) : value;
    }

private:
    bool swapped_;
};

/// What pcap and pcapng have in common.
class FileSource : public PacketSource {
public:
    Result<std::size_t> read(std::size_t max, const PacketCallback& on_packet) final;
    bool keeps_packets() const final { return true; }
    std::shared_ptr<const void> hold_packets() final { return stream_.hold(); }
    bool finished() const final { return finished_ && !failure_; }
    SourceStats stats() override { return {.received = received_}; }
    const std::vector<SourceInterface>& interfaces() const final { return interfaces_; }
    const std::string& name() const final { return name_; }
    std::uint64_t bytes_read() const final { return stream_.offset(); }

protected:
    FileSource(ByteStream stream, std::string name)
        : stream_(std::move(stream)), name_(std::move(name)) {}

    /// The next packet; false at the end and after cut() or damaged().
    virtual bool next(RawPacket& packet) = 0;
    /// Whether next() would give a packet without reading from the stream.
    virtual bool has_next() const = 0;

    /// The bytes ended inside `what`: always false.
    bool cut(const std::string& what);
    /// The bytes make no sense: always false.
    bool damaged(const std::string& what);
    Error error_at(const std::string& what) const;

    ByteStream stream_;
    std::string name_;
    std::vector<SourceInterface> interfaces_;
    std::uint64_t received_ = 0;
    std::optional<Error> failure_;

private:
    bool finished_ = false;
};

/// Link types of the pcap and pcapng formats (LINKTYPE_ numbers).
LinkType link_type_of(std::uint32_t number);

/// Each reads its file header. REQUIRES: the format's magic number is next in `stream`.
Result<std::unique_ptr<PacketSource>> open_pcap(ByteStream stream, const std::string& name);
Result<std::unique_ptr<PacketSource>> open_pcapng(ByteStream stream, const std::string& name);

}  // namespace nspect::capture
