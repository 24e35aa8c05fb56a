// SPDX-License-Identifier: Apache-2.0
// make_pcap FILE [--packets N] [--flows N] [--snap N] [--seed N] [--rpc N] [--dns N] [--bulk N]
//   [--exchanges N] [--payload N] [--segment N] [--flood N]: a capture to measure with, always the
//   same for the
// same options. RPC (short requests, short answers), DNS and bulk conversations (full segments one
// way) in these shares, 6, 3 and 1 of ten unless told; a tenth of all use IPv6. --exchanges:
// requests in one RPC; --payload: bytes that their texts have at most; --segment: bytes of a bulk
// segment; --flood: SYNs of made-up senders to one server after each packet of a conversation.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Options {
    std::uint64_t packets = 1'000'000;
    std::uint64_t flows = 50'000;
    std::uint64_t snap = 65535;
    std::uint64_t seed = 1;
    std::uint64_t rpc = 6;
    std::uint64_t dns = 3;
    std::uint64_t bulk = 1;
    std::uint64_t exchanges = 8;
    std::uint64_t payload = 200;
    std::uint64_t segment = 1448;
    std::uint64_t flood = 0;
};

class Writer {
public:
    Writer(std::FILE* file, std::uint64_t snap) : file_(file), snap_(snap) {
        for (const std::uint32_t word :
             {0xa1b23c4dU, 0x00040002U, 0U, 0U, static_cast<std::uint32_t>(snap), 1U}) {
            std::fwrite(&word, sizeof word, 1, file_);
        }
    }

    void write(const std::vector<std::uint8_t>& bytes) {
        now_ += 1500;
        const auto kept = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes.size(), snap_));
        const std::uint32_t header[] = {static_cast<std::uint32_t>(now_ / 1'000'000'000),
                                        static_cast<std::uint32_t>(now_ % 1'000'000'000), kept,
                                        static_cast<std::uint32_t>(bytes.size())};
        std::fwrite(header, sizeof header, 1, file_);
        std::fwrite(bytes.data(), 1, kept, file_);
    }

private:
    std::FILE* file_;
    std::uint64_t snap_;
    std::uint64_t now_ = 1'767'261'600'000'000'000;
};

/// One conversation, packet by packet.
struct Talk {
    enum class Kind : std::uint8_t { rpc, dns, bulk } kind = Kind::rpc;
    std::uint32_t number = 0;
    std::uint32_t at = 0;
    std::uint32_t seq[2] = {0, 0};
    bool v6 = false;
};

class Packets {
public:
    explicit Packets(const Options& options)
        : options_(options), random_(options.seed), senders_(options.seed + 1) {}

    void spoofed_syn(std::vector<std::uint8_t>& bytes) {
        const std::uint64_t sender = senders_();
        bytes.assign(12, 2);
        be16(bytes, 0x0800);
        be32(bytes, 0x45000028);
        be32(bytes, 0x00004000);
        be32(bytes, 0x40060000);
        be32(bytes, static_cast<std::uint32_t>(sender));
        be32(bytes, 0x0a800001);
        be16(bytes, static_cast<std::uint16_t>(1024U + (sender >> 32U) % 60000U));
        be16(bytes, 8080);
        be32(bytes, static_cast<std::uint32_t>(senders_()));
        be32(bytes, 0);
        be32(bytes, 0x5002ffff);
        be32(bytes, 0);
    }

    Talk begin(std::uint32_t number) {
        Talk talk;
        talk.number = number;
        talk.kind = kind_of(number % (options_.rpc + options_.dns + options_.bulk));
        talk.v6 = number % 10 == 3;
        talk.seq[0] = static_cast<std::uint32_t>(random_());
        talk.seq[1] = static_cast<std::uint32_t>(random_());
        return talk;
    }

