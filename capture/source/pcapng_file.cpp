// SPDX-License-Identifier: Apache-2.0
// The pcapng format: blocks, each "type 4 | length 4 | ... | length 4", in sections which begin
// with their byte order and number their interfaces anew. What is no packet, no interface and no
// count of what was dropped is passed over.
#include <algorithm>
#include <limits>
#include <utility>

#include "capture/source/file_source.h"

namespace nspect::capture {
namespace {

constexpr std::uint32_t section_block = 0x0a0d0d0a;
constexpr std::uint32_t interface_block = 1;
constexpr std::uint32_t old_packet_block = 2;
constexpr std::uint32_t simple_packet_block = 3;
constexpr std::uint32_t statistics_block = 5;
constexpr std::uint32_t packet_block = 6;
constexpr std::uint32_t secrets_block = 10;
constexpr std::uint32_t tls_key_log = 0x544c534b;

constexpr std::uint32_t order_magic = 0x1a2b3c4d;
constexpr std::size_t shortest_block = 12;
constexpr std::size_t max_block = max_captured_length + (64U << 10U);  // one that is looked into
constexpr std::size_t max_interfaces = 65536;

constexpr std::uint16_t option_name = 2;
constexpr std::uint16_t option_resolution = 9;
constexpr std::uint16_t option_offset = 14;
constexpr std::uint16_t option_packet_drops = 4;     // of an enhanced packet block
constexpr std::uint16_t option_interface_drops = 5;  // of interface statistics
constexpr std::uint16_t option_system_drops = 7;

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t nanoseconds = 1'000'000'000;
constexpr auto max_time = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

/// How an interface counts time: if_tsresol and if_tsoffset.
struct Clock {
    std::uint8_t resolution = 6;
    std::int64_t offset_seconds = 0;
    std::uint64_t multiply = 1000;
    std::uint64_t divide = 1;

    void set_resolution(std::uint8_t code);
    Timestamp time_of(std::uint64_t ticks) const;
};

// Top bit clear: ticks of 10^-n s; set: of 2^-n s.
void Clock::set_resolution(std::uint8_t code) {
    const unsigned power = code & 0x7fU;
    multiply = nanoseconds;
    divide = 1;
    if ((code & 0x80U) != 0) {
        divide = std::uint64_t{1} << std::min(power, 63U);
    } else {
        for (unsigned i = 0; i < std::min(power, 19U); ++i) divide *= 10;
    }
    if (divide <= nanoseconds && nanoseconds % divide == 0) {
        multiply = nanoseconds / divide;
        divide = 1;
    }
}

Timestamp Clock::time_of(std::uint64_t ticks) const {
    Wide count = Wide{ticks} * multiply;
    if (divide != 1) count /= divide;
    const auto whole = static_cast<std::int64_t>(count > max_time ? max_time : count);
    std::int64_t shift = 0;
    std::int64_t sum = 0;
    if (offset_seconds != 0 &&
        __builtin_mul_overflow(offset_seconds, std::int64_t{nanoseconds}, &shift)) {
        shift = 0;
    }
    if (__builtin_add_overflow(whole, shift, &sum)) sum = whole;
    return Timestamp(std::chrono::nanoseconds(sum));
}

struct Interface {
    LinkType link = LinkType::other;
    std::uint32_t snap_length = 0;  ///< 0: none
    Clock clock;
    std::uint64_t dropped = 0;         ///< as its statistics say, since the capture began
    std::uint64_t dropped_system = 0;  ///< the same, by the operating system
    std::uint64_t dropped_before = 0;  ///< as its packets say, each since the one before
};

/// Each: code 2 | length 2 | value, padded to 4; code 0 ends them. A damaged list ends where it is.
template <class Use>
void each_option(const FileOrder& order, std::span<const std::byte> options, Use use) {
    while (options.size() >= 4) {
        const unsigned code = order.u16(options.data());
        const std::size_t length = order.u16(options.data() + 2);
        options = options.subspan(4);
        if (code == 0 || length > options.size()) return;
        use(code, options.first(length));
        options = options.subspan(std::min(options.size(), (length + 3) & ~std::size_t{3}));
    }
}

bool is_packet(std::uint32_t type) {
    return type == packet_block || type == simple_packet_block || type == old_packet_block;
}

class PcapngFile final : public FileSource {
public:
    PcapngFile(ByteStream stream, const std::string& name) : FileSource(std::move(stream), name) {}

