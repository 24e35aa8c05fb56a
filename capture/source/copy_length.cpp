// SPDX-License-Identifier: Apache-2.0
#include "capture/source/copy_length.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include <linux/filter.h>

namespace nspect::capture {
namespace {

// Instructions with labels; jumps only go forward, as BPF wants it.
class Assembler {
public:
    void label(const std::string& name) { labels_[name] = program_.size(); }
    void load8(std::uint32_t at) { add(BPF_LD | BPF_B | BPF_ABS, at); }
    void load16(std::uint32_t at) { add(BPF_LD | BPF_H | BPF_ABS, at); }
    void load8_at_x(std::uint32_t at) { add(BPF_LD | BPF_B | BPF_IND, at); }
    void load16_at_x(std::uint32_t at) { add(BPF_LD | BPF_H | BPF_IND, at); }
    void load_length() { add(BPF_LD | BPF_W | BPF_LEN, 0); }
    void x_is(std::uint32_t value) { add(BPF_LDX | BPF_W | BPF_IMM, value); }
    void x_is_ipv4_header_length(std::uint32_t at) { add(BPF_LDX | BPF_B | BPF_MSH, at); }
    void x_is_a() { add(BPF_MISC | BPF_TAX, 0); }
    void add_x() { add(BPF_ALU | BPF_ADD | BPF_X, 0); }
    void bit_and(std::uint32_t mask) { add(BPF_ALU | BPF_AND | BPF_K, mask); }
    void shift_right(std::uint32_t bits) { add(BPF_ALU | BPF_RSH | BPF_K, bits); }
    void jump(const std::string& to) { wants_.push_back({add(BPF_JMP | BPF_JA, 0), to, Part::k}); }
    /// Goes on with the next instruction where the condition does not hold.
    void if_equal(std::uint32_t value, const std::string& to) { when(BPF_JEQ, value, to); }
    void if_above(std::uint32_t value, const std::string& to) { when(BPF_JGT, value, to); }
    void if_any_bit(std::uint32_t mask, const std::string& to) { when(BPF_JSET, mask, to); }
    /// By way of A: libpcap rewrites constant results in some of its versions.
    void result(std::uint32_t value) {
        add(BPF_LD | BPF_IMM, value);
        add(BPF_RET | BPF_A, 0);
    }
    BpfProgram finish();

private:
    enum class Part { k, jump_true };
    struct Want {
        std::size_t at;
        std::string label;
        Part part;
    };
    std::size_t add(unsigned code, std::uint32_t k) {
        program_.push_back({static_cast<std::uint16_t>(code), 0, 0, k});
        return program_.size() - 1;
    }
    void when(unsigned condition, std::uint32_t k, const std::string& to) {
        wants_.push_back({add(BPF_JMP | condition | BPF_K, k), to, Part::jump_true});
    }

    BpfProgram program_;
    std::map<std::string, std::size_t> labels_;
    std::vector<Want> wants_;
};

BpfProgram Assembler::finish() {
    for (const Want& want : wants_) {
        const auto distance = static_cast<std::uint32_t>(labels_.at(want.label) - want.at - 1);
        if (want.part == Part::k) {
            program_[want.at].k = distance;
        } else {
            program_[want.at].jump_true = static_cast<std::uint8_t>(distance);
        }
    }
    return program_;
}

struct LinkLayout {
    std::uint32_t ether_type_at;
    std::uint32_t header;
};

// Leaves at "ipv4", "ipv6" or a result. Small packets, most of all, are never looked into: that
// also keeps every load below inside the packet, for a load outside drops it.
void dispatch(Assembler& code, LinkLayout link) {
    code.load_length();
    code.if_above(copy_length::head, "large");
    code.jump("head");
    code.label("large");
    code.load16(link.ether_type_at);
    code.if_equal(0x0800, "ipv4");
    code.if_equal(0x86dd, "ipv6");
    code.if_equal(0x8100, "frame");
    code.if_equal(0x88a8, "frame");
    code.jump("head");
}

void ip_headers(Assembler& code, std::uint32_t ip) {
    code.label("ipv4");
    code.x_is_ipv4_header_length(ip);
    code.load16(ip + 6);
    code.if_any_bit(0x1fff, "head");  // a later fragment
    code.load8(ip + 9);
    code.if_equal(6, "tcp");
    code.if_equal(17, "udp");
    for (const std::uint32_t tunnel : {4U, 41U, 47U}) code.if_equal(tunnel, "frame");
    code.jump("head");

    code.label("ipv6");
    code.x_is(40);
    code.load8(ip + 6);
    code.if_equal(6, "tcp");
    code.if_equal(17, "udp");
    code.if_equal(58, "head");
    code.jump("frame");  // extension headers and tunnels
}

// A frame that fits an MTU may hold any piece of a handshake: whole. An offloaded one is bulk data,
// unless it begins with a TLS handshake, change cipher spec or alert record.
void tcp(Assembler& code, std::uint32_t ip) {
    code.label("tcp");
    code.load_length();
    code.if_above(copy_length::frame, "offloaded");
    code.jump("frame");
    code.label("offloaded");
    code.load8_at_x(ip + 12);
    code.bit_and(0xf0);
    code.shift_right(2);
    code.add_x();
    code.x_is_a();
    code.load16_at_x(ip);
    for (const std::uint32_t record : {0x1403U, 0x1503U, 0x1603U}) {
        code.if_equal(record, "handshake");
    }
    code.jump("head");
}

void udp(Assembler& code, std::uint32_t ip) {
    code.label("udp");
    for (const std::uint32_t port_at : {0U, 2U}) {
        code.load16_at_x(ip + port_at);
        for (const std::uint32_t dns : {53U, 5353U}) code.if_equal(dns, "message");
        for (const std::uint32_t tunnel : {4789U, 8472U, 6081U}) code.if_equal(tunnel, "frame");
    }
    code.load8_at_x(ip + 8);
    code.if_equal(0x16, "frame");  // a DTLS handshake
    code.bit_and(0xc0);
    code.if_equal(0xc0, "frame");  // a QUIC long header
    code.jump("head");
}

}  // namespace

BpfProgram copy_length_program(LinkType link, std::uint32_t limit) {
    Assembler code;
    if (link == LinkType::ethernet || link == LinkType::linux_sll || link == LinkType::linux_sll2) {
        const LinkLayout layout = link == LinkType::ethernet    ? LinkLayout{12, 14}
                                  : link == LinkType::linux_sll ? LinkLayout{14, 16}
                                                                : LinkLayout{0, 20};
        dispatch(code, layout);
        ip_headers(code, layout.header);
        tcp(code, layout.header);
        udp(code, layout.header);
        code.label("head");
        code.result(std::min(limit, copy_length::head));
        code.label("message");
        code.result(std::min(limit, copy_length::message));
        code.label("handshake");
        code.result(std::min(limit, copy_length::handshake));
    }
    code.label("frame");
    code.result(std::min(limit, copy_length::frame));
    return code.finish();
}

BpfProgram filtered(BpfProgram filter, const BpfProgram& lengths) {
    const std::size_t end = filter.size();
    for (std::size_t i = 0; i < end; ++i) {
        if (filter[i].code != (BPF_RET | BPF_K) || filter[i].k == 0) continue;
        filter[i] = {BPF_JMP | BPF_JA, 0, 0, static_cast<std::uint32_t>(end - i - 1)};
    }
    filter.insert(filter.end(), lengths.begin(), lengths.end());
    return filter;
}

}  // namespace nspect::capture