    /// The next packet of the talk; false when it is over.
    bool next(Talk& talk, std::vector<std::uint8_t>& bytes) {
        const std::uint32_t at = talk.at++;
        if (talk.kind == Talk::Kind::dns) {
            if (at >= 2) return false;
            dns(talk, at == 1, bytes);
            return true;
        }
        const auto exchanges = talk.kind == Talk::Kind::rpc ? options_.exchanges : 40;
        const auto last = static_cast<std::uint32_t>(3 + exchanges * 2);
        if (at >= last + 3) return false;
        tcp(talk, at, last, bytes);
        return true;
    }

private:
    Talk::Kind kind_of(std::uint64_t share) const {
        if (share < options_.rpc) return Talk::Kind::rpc;
        return share < options_.rpc + options_.dns ? Talk::Kind::dns : Talk::Kind::bulk;
    }

    void tcp(Talk& talk, std::uint32_t at, std::uint32_t last, std::vector<std::uint8_t>& bytes) {
        const bool answer = at < 3 ? at == 1 : (at - 3) % 2 == 1;
        std::uint8_t flags = 0x10;
        std::string payload;
        if (at == 0) flags = 0x02;
        if (at == 1) flags = 0x12;
        if (at >= last) flags = at == last + 2 ? 0x10 : 0x11;
        if (at >= 3 && at < last) payload = text(talk, answer, at);
        const auto side = static_cast<std::size_t>(answer);
        header(talk, answer, 6, 20 + payload.size(), bytes);
        const auto client = static_cast<std::uint16_t>(32768 + talk.number % 28000);
        be16(bytes, answer ? 8080 : client);
        be16(bytes, answer ? client : 8080);
        be32(bytes, talk.seq[side]);
        be32(bytes, at == 0 ? 0 : talk.seq[1 - side]);
        for (const std::uint8_t byte :
             {std::uint8_t{0x50}, flags, std::uint8_t{0xff}, std::uint8_t{0xff}, std::uint8_t{0},
              std::uint8_t{0}, std::uint8_t{0}, std::uint8_t{0}}) {
            bytes.push_back(byte);
        }
        bytes.insert(bytes.end(), payload.begin(), payload.end());
        const bool counts = (flags & 0x03U) != 0;
        talk.seq[side] += static_cast<std::uint32_t>(payload.size()) + (counts ? 1U : 0U);
    }

    std::string text(const Talk& talk, bool answer, std::uint32_t at) {
        if (talk.kind == Talk::Kind::bulk) return std::string(answer ? options_.segment : 0, 'x');
        std::string line = answer ? "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"
                                  : "POST /v1/item/" + std::to_string(at) + " HTTP/1.1\r\n\r\n";
        line.append(random_() % (options_.payload + 1), answer ? 'a' : 'q');
        return line;
    }

    void dns(const Talk& talk, bool answer, std::vector<std::uint8_t>& bytes) {
        const std::string label = "svc" + std::to_string(talk.number % 1000);
        std::string message("\0\1\1\0\0\1\0\0\0\0\0\0", 12);
        message[1] = static_cast<char>(talk.number);
        if (answer) message[2] = '\x81', message[7] = '\1';
        message += static_cast<char>(label.size()) + label + std::string("\0\0\1\0\1", 5);
        if (answer) message += std::string("\xc0\x0c\0\1\0\1\0\0\0\x1e\0\4\x0a\1\2\3", 16);
        header(talk, answer, 17, 8 + message.size(), bytes);
        const auto client = static_cast<std::uint16_t>(32768 + talk.number % 28000);
        be16(bytes, answer ? 53 : client);
        be16(bytes, answer ? client : 53);
        be16(bytes, static_cast<std::uint16_t>(8 + message.size()));
        be16(bytes, 0);
        bytes.insert(bytes.end(), message.begin(), message.end());
    }

