// SPDX-License-Identifier: Apache-2.0
// mutate_captures SECONDS FOLDER...: packets of every capture below the folders, changed at random,
// through decoding, reassembly, the flow table and the TLS readers, for so many seconds of
// processor time. Every tenth round the bytes of a whole file are changed and read. Build with
// sanitizers to have it find something; the seed of a run is printed and may be given in
// NSPECT_SEED.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "capture/decode/decode.h"
#include "capture/flow/flow_table.h"
#include "capture/source/capture_file.h"
#include "capture/tls/tls_tracker.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

using Bytes = std::vector<std::byte>;

struct Sample {
    Bytes bytes;
    std::uint32_t wire = 0;
    LinkType link = LinkType::ethernet;
};

struct Samples {
    std::vector<Bytes> files;
    std::vector<Sample> packets;
};

Bytes bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> chars{std::istreambuf_iterator<char>(file), {}};
    const auto view = std::as_bytes(std::span(chars));
    return {view.begin(), view.end()};
}

void take_packets(const std::filesystem::path& path, std::vector<Sample>& packets) {
    constexpr std::size_t most_of_a_file = 400;
    auto source = open_file(path.string());
    if (!source) return;
    std::size_t taken = 0;
    while (!(*source)->finished() && taken < most_of_a_file) {
        const auto count = (*source)->read(100, [&](const RawPacket& raw) {
            packets.push_back({{raw.data.begin(), raw.data.end()}, raw.wire_length, raw.link});
            ++taken;
        });
        if (!count) return;
    }
}

Samples samples_below(int argc, char** argv) {
    Samples samples;
    for (int i = 2; i < argc; ++i) {
        std::error_code missing;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i], missing)) {
            const auto kind = entry.path().extension();
            if (kind != ".pcap" && kind != ".pcapng" && kind != ".cap") continue;
            samples.files.push_back(bytes_of(entry.path()));
            take_packets(entry.path(), samples.packets);
        }
    }
    return samples;
}

class Mutator {
public:
    explicit Mutator(std::uint64_t seed) : random_(seed) {}

    std::size_t below(std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
    }

    /// Bits turned, bytes of the kind that lengths and types like, a piece left out, doubled or
    /// taken from elsewhere, the end cut off.
    void change(Bytes& bytes, const Bytes& other) {
        for (std::size_t n = 1 + below(4); n > 0 && !bytes.empty(); --n) {
            const std::size_t at = below(bytes.size());
            const std::size_t length = 1 + below(std::min<std::size_t>(32, bytes.size() - at));
            const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
            const auto to = from + static_cast<std::ptrdiff_t>(length);
            switch (below(6)) {
                case 0:
                    bytes[at] ^= std::byte{1} << static_cast<int>(below(8));
                    break;
                case 1:
                    bytes[at] = liked_[below(std::size(liked_))];
                    break;
                case 2:
                    bytes.erase(from, to);
                    break;
                case 3: {
                    const Bytes piece(from, to);
                    bytes.insert(from, piece.begin(), piece.end());
                    break;
                }
                case 4:
                    for (std::size_t i = 0; i < length && at + i < other.size(); ++i) {
                        bytes[at + i] = other[at + i];
                    }
                    break;
                default:
                    bytes.resize(at);
            }
        }
    }

private:
    static constexpr std::byte liked_[] = {std::byte{0},    std::byte{1},    std::byte{4},
                                           std::byte{6},    std::byte{17},   std::byte{41},
                                           std::byte{44},   std::byte{47},   std::byte{0x7f},
                                           std::byte{0x80}, std::byte{0xfe}, std::byte{0xff}};
    std::mt19937_64 random_;
};

class Run {
public:
    explicit Run(std::uint64_t seed) : mutator_(seed) {}

    void packet(const Samples& samples) {
        Sample sample = samples.packets[mutator_.below(samples.packets.size())];
        const Sample& other = samples.packets[mutator_.below(samples.packets.size())];
        mutator_.change(sample.bytes, other.bytes);
        const bool honest = mutator_.below(4) != 0;
        take(sample.bytes, honest ? static_cast<std::uint32_t>(sample.bytes.size()) : sample.wire,
             sample.link);
    }

    void file(const Samples& samples) {
        Bytes bytes = samples.files[mutator_.below(samples.files.size())];
        const Bytes& other = samples.files[mutator_.below(samples.files.size())];
        bytes.resize(std::min<std::size_t>(bytes.size(), 200'000));
        mutator_.change(bytes, other);
        auto source = open_bytes(bytes, "mutated");
        while (source && !(*source)->finished()) {
            const auto count = (*source)->read(
                100, [&](const RawPacket& raw) { take(raw.data, raw.wire_length, raw.link); });
            if (!count) return;
        }
    }

    std::uint64_t packets() const { return packets_; }

private:
    void take(std::span<const std::byte> bytes, std::uint32_t wire, LinkType link) {
        auto packet = decode(bytes, wire, link);
        now_ += std::chrono::milliseconds(1);
        table_.add(packet, static_cast<std::uint32_t>(mutator_.below(2)), now_);
        if (++packets_ % 1000 == 0) (void)table_.take_changed(now_);
    }

    Mutator mutator_;
    TlsTracker tls_{{.flows = 200, .held_bytes = 1U << 20U}};
    FlowTable table_{FlowLimits{.flows = 500}, HashSeed{}, tls_.observer()};
    Timestamp now_{};
    std::uint64_t packets_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: mutate_captures SECONDS FOLDER...\n");
        return 2;
    }
    const Samples samples = samples_below(argc, argv);
    if (samples.packets.empty()) {
        std::printf("left out: no captures there\n");
        return 0;
    }
    const char* given = std::getenv("NSPECT_SEED");
    const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::printf("seed %llu, %zu packets of %zu files\n", static_cast<unsigned long long>(seed),
                samples.packets.size(), samples.files.size());
    std::fflush(stdout);
    Run run(seed);
    const double seconds = std::strtod(argv[1], nullptr);
    const std::clock_t start = std::clock();
    while (static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC < seconds) {
        for (int i = 0; i < 1000; ++i) run.packet(samples);
        run.file(samples);
    }
    std::printf("%llu packets\n", static_cast<unsigned long long>(run.packets()));
    return 0;
}
