// SPDX-License-Identifier: Apache-2.0
// The pcap format: a header of 24 bytes, then packets, each behind a header of its own.
//   magic 4 | version 2+2 | zone 4 | accuracy 4 | snap length 4 | link type 4
//   seconds 4 | fraction 4 | captured length 4 | length 4
#include <algorithm>
#include <chrono>
#include <utility>

#include "capture/source/file_source.h"

namespace nspect::capture {
namespace {

constexpr std::size_t file_header = 24;
constexpr std::uint32_t magic_micro = 0xa1b2c3d4;
constexpr std::uint32_t magic_nano = 0xa1b23c4d;
constexpr std::uint32_t magic_modified = 0xa1b2cd34;  // an old patch: eight more bytes a packet
// The upper bits tell of frame check sequences.
constexpr std::uint32_t link_mask = 0x03ffffff;

struct Format {
    FileOrder order;
    std::int64_t nanoseconds_per_unit = 1000;
    std::size_t packet_header = 16;
    LinkType link = LinkType::other;
};

class PcapFile final : public FileSource {
public:
    PcapFile(ByteStream stream, const std::string& name, Format format)
        : FileSource(std::move(stream), name), format_(format) {
        interfaces_.push_back({name, format.link});
    }

private:
    bool next(RawPacket& packet) override;
    bool has_next() const override {
        const auto bytes = stream_.buffered();
        return bytes.size() >= format_.packet_header &&
               bytes.size() - format_.packet_header >= format_.order.u32(bytes.data() + 8);
    }
    std::string this_packet() const { return "packet " + std::to_string(received_ + 1) + ","; }

    Format format_;
};

bool PcapFile::next(RawPacket& packet) {
    const auto header = stream_.peek(format_.packet_header);
    if (header.size() < format_.packet_header) {
        return header.empty() && !stream_.failure() ? false : cut(this_packet());
    }
    const std::uint32_t captured = format_.order.u32(header.data() + 8);
    if (captured > max_captured_length) {
        return damaged("packet " + std::to_string(received_ + 1) + " claims " +
                       std::to_string(captured) + " bytes,");
    }
    const std::chrono::seconds seconds(format_.order.u32(header.data()));
    const std::chrono::nanoseconds fraction(format_.order.u32(header.data() + 4) *
                                            format_.nanoseconds_per_unit);
    packet.time = Timestamp(seconds + fraction);
    packet.wire_length = std::max(format_.order.u32(header.data() + 12), captured);
    packet.link = format_.link;
    const std::size_t whole = format_.packet_header + captured;
    const auto bytes = stream_.peek(whole);  // may move what `header` viewed
    if (bytes.size() < whole) return cut(this_packet());
    packet.data = bytes.subspan(format_.packet_header);
    stream_.consume(whole);
    return true;
}

Format format_of(const std::byte* header) {
    Format format;
    std::uint32_t magic = format.order.u32(header);
    if ((magic & 0xffffU) == 0xb2a1) {
        format.order = FileOrder(true);
        magic = format.order.u32(header);
    }
    if (magic == magic_nano) format.nanoseconds_per_unit = 1;
    if (magic == magic_modified) format.packet_header = 24;
    return format;
}

Error cannot(Error::Kind kind, std::string message, const std::string& name) {
    return {.kind = kind, .message = std::move(message), .hint = {}, .where = name};
}

}  // namespace

Result<std::unique_ptr<PacketSource>> open_pcap(ByteStream stream, const std::string& name) {
    static_assert(magic_micro != magic_nano);
    const auto header = stream.peek(file_header);
    if (header.size() < file_header) {
        return cannot(Error::Kind::invalid, "the capture is cut inside its file header", name);
    }
    Format format = format_of(header.data());
    const unsigned version = format.order.u16(header.data() + 4);
    if (version != 2) {
        return cannot(Error::Kind::unsupported,
                      "pcap version " + std::to_string(version) + " is not one nspect reads", name);
    }
    const std::uint32_t link = format.order.u32(header.data() + 20) & link_mask;
    format.link = link_type_of(link);
    if (format.link == LinkType::other) {
        return cannot(Error::Kind::unsupported,
                      "link type " + std::to_string(link) + " is not one nspect decodes", name);
    }
    stream.consume(file_header);
    return std::unique_ptr<PacketSource>(
        std::make_unique<PcapFile>(std::move(stream), name, format));
}

}  // namespace nspect::capture
