// SPDX-License-Identifier: Apache-2.0
// bench_decode FILE...: how fast packets come out of our reader and decoder, beside a bare libpcap
// loop over the same file in the same run. The best of five rounds each, in processor time.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>

#include <pcap/pcap.h>

#include "capture/decode/decode.h"
#include "capture/source/capture_file.h"

using namespace nspect::capture;

namespace {

struct Total {
    std::uint64_t packets = 0;
    std::uint64_t sum = 0;  // so that nothing is optimised away
};

Total bare_libpcap(const char* path) {
    char message[PCAP_ERRBUF_SIZE];
    pcap_t* pcap = pcap_open_offline(path, message);
    if (pcap == nullptr) return {};
    Total total;
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    while (pcap_next_ex(pcap, &header, &data) == 1) {
        ++total.packets;
        total.sum += header->len + (header->caplen > 0 ? data[0] : 0U);
    }
    pcap_close(pcap);
    return total;
}

Total ours(const char* path, bool decoding) {
    auto source = open_file(path);
    if (!source) return {};
    Total total;
    while (!(*source)->finished()) {
        const auto count = (*source)->read(4096, [&](const RawPacket& raw) {
            ++total.packets;
            total.sum += raw.wire_length;
            if (!decoding) return;
            const auto packet = decode(raw.data, raw.wire_length, raw.link);
            total.sum += packet.dst_port.number + packet.payload_bytes;
        });
        if (!count) break;
    }
    return total;
}

double best_mpps(const std::function<Total()>& run) {
    double best = 0;
    for (int round = 0; round < 5; ++round) {
        const std::clock_t start = std::clock();
        const Total total = run();
        const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
        best = std::max(best, static_cast<double>(total.packets) / seconds / 1e6);
    }
    return best;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: bench_decode FILE...\n");
        return 2;
    }
    for (int i = 1; i < argc; ++i) {
        const char* path = argv[i];
        const double bare = best_mpps([&] { return bare_libpcap(path); });
        const double read = best_mpps([&] { return ours(path, false); });
        const double decoded = best_mpps([&] { return ours(path, true); });
        std::printf("%s: libpcap %.2f Mpps, our reader %.2f, reader and decoder %.2f\n", path, bare,
                    read, decoded);
        std::printf("time of reader and decoder: %.2f x the bare libpcap loop\n", bare / decoded);
    }
    return 0;
}