    static void header(const Talk& talk, bool answer, std::uint8_t protocol, std::size_t payload,
                       std::vector<std::uint8_t>& bytes) {
        bytes.assign(12, 2);
        be16(bytes, talk.v6 ? 0x86dd : 0x0800);
        const std::uint32_t client = 0x0a000000U + talk.number / 28000 * 64 + talk.number % 61;
        const std::uint32_t server = 0x0a800000U + talk.number % 251;
        if (talk.v6) {
            be32(bytes, 0x60000000);
            be16(bytes, static_cast<std::uint16_t>(payload));
            bytes.push_back(protocol);
            bytes.push_back(64);
            for (const bool second : {false, true}) {
                be32(bytes, 0xfd000000);
                be32(bytes, 0);
                be32(bytes, 0);
                be32(bytes, answer == second ? client : server);
            }
            return;
        }
        be16(bytes, 0x4500);
        be16(bytes, static_cast<std::uint16_t>(20 + payload));
        be32(bytes, 0x00004000);
        bytes.push_back(64);
        bytes.push_back(protocol);
        be16(bytes, 0);
        be32(bytes, answer ? server : client);
        be32(bytes, answer ? client : server);
    }

    static void be16(std::vector<std::uint8_t>& bytes, std::uint16_t value) {
        bytes.push_back(static_cast<std::uint8_t>(value >> 8U));
        bytes.push_back(static_cast<std::uint8_t>(value));
    }
    static void be32(std::vector<std::uint8_t>& bytes, std::uint32_t value) {
        be16(bytes, static_cast<std::uint16_t>(value >> 16U));
        be16(bytes, static_cast<std::uint16_t>(value));
    }

    const Options& options_;
    std::mt19937_64 random_;
    std::mt19937_64 senders_;  ///< of their own: the conversations are the same without a flood
};

/// Keeps `flows / 50` conversations going at once.
void generate(const Options& options, Writer& writer) {
    Packets packets(options);
    std::uint32_t number = 0;
    std::vector<Talk> talks(std::max<std::uint64_t>(1, options.flows / 50));
    for (Talk& talk : talks) talk = packets.begin(number++);
    std::vector<std::uint8_t> bytes;
    std::uint64_t written = 0;
    for (std::size_t i = 0; written < options.packets; i = (i + 1) % talks.size()) {
        while (!packets.next(talks[i], bytes)) talks[i] = packets.begin(number++);
        writer.write(bytes);
        ++written;
        for (std::uint64_t n = 0; n < options.flood; ++n) {
            packets.spoofed_syn(bytes);
            writer.write(bytes);
        }
    }
    std::printf("%llu packets of %u conversations\n", static_cast<unsigned long long>(written),
                number);
}

bool read_options(int argc, char** argv, Options& options) {
    const std::pair<const char*, std::uint64_t*> known[] = {
        {"--packets", &options.packets}, {"--flows", &options.flows},
        {"--snap", &options.snap},       {"--seed", &options.seed},
        {"--rpc", &options.rpc},         {"--dns", &options.dns},
        {"--bulk", &options.bulk},       {"--exchanges", &options.exchanges},
        {"--payload", &options.payload}, {"--segment", &options.segment},
        {"--flood", &options.flood}};
    for (int i = 2; i < argc; i += 2) {
        const auto* option =
            std::find_if(std::begin(known), std::end(known),
                         [&](const auto& each) { return std::strcmp(argv[i], each.first) == 0; });
        if (option == std::end(known) || i + 1 == argc) return false;
        *option->second = std::strtoull(argv[i + 1], nullptr, 10);
    }
    return options.rpc + options.dns + options.bulk > 0 && options.segment <= 1460 &&
           options.payload <= 1400;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    const bool understood = argc >= 2 && read_options(argc, argv, options);
    std::FILE* file = understood ? std::fopen(argv[1], "wb") : nullptr;
    if (file == nullptr) {
        std::fprintf(stderr,
                     "usage: make_pcap FILE [--packets N] [--flows N] [--snap N] [--seed N]\n"
                     "    [--rpc N] [--dns N] [--bulk N] [--exchanges N] [--payload N] "
                     "[--segment N] [--flood N]\n");
        return 2;
    }
    Writer writer(file, options.snap);
    generate(options, writer);
    return std::fclose(file) == 0 ? 0 : 2;
}
