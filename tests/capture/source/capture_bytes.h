// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nspect::test {

/// Writes integers in one byte order: capture files by hand.
class Bytes {
public:
    explicit Bytes(bool big_endian = false) : big_(big_endian) {}

    Bytes& u16(std::uint32_t value) { return number(value, 2); }
    Bytes& u32(std::uint64_t value) { return number(value, 4); }
    Bytes& u64(std::uint64_t value) { return number(value, 8); }
    Bytes& text(const std::string& value) {
        for (const char c : value) out_.push_back(static_cast<std::byte>(c));
        return *this;
    }
    Bytes& padded(const std::string& value) {
        return text(value).text(std::string((4 - value.size() % 4) % 4, '\0'));
    }

    // pcap
    Bytes& pcap_header(std::uint32_t magic, std::uint32_t link) {
        return u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65535).u32(link);
    }
    Bytes& pcap_packet(std::uint32_t seconds, std::uint32_t fraction, const std::string& data,
                       std::uint32_t length = 0) {
        u32(seconds).u32(fraction).u32(data.size());
        return u32(length == 0 ? data.size() : length).text(data);
    }

    // pcapng
    Bytes& block(std::uint32_t type, const Bytes& body) {
        const std::uint64_t length = body.out_.size() + 12;
        u32(type).u32(length);
        out_.insert(out_.end(), body.out_.begin(), body.out_.end());
        return u32(length);
    }
    Bytes body() const { return Bytes(big_); }
    Bytes& section() {
        return block(0x0a0d0d0a, body().u32(0x1a2b3c4d).u16(1).u16(0).u64(~std::uint64_t{0}));
    }
    Bytes& interface(std::uint32_t link, const Bytes& options) {
        Bytes inside = body().u16(link).u16(0).u32(0);
        inside.out_.insert(inside.out_.end(), options.out_.begin(), options.out_.end());
        return block(1, inside);
    }
    Bytes& append(const Bytes& more) {
        out_.insert(out_.end(), more.out_.begin(), more.out_.end());
        return *this;
    }
    Bytes& option(std::uint16_t code, const std::string& value) {
        return u16(code).u16(static_cast<std::uint32_t>(value.size())).padded(value);
    }
    Bytes& packet(std::uint32_t interface_id, std::uint64_t ticks, const std::string& data) {
        return block(6, body()
                            .u32(interface_id)
                            .u32(ticks >> 32U)
                            .u32(ticks & 0xffffffffU)
                            .u32(data.size())
                            .u32(data.size())
                            .padded(data));
    }

    const std::vector<std::byte>& get() const { return out_; }

private:
    Bytes& number(std::uint64_t value, unsigned size) {
        for (unsigned i = 0; i < size; ++i) {
            const unsigned shift = 8 * (big_ ? size - 1 - i : i);
            out_.push_back(static_cast<std::byte>(value >> shift));
        }
        return *this;
    }

    bool big_;
    std::vector<std::byte> out_;
};

}  // namespace nspect::test
