// SPDX-License-Identifier: Apache-2.0
#include "capture/decode/dns.h"

#include <algorithm>
#include <optional>

#include "capture/decode/byte_cursor.h"

namespace nspect::capture {
namespace {

constexpr std::size_t max_labels = 127;
constexpr std::size_t max_name = 255;  // on the wire, lengths and the root included
constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t cache_flush = 0x8000;  // multicast DNS (RFC 6762) marks classes with it

void append_escaped(std::string& name, std::byte raw) {
    const auto c = std::to_integer<unsigned char>(raw);
    if (c == '.' || c == '\\') {
        name += '\\';
        name += static_cast<char>(c);
    } else if (c < 0x21 || c > 0x7e) {
        name += '\\';
        name += static_cast<char>('0' + c / 100);
        name += static_cast<char>('0' + c / 10 % 10);
        name += static_cast<char>('0' + c % 10);
    } else {
        name += static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
}

// Reads a message front to back; the first damage ends it.
class Reader {
public:
    explicit Reader(std::span<const std::byte> message) : message_(message) {}

    DnsMessage read();

private:
    std::optional<std::string> read_name();
    bool read_questions(unsigned count);
    bool read_answer();
    bool read_value(DnsAnswer& answer, std::size_t length);
    std::span<const std::byte> take(std::size_t n);
    template <class T>
    T number() {
        const auto bytes = take(sizeof(T));
        return bytes.empty() ? T{} : load_network_order<T>(bytes.data());
    }
    bool malformed() {
        result_.outcome = DnsMessage::Outcome::malformed;
        return false;
    }
    bool is_fine() const { return result_.outcome == DnsMessage::Outcome::ok; }

    std::span<const std::byte> message_;
    std::size_t at_ = 0;
    DnsMessage result_;
};

std::span<const std::byte> Reader::take(std::size_t n) {
    if (message_.size() - at_ < n) {
        result_.outcome = DnsMessage::Outcome::truncated;
        at_ = message_.size();
        return {};
    }
    const auto bytes = message_.subspan(at_, n);
    at_ += n;
    return bytes;
}

// Labels of up to 63 bytes until an empty one, or until a pointer to a place further front:
// strictly further front each time, so that no loop can arise.
std::optional<std::string> Reader::read_name() {
    std::string name;
    std::size_t labels = 0;
    std::size_t wire_bytes = 1;
    std::size_t front = at_;  // where the labels being read began
    std::optional<std::size_t> after_pointer;
    for (;;) {
        const auto length = number<std::uint8_t>();
        if (!is_fine()) return std::nullopt;
        if (length == 0) break;
        if ((length & 0xc0U) == 0xc0U) {
            const std::size_t target = (length & 0x3fU) * 256U + number<std::uint8_t>();
            if (!is_fine()) return std::nullopt;
            if (!after_pointer) after_pointer = at_;
            if (target >= front) {
                malformed();
                return std::nullopt;
            }
            at_ = front = target;
            continue;
        }
        wire_bytes += length + 1U;
        if ((length & 0xc0U) != 0 || ++labels > max_labels || wire_bytes > max_name) {
            malformed();
            return std::nullopt;
        }
        const auto label = take(length);
        if (!is_fine()) return std::nullopt;
        if (!name.empty()) name += '.';
        for (const std::byte b : label) append_escaped(name, b);
    }
    if (after_pointer) at_ = *after_pointer;
    return name.empty() ? "." : name;
}

bool Reader::read_questions(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
        auto name = read_name();
        const auto type = name ? number<std::uint16_t>() : std::uint16_t{0};
        if (name) number<std::uint16_t>();  // class
        if (!is_fine()) return false;
        if (i == 0) {
            result_.question = std::move(*name);
            result_.question_type = type;
        }
    }
    return true;
}

bool Reader::read_value(DnsAnswer& answer, std::size_t length) {
    if (answer.type == dns_type::cname) {
        const std::size_t end = at_ + length;
        auto target = read_name();
        if (!target) return false;
        answer.target = std::move(*target);
        return at_ == end || malformed();
    }
    if (length != (answer.type == dns_type::a ? 4U : 16U)) return malformed();
    const auto value = take(length);
    if (!is_fine()) return false;
    answer.address = length == 4
                         ? IpAddress::v4(load_network_order<std::uint32_t>(value.data()))
                         : IpAddress::v6(load_network_order<std::uint64_t>(value.data()),
                                         load_network_order<std::uint64_t>(value.data() + 8));
    return true;
}

// name | type 2 | class 2 | time to live 4 | length 2 | value
bool Reader::read_answer() {
    auto name = read_name();
    if (!name) return false;
    DnsAnswer answer;
    answer.name = std::move(*name);
    answer.type = number<std::uint16_t>();
    const unsigned record_class = number<std::uint16_t>() & ~unsigned{cache_flush};
    answer.ttl = number<std::uint32_t>();
    const std::size_t length = number<std::uint16_t>();
    if (!is_fine()) return false;
    const bool wanted = answer.type == dns_type::a || answer.type == dns_type::aaaa ||
                        answer.type == dns_type::cname;
    if (!wanted || record_class != class_in) {
        take(length);
        return is_fine();
    }
    if (!read_value(answer, length)) return false;
    result_.answers.push_back(std::move(answer));
    return true;
}

// id 2 | QR 1 bit, opcode 4 bits, AA, TC, RD, RA, Z 3 bits, rcode 4 bits | four counts of 2
DnsMessage Reader::read() {
    result_.id = number<std::uint16_t>();
    const unsigned flags = number<std::uint16_t>();
    result_.response = (flags & 0x8000U) != 0;
    result_.opcode = (flags >> 11U) & 0x0fU;
    result_.cut = (flags & 0x0200U) != 0;
    result_.rcode = flags & 0x0fU;
    const unsigned questions = number<std::uint16_t>();
    const unsigned answers = number<std::uint16_t>();
    take(4);  // authority and additional records
    if (!is_fine() || !read_questions(questions)) return std::move(result_);
    for (unsigned i = 0; i < answers && result_.answers.size() < max_dns_answers; ++i) {
        if (!read_answer()) break;
    }
    return std::move(result_);
}

}  // namespace

DnsMessage decode_dns(std::span<const std::byte> message) {
    return Reader(message).read();
}

std::span<const std::byte> next_dns_over_tcp(std::span<const std::byte>& stream) {
    if (stream.size() < 2) return {};
    const std::size_t length = load_network_order<std::uint16_t>(stream.data());
    if (stream.size() - 2 < length) return {};
    const auto message = stream.subspan(2, length);
    stream = stream.subspan(2 + length);
    return message;
}

std::vector<IpAddress> resolved_addresses(const DnsMessage& message) {
    std::vector<IpAddress> addresses;
    std::vector<const std::string*> names{&message.question};
    // A chain has at most as many links as there are answers, in whatever order they stand.
    for (std::size_t i = 0; i < names.size() && i <= message.answers.size(); ++i) {
        for (const DnsAnswer& answer : message.answers) {
            if (answer.name != *names[i]) continue;
            if (answer.type != dns_type::cname) {
                addresses.push_back(answer.address);
            } else if (std::none_of(names.begin(), names.end(), [&](const std::string* name) {
                           return *name == answer.target;
                       })) {
                names.push_back(&answer.target);
            }
        }
    }
    return addresses;
}

}  // namespace nspect::capture
