// SPDX-License-Identifier: Apache-2.0
#include "capture/source/capture_file.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "capture/source/file_source.h"

namespace nspect::capture {
namespace {

struct Magic {
    std::string_view bytes;
    std::string_view name;
    std::string_view unpack;  ///< the program that writes it unpacked to standard output
};
using namespace std::string_view_literals;

constexpr std::array pcap_magics{"\xd4\xc3\xb2\xa1"sv, "\xa1\xb2\xc3\xd4"sv, "\x4d\x3c\xb2\xa1"sv,
                                 "\xa1\xb2\x3c\x4d"sv, "\x34\xcd\xb2\xa1"sv, "\xa1\xb2\xcd\x34"sv};
constexpr std::string_view pcapng_magic = "\x0a\x0d\x0d\x0a"sv;

constexpr std::array packed{
    Magic{"\x1f\x8b"sv, "gzip", "gzip -dc"},       Magic{"\x28\xb5\x2f\xfd"sv, "zstd", "zstd -dc"},
    Magic{"\xfd\x37zXZ"sv, "xz", "xz -dc"},        Magic{"BZh"sv, "bzip2", "bzip2 -dc"},
    Magic{"\x04\x22\x4d\x18"sv, "lz4", "lz4 -dc"},
};

bool starts_with(std::span<const std::byte> bytes, std::string_view magic) {
    return bytes.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), bytes.begin(),
                      [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
}

Error not_a_capture(std::span<const std::byte> start, const std::string& name) {
    if (start.empty()) {
        return {.kind = Error::Kind::invalid,
                .message = "the file is empty: not even the header of a capture is there",
                .hint = {},
                .where = name};
    }
    for (const Magic& magic : packed) {
        if (!starts_with(start, magic.bytes)) continue;
        return {.kind = Error::Kind::unsupported,
                .message = "the file is packed with " + std::string(magic.name),
                .hint = std::string(magic.unpack) + " FILE | nspect capture --read -",
                .where = name};
    }
    return {.kind = Error::Kind::invalid,
            .message = "this is not a capture file",
            .hint = "pcap and pcapng files can be read",
            .where = name};
}

Result<std::unique_ptr<PacketSource>> open_stream(ByteStream stream, const std::string& name) {
    const auto start = stream.peek(6);
    if (stream.failure()) {
        Error error = *stream.failure();
        error.where = name;
        return error;
    }
    if (starts_with(start, pcapng_magic)) return open_pcapng(std::move(stream), name);
    for (const std::string_view magic : pcap_magics) {
        if (starts_with(start, magic)) return open_pcap(std::move(stream), name);
    }
    return not_a_capture(start, name);
}

}  // namespace

Result<std::unique_ptr<PacketSource>> open_file(const std::string& path) {
    auto stream = ByteStream::open(path);
    if (!stream) return std::move(stream).error();
    return open_stream(std::move(*stream), path == "-" ? "stdin" : path);
}

Result<std::unique_ptr<PacketSource>> open_bytes(std::span<const std::byte> bytes,
                                                 const std::string& name) {
    return open_stream(ByteStream::of(bytes), name);
}

LinkType link_type_of(std::uint32_t number) {
    switch (number) {
        case 1:
            return LinkType::ethernet;
        case 0:
        case 108:
            return LinkType::bsd_null;
        case 12:  // what DLT_RAW is on most systems, OpenBSD, and in files
        case 14:
        case 101:
        case 228:
        case 229:
            return LinkType::raw_ip;
        case 113:
            return LinkType::linux_sll;
        case 276:
            return LinkType::linux_sll2;
        case 239:
            return LinkType::nflog;
        default:
            return LinkType::other;
    }
}

Result<std::size_t> FileSource::read(std::size_t max, const PacketCallback& on_packet) {
    if (failure_) {
        Error failure = std::move(*failure_);
        failure_.reset();
        return failure;
    }
    std::size_t count = 0;
    RawPacket packet;
    // All packets of one call lie in one buffer: only the first of them may fill it.
    while (count < max && !finished_ && (count == 0 || has_next())) {
        if (!next(packet)) {
            finished_ = true;
            break;
        }
        ++received_;
        ++count;
        on_packet(packet);
    }
    if (count == 0 && failure_) return read(max, on_packet);
    return count;
}

Error FileSource::error_at(const std::string& what) const {
    return {.kind = Error::Kind::invalid,
            .message = what + " at byte " + std::to_string(stream_.offset()),
            .hint = "the " + std::to_string(received_) + " packets before it were read",
            .where = name_};
}

bool FileSource::cut(const std::string& what) {
    if (stream_.failure()) {
        failure_ = stream_.failure();
        failure_->where = name_;
    } else {
        failure_ = error_at("the capture is cut inside " + what);
    }
    return false;
}

bool FileSource::damaged(const std::string& what) {
    failure_ = error_at("the capture is damaged: " + what);
    return false;
}

}  // namespace nspect::capture