    /// The section header at the front; the Error of a file that begins with a bad one.
    Status begin();
    void on_secrets(SecretsCallback take) override { take_secrets_ = std::move(take); }
    SourceStats stats() override;

private:
    enum class Step { packet, other, stop };
    using Block = std::span<const std::byte>;

    bool next(RawPacket& packet) override;
    bool has_next() const override;
    Step step(RawPacket& packet);
    Step pass_over(std::uint32_t length);
    Step begin_section();
    Step add_interface(Block block);
    void read_options(Block options, Interface& interface, std::string& label) const;
    Step enhanced_packet(Block block, RawPacket& packet);
    Step simple_packet(Block block, RawPacket& packet);
    Step old_packet(Block block, RawPacket& packet);
    Step secrets(Block block) const;
    Step statistics(Block block);
    struct Fields {
        std::uint32_t interface_id;
        std::uint64_t ticks;
        std::uint32_t captured;
        std::uint32_t length;
        std::size_t data_at;
    };
    Step deliver(Block block, const Fields& fields, RawPacket& packet);
    Step wrong(const std::string& what) {
        damaged(what);
        return Step::stop;
    }
    Step ended(const std::string& what) {
        cut(what);
        return Step::stop;
    }
    std::uint32_t u32(Block block, std::size_t at) const { return order_.u32(block.data() + at); }

