// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/source/packet_source.h"
#include "capture/vantage_book.h"

namespace nspect::capture {

struct KeeperOptions {
    std::string folder;                        ///< must exist
    std::uint64_t file_bytes = 256ULL << 20U;  ///< then the next file begins
    std::uint32_t files = 0;                   ///< oldest ones are removed beyond; 0: all stay
    std::string tool = "nspect";               ///< shb_userappl
};

/// Keeps packets too: pcapng files "packets-00001.pcapng" and so on, nanosecond time stamps, one
/// interface for each vantage, with its name and, as description, the container behind it.
class PacketKeeper {
public:
    /// Begins the first file.
    static Result<PacketKeeper> open(KeeperOptions options);

    void keep(const RawPacket& raw, std::uint32_t vantage, const VantageBook& book);
    /// Everything kept so far is in the file.
    void flush();

    /// Packets that could not be written, and why.
    std::uint64_t lost() const noexcept { return lost_; }
    const std::optional<Error>& error() const noexcept { return error_; }

private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    explicit PacketKeeper(KeeperOptions options) : options_(std::move(options)) {}

    Status next_file();
    std::string path(std::uint32_t number) const;
    std::uint32_t interface_of(const RawPacket& raw, std::uint32_t vantage,
                               const VantageBook& book);
    bool write_block(std::uint32_t type, const std::vector<std::byte>& body);

    KeeperOptions options_;
    std::unique_ptr<std::FILE, Close> file_;
    std::uint32_t number_ = 0;
    std::uint64_t written_ = 0;
    /// By vantage and link type, in this file.
    std::map<std::pair<std::uint32_t, LinkType>, std::uint32_t> interfaces_;
    std::vector<std::byte> body_;
    std::uint64_t lost_ = 0;
    std::optional<Error> error_;
};

}  // namespace nspect::capture
