// SPDX-License-Identifier: Apache-2.0
// bare_loop FILE: what reading a capture costs with libpcap alone; the measure of all others.
#include <cstdio>

#include <pcap/pcap.h>

int main(int argc, char** argv) {
    char message[PCAP_ERRBUF_SIZE] = "usage: bare_loop FILE";
    pcap_t* pcap = argc == 2 ? pcap_open_offline(argv[1], message) : nullptr;
    if (pcap == nullptr) {
        std::fprintf(stderr, "%s\n", message);
        return 2;
    }
    unsigned long long packets = 0;
    unsigned long long sum = 0;
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    while (pcap_next_ex(pcap, &header, &data) == 1) {
        ++packets;
        sum += header->len + (header->caplen > 0 ? data[0] : 0U);
    }
    pcap_close(pcap);
    std::printf("%llu packets, %llu\n", packets, sum);
    return 0;
}
