// SPDX-License-Identifier: Apache-2.0
// bench_flows [FLOWS...]: memory of a live flow and time of a packet at so many concurrent flows
// (1 and 5 million unless told), then a flood of SYNs against a table that is full.
// bench_flows --read FILE: where the time of a capture file goes: bare libpcap, our reader, with
// decoding, with the flow table, and as `nspect capture --read` without its store.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>

#include <malloc.h>
#include <pcap/pcap.h>
#include <unistd.h>

#include "capture/decode/decode.h"
#include "capture/flow/flow_table.h"
#include "capture/record_files.h"
#include "capture/source/capture_file.h"
#include "capture/tls/tls_tracker.h"

using namespace nspect;
using namespace nspect::capture;

namespace {

double processor_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

double resident_bytes() {
    std::ifstream file("/proc/self/statm");
    double size = 0;
    double resident = 0;
    file >> size >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

DecodedPacket packet_of(std::uint32_t flow, std::uint8_t flags) {
    DecodedPacket packet;
    packet.src = IpAddress::v4(0x0a000000 + flow / 20000);
    packet.dst = IpAddress::v4(0x0b000001);
    packet.src_port = Port{static_cast<std::uint16_t>(1024 + flow % 20000)};
    packet.dst_port = Port{443};
    packet.ip_protocol = 6;
    packet.protocol = Protocol::tcp;
    packet.tcp_flags = flags;
    packet.tcp_seq = flow;
    packet.tcp_window = 1000;
    packet.ip_payload_bytes = 20;
    return packet;
}

DecodedPacket answered(DecodedPacket packet) {
    std::swap(packet.src, packet.dst);
    std::swap(packet.src_port, packet.dst_port);
    packet.tcp_ack = packet.tcp_seq + 1;
    packet.tcp_flags = tcp_flag::syn | tcp_flag::ack;
    return packet;
}

void live_flows(std::uint32_t flows) {
    malloc_trim(0);
    const double before = resident_bytes();
    FlowTable table(FlowLimits{.flows = flows});
    Timestamp now = Timestamp{} + std::chrono::hours(500'000);
    const double start = processor_seconds();
    for (std::uint32_t i = 0; i < flows; ++i) {
        auto syn = packet_of(i, tcp_flag::syn);
        table.add(syn, 1, now += std::chrono::microseconds(1));
    }
    for (std::uint32_t i = 0; i < flows; ++i) {
        auto answer = answered(packet_of(i, tcp_flag::syn));
        table.add(answer, 1, now += std::chrono::microseconds(1));
    }
    const double seconds = processor_seconds() - start;
    std::printf("%u live flows: %.0f bytes each (%zu reckoned), %.0f ns a packet\n", flows,
                (resident_bytes() - before) / flows, bytes_per_flow, seconds * 5e8 / flows);
}

void flood(std::uint32_t packets) {
    constexpr std::uint32_t limit = 1'000'000;
    constexpr std::uint32_t real = 10'000;
    FlowTable table(FlowLimits{.flows = limit});
    Timestamp now = Timestamp{} + std::chrono::hours(500'000);
    std::uint64_t given_out = 0;
    for (std::uint32_t i = 0; i < real; ++i) {
        auto syn = packet_of(i, tcp_flag::syn);
        auto answer = answered(syn);
        auto ack = packet_of(i, tcp_flag::ack);
        ack.tcp_seq = i + 1;
        ack.tcp_ack = i + 1;
        for (auto* each : {&syn, &answer, &ack}) table.add(*each, 1, now);
    }
    const double start = processor_seconds();
    for (std::uint32_t i = 0; i < packets; ++i) {
        auto syn = packet_of(1'000'000 + i, tcp_flag::syn);
        table.add(syn, 1, now += std::chrono::microseconds(1));
        if (table.waiting() >= 16384) given_out += table.take_finished(now).size();
    }
    const double seconds = processor_seconds() - start;
    std::size_t kept = 0;
    for (const Sighting& each : table.take_changed(now)) {
        kept += each.outcome == Outcome::established ? 1 : 0;
    }
    std::printf(
        "flood of %u SYNs: %.2f Mpps, %zu live, %llu given out early, %zu of %u real ones kept\n",
        packets, packets / seconds / 1e6, table.live(), static_cast<unsigned long long>(given_out),
        kept, real);
}

struct Stage {
    const char* name;
    std::function<std::uint64_t(const char*)> run;
};

std::uint64_t bare(const char* path) {
    char message[PCAP_ERRBUF_SIZE];
    pcap_t* pcap = pcap_open_offline(path, message);
    if (pcap == nullptr) return 0;
    std::uint64_t packets = 0;
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    while (pcap_next_ex(pcap, &header, &data) == 1) ++packets;
    pcap_close(pcap);
    return packets;
}

std::uint64_t ours(const char* path, bool decoding, bool flows) {
    auto source = open_file(path);
    if (!source) return 0;
    FlowTable table;
    std::uint64_t packets = 0;
    std::uint64_t sum = 0;
    while (!(*source)->finished()) {
        Timestamp now{};
        const auto count = (*source)->read(4096, [&](const RawPacket& raw) {
            ++packets;
            if (!decoding) return;
            auto packet = decode(raw.data, raw.wire_length, raw.link);
            sum += packet.payload_bytes;
            now = raw.time;
            if (flows) table.add(packet, 1, raw.time);
        });
        if (!count) break;
        if (table.waiting() >= 16384) sum += table.take_finished(now).size();
    }
    return sum == 1 ? 0 : packets;  // so that nothing is optimised away
}

std::uint64_t recorded(const char* path) {
    TlsTracker tls;
    FileRecorderOptions options;
    options.observer = tls.observer();
    const auto summary =
        record_files({path}, std::move(options), [](const Batch&) { return done; });
    return summary ? summary->packets : 0;
}

double wall_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

void stages(const char* path) {
    const Stage all[] = {
        {"bare libpcap loop", bare},
        {"our reader", [](const char* file) { return ours(file, false, false); }},
        {"and decoding", [](const char* file) { return ours(file, true, false); }},
        {"and the flow table", [](const char* file) { return ours(file, true, true); }},
        {"and recording", recorded},
    };
    double first = 0;
    for (const Stage& stage : all) {
        double best = 1e9;
        double best_wall = 1e9;
        std::uint64_t packets = 0;
        for (int round = 0; round < 3; ++round) {
            const double start = processor_seconds();
            const double wall_start = wall_seconds();
            packets = stage.run(path);
            best = std::min(best, processor_seconds() - start);
            best_wall = std::min(best_wall, wall_seconds() - wall_start);
        }
        if (first == 0) first = best;
        std::printf("%-20s %6.2f s  %6.2f Mpps  %5.2f x  (wall %.2f s)\n", stage.name, best,
                    static_cast<double>(packets) / best / 1e6, best / first, best_wall);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 3 && std::strcmp(argv[1], "--read") == 0) {
        stages(argv[2]);
        return 0;
    }
    for (int i = 1; i < argc; ++i) {
        live_flows(static_cast<std::uint32_t>(std::strtoul(argv[i], nullptr, 10)));
    }
    if (argc == 1) {
        live_flows(1'000'000);
        live_flows(5'000'000);
    }
    flood(10'000'000);
    return 0;
}