    FileOrder order_;
    SecretsCallback take_secrets_;
    std::size_t section_at_ = 0;  ///< index of the section's first interface
    std::vector<Interface> section_;
    SourceStats earlier_;  ///< what the sections before say was dropped
};

Status PcapngFile::begin() {
    if (begin_section() != Step::stop) return done;
    Error failure = std::move(*failure_);
    failure_.reset();
    failure.hint.clear();
    return failure;
}

bool PcapngFile::next(RawPacket& packet) {
    for (;;) {
        switch (step(packet)) {
            case Step::packet:
                return true;
            case Step::stop:
                return false;
            case Step::other:
                break;
        }
    }
}

/// Passes over whole blocks to the next one with a packet. What is odd is left to next().
bool PcapngFile::has_next() const {
    for (auto bytes = stream_.buffered(); bytes.size() >= shortest_block;) {
        const std::uint32_t type = u32(bytes, 0);
        const std::uint32_t length = u32(bytes, 4);
        const bool whole = length >= shortest_block && length % 4 == 0 && length <= bytes.size();
        if (!whole || type == section_block) return false;
        if (is_packet(type)) return true;
        bytes = bytes.subspan(length);
    }
    return false;
}

PcapngFile::Step PcapngFile::step(RawPacket& packet) {
    const auto head = stream_.peek(8);
    if (head.empty() && !stream_.failure()) return Step::stop;
    if (head.size() < 8) return ended("a block header,");
    const std::uint32_t type = u32(head, 0);
    if (type == section_block) return begin_section();
    const std::uint32_t length = u32(head, 4);
    if (length < shortest_block || length % 4 != 0) {
        return wrong("a block of " + std::to_string(length) + " bytes,");
    }
    const bool is_fact = type == statistics_block || (type == secrets_block && take_secrets_);
    const bool is_known =
        is_packet(type) || type == interface_block || (is_fact && length <= max_block);
    if (!is_known) return pass_over(length);
    if (length > max_block) return wrong("a block of " + std::to_string(length) + " bytes,");
    const auto block = stream_.peek(length);
    if (block.size() < length) return ended("a block,");
    if (u32(block, length - 4) != length) return wrong("a block whose two lengths differ,");
    Step result = Step::other;
    if (type == packet_block) {
        result = enhanced_packet(block, packet);
    } else if (type == interface_block) {
        result = add_interface(block);
    } else if (type == simple_packet_block) {
        result = simple_packet(block, packet);
    } else if (type == secrets_block) {
        result = secrets(block);
    } else if (type == statistics_block) {
        result = statistics(block);
    } else {
        result = old_packet(block, packet);
    }
    if (result != Step::stop) stream_.consume(length);
    return result;
}

// type 4 | length 4 | interface 4 | time 8 | options | length 4
PcapngFile::Step PcapngFile::statistics(Block block) {
    const bool of_section = block.size() >= 24 && u32(block, 8) < section_.size();
    if (!of_section) return Step::other;
    Interface& interface = section_[u32(block, 8)];
    each_option(order_, block.subspan(20, block.size() - 24), [&](unsigned code, Block value) {
        if (value.size() != 8) return;
        if (code == option_interface_drops) interface.dropped = order_.u64(value.data());
        if (code == option_system_drops) interface.dropped_system = order_.u64(value.data());
    });
    return Step::other;
}

/// What packets and statistics say of one interface is the same, counted twice.
SourceStats PcapngFile::stats() {
    SourceStats sum = earlier_;
    sum.received = received_;
    for (const Interface& each : section_) {
        const auto told = each.dropped + each.dropped_system;
        const auto before = each.dropped_before > told ? each.dropped_before - told : 0;
        sum.dropped_interface += each.dropped;
        sum.dropped_kernel += each.dropped_system + before;
    }
    return sum;
}

// type 4 | length 4 | kind 4 | length 4 | secrets | options | length 4
PcapngFile::Step PcapngFile::secrets(Block block) const {
    if (block.size() < 20 || u32(block, 8) != tls_key_log) return Step::other;
    const std::size_t length = std::min<std::size_t>(u32(block, 12), block.size() - 20);
    std::string text;
    for (const std::byte each : block.subspan(16, length)) text += std::to_integer<char>(each);
    take_secrets_(text);
    return Step::other;
}

PcapngFile::Step PcapngFile::pass_over(std::uint32_t length) {
    if (!stream_.skip(length - 4)) return ended("a block,");
    const auto again = stream_.peek(4);
    if (again.size() < 4) return ended("a block,");
    if (u32(again, 0) != length) return wrong("a block whose two lengths differ,");
    stream_.consume(4);
    return Step::other;
}

// type 4 | length 4 | byte order 4 | version 2+2 | section length 8 | options | length 4
PcapngFile::Step PcapngFile::begin_section() {
    const auto head = stream_.peek(28);
    if (head.size() < 28) return ended("a section header,");
    order_ = FileOrder();
    if (u32(head, 8) != order_magic) order_ = FileOrder(true);
    if (u32(head, 8) != order_magic) return wrong("a section without a byte order,");
    if (order_.u16(head.data() + 12) != 1) return wrong("a section of an unknown version,");
    const std::uint32_t length = u32(head, 4);
    if (length < 28 || length % 4 != 0 || length > max_block) {
        return wrong("a section header of " + std::to_string(length) + " bytes,");
    }
    earlier_ = stats();
    section_at_ = interfaces_.size();
    section_.clear();
    return pass_over(length);
}

// link type 2 | reserved 2 | snap length 4 | options
PcapngFile::Step PcapngFile::add_interface(Block block) {
    if (block.size() < 20) return wrong("an interface block that is too short,");
    if (interfaces_.size() == max_interfaces) return wrong("too many interfaces,");
    Interface interface;
    interface.link = link_type_of(order_.u16(block.data() + 8));
    interface.snap_length = u32(block, 12);
    std::string label = "interface " + std::to_string(section_.size());
    read_options(block.subspan(16, block.size() - 20), interface, label);
    section_.push_back(interface);
    interfaces_.push_back({std::move(label), interface.link});
    return Step::other;
}

void PcapngFile::read_options(Block options, Interface& interface, std::string& label) const {
    each_option(order_, options, [&](unsigned code, Block value) {
        if (code == option_name && !value.empty()) {
            label.assign(value.size(), '\0');
            std::memcpy(label.data(), value.data(), value.size());
        } else if (code == option_resolution && value.size() == 1) {
            interface.clock.set_resolution(std::to_integer<std::uint8_t>(value.front()));
        } else if (code == option_offset && value.size() == 8) {
            interface.clock.offset_seconds = static_cast<std::int64_t>(order_.u64(value.data()));
        }
    });
}

PcapngFile::Step PcapngFile::deliver(Block block, const Fields& fields, RawPacket& packet) {
    if (fields.interface_id >= section_.size()) return wrong("a packet of an unknown interface,");
    if (fields.captured > block.size() - fields.data_at - 4) {
        return wrong("a packet longer than its block,");
    }
    const Interface& interface = section_[fields.interface_id];
    packet.data = block.subspan(fields.data_at, fields.captured);
    packet.wire_length = std::max(fields.length, fields.captured);
    packet.time = interface.clock.time_of(fields.ticks);
    packet.link = interface.link;
    packet.interface_id = static_cast<std::uint32_t>(section_at_) + fields.interface_id;
    return Step::packet;
}

// interface 4 | time high 4 | time low 4 | captured 4 | length 4 | data | options
PcapngFile::Step PcapngFile::enhanced_packet(Block block, RawPacket& packet) {
    if (block.size() < 32) return wrong("a packet block that is too short,");
    const std::uint64_t ticks = std::uint64_t{u32(block, 12)} << 32U | u32(block, 16);
    const Fields fields{u32(block, 8), ticks, u32(block, 20), u32(block, 24), 28};
    const Step step = deliver(block, fields, packet);
    const std::size_t padded = (std::size_t{fields.captured} + 3) & ~std::size_t{3};
    const bool has_options = step == Step::packet && fields.data_at + padded + 8 < block.size();
    if (!has_options) return step;
    const auto options = block.subspan(fields.data_at + padded);
    each_option(order_, options.first(options.size() - 4), [&](unsigned code, Block value) {
        if (code != option_packet_drops || value.size() != 8) return;
        section_[fields.interface_id].dropped_before += order_.u64(value.data());
    });
    return step;
}

// length 4 | data; of the first interface, without a time
PcapngFile::Step PcapngFile::simple_packet(Block block, RawPacket& packet) {
    if (block.size() < 16 || section_.empty()) return wrong("a packet of an unknown interface,");
    const std::uint32_t length = u32(block, 8);
    const std::uint32_t snap = section_.front().snap_length;
    const std::uint32_t captured = snap == 0 ? length : std::min(length, snap);
    return deliver(block, {0, 0, captured, length, 12}, packet);
}

// interface 2 | drops 2 | time high 4 | time low 4 | captured 4 | length 4 | data | options
PcapngFile::Step PcapngFile::old_packet(Block block, RawPacket& packet) {
    if (block.size() < 32) return wrong("a packet block that is too short,");
    const std::uint64_t ticks = std::uint64_t{u32(block, 12)} << 32U | u32(block, 16);
    const std::uint32_t interface_id = order_.u16(block.data() + 8);
    constexpr std::uint16_t not_known = 0xffff;
    const std::uint16_t drops = order_.u16(block.data() + 10);
    if (interface_id < section_.size() && drops != not_known) {
        section_[interface_id].dropped_before += drops;
    }
    return deliver(block, {interface_id, ticks, u32(block, 20), u32(block, 24), 28}, packet);
}

}  // namespace

Result<std::unique_ptr<PacketSource>> open_pcapng(ByteStream stream, const std::string& name) {
    auto file = std::make_unique<PcapngFile>(std::move(stream), name);
    if (auto begun = file->begin(); !begun) return std::move(begun).error();
    return std::unique_ptr<PacketSource>(std::move(file));
}

}  // namespace nspect::capture
