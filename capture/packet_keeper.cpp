// SPDX-License-Identifier: Apache-2.0
// pcapng (draft-ietf-opsawg-pcapng): blocks in the byte order of this machine.
#include "capture/packet_keeper.h"

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace nspect::capture {
namespace {

constexpr std::uint32_t section_block = 0x0a0d0d0a;
constexpr std::uint32_t interface_block = 1;
constexpr std::uint32_t packet_block = 6;
enum Option : std::uint16_t {
    end_of_options = 0,
    if_name = 2,
    if_description = 3,
    app = 4,
    tsresol = 9
};

std::uint16_t link_number(LinkType link) {
    switch (link) {
        case LinkType::ethernet:
            return 1;
        case LinkType::raw_ip:
            return 101;
        case LinkType::linux_sll:
            return 113;
        case LinkType::linux_sll2:
            return 276;
        case LinkType::bsd_null:
            return 0;
        case LinkType::nflog:
            return 239;
        case LinkType::other:
            break;
    }
    return 147;  // reserved for private use
}

void put_bytes(std::vector<std::byte>& to, const void* from, std::size_t size) {
    const std::size_t at = to.size();
    to.resize(at + (size + 3) / 4 * 4);  // padded to 32 bits
    if (size > 0) std::memcpy(to.data() + at, from, size);
}

void put32(std::vector<std::byte>& to, std::uint32_t value) {
    put_bytes(to, &value, sizeof value);
}

/// Two 16-bit values side by side.
void put16s(std::vector<std::byte>& to, std::uint16_t first, std::uint16_t second) {
    const std::uint16_t both[] = {first, second};
    put_bytes(to, both, sizeof both);
}

void put_option(std::vector<std::byte>& to, std::uint16_t code, std::string_view text) {
    constexpr std::size_t longest = 1024;
    text = text.substr(0, longest);
    put16s(to, code, static_cast<std::uint16_t>(text.size()));
    put_bytes(to, text.data(), text.size());
}

std::string description_of(const TargetInfo& target) {
    std::string text = target.runtime;
    for (const std::string* part :
         {&target.namespace_name, &target.pod, &target.name, &target.container}) {
        if (!part->empty()) text += (text.empty() ? "" : " ") + *part;
    }
    return text;
}

}  // namespace

Result<PacketKeeper> PacketKeeper::open(KeeperOptions options) {
    PacketKeeper keeper(std::move(options));
    if (auto begun = keeper.next_file(); !begun) return std::move(begun).error();
    return keeper;
}

std::string PacketKeeper::path(std::uint32_t number) const {
    const std::string digits = std::to_string(number);
    const std::string zeros(digits.size() < 5 ? 5 - digits.size() : 0, '0');
    return options_.folder + "/packets-" + zeros + digits + ".pcapng";
}

Status PacketKeeper::next_file() {
    const std::string name = path(++number_);
    file_.reset(std::fopen(name.c_str(), "wbxe"));
    if (!file_) return error_from_errno(errno, "cannot make the file", name);
    written_ = 0;
    interfaces_.clear();
    if (options_.files > 0 && number_ > options_.files) {
        ::unlink(path(number_ - options_.files).c_str());
    }
    body_.clear();
    put32(body_, 0x1a2b3c4d);  // byte order
    put16s(body_, 1, 0);       // version 1.0
    put32(body_, 0xffffffff);  // the section's length is not known
    put32(body_, 0xffffffff);
    put_option(body_, app, options_.tool);
    put16s(body_, end_of_options, 0);
    if (write_block(section_block, body_)) return done;
    return error_from_errno(errno, "cannot write", name);
}

void PacketKeeper::keep(const RawPacket& raw, std::uint32_t vantage, const VantageBook& book) {
    if (written_ > options_.file_bytes) {
        if (auto next = next_file(); !next) error_ = next.error();
    }
    if (!file_) {
        ++lost_;
        return;
    }
    const std::uint32_t interface = interface_of(raw, vantage, book);
    const auto time = static_cast<std::uint64_t>(raw.time.time_since_epoch().count());
    body_.clear();
    put32(body_, interface);
    put32(body_, static_cast<std::uint32_t>(time >> 32U));
    put32(body_, static_cast<std::uint32_t>(time));
    put32(body_, static_cast<std::uint32_t>(raw.data.size()));
    put32(body_, raw.wire_length);
    put_bytes(body_, raw.data.data(), raw.data.size());
    if (!write_block(packet_block, body_)) ++lost_;
}

std::uint32_t PacketKeeper::interface_of(const RawPacket& raw, std::uint32_t vantage,
                                         const VantageBook& book) {
    const auto next = static_cast<std::uint32_t>(interfaces_.size());
    const auto [found, added] = interfaces_.emplace(std::pair{vantage, raw.link}, next);
    if (!added) return found->second;
    body_.clear();
    put16s(body_, link_number(raw.link), 0);
    put32(body_, 0);  // no limit on the captured length
    if (const Vantage* seen_at = book.vantage(vantage)) {
        put_option(body_, if_name, seen_at->interface_name);
        const TargetInfo* target = seen_at->target ? book.target(*seen_at->target) : nullptr;
        if (target != nullptr) put_option(body_, if_description, description_of(*target));
    }
    put_option(body_, tsresol, std::string_view("\x09", 1));  // nanoseconds
    put16s(body_, end_of_options, 0);
    write_block(interface_block, body_);
    return next;
}

bool PacketKeeper::write_block(std::uint32_t type, const std::vector<std::byte>& body) {
    const auto total = static_cast<std::uint32_t>(body.size() + 12);
    const std::uint32_t head[] = {type, total};
    std::FILE* file = file_.get();
    const bool whole = std::fwrite(head, sizeof head, 1, file) == 1 &&
                       std::fwrite(body.data(), body.size(), 1, file) == 1 &&
                       std::fwrite(&total, sizeof total, 1, file) == 1;
    written_ += total;
    if (whole) return true;
    if (!error_) error_ = error_from_errno(errno, "cannot write", path(number_));
    return false;
}

void PacketKeeper::flush() {
    if (file_ && std::fflush(file_.get()) != 0 && !error_) {
        error_ = error_from_errno(errno, "cannot write", path(number_));
    }
}

}  // namespace nspect::capture
