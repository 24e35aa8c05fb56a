// SPDX-License-Identifier: Apache-2.0
// send_frames INTERFACE FRAMES BYTES [FLOWS] [FRAMES_PER_SECOND]: puts frames on a link as fast as
// the kernel takes them, or at that pace; UDP of FLOWS (1000 unless told) senders. Prints how many
// went out.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Frame = std::vector<std::uint8_t>;
using Clock = std::chrono::steady_clock;

void put16(Frame& frame, std::size_t at, std::size_t value) {
    frame[at] = static_cast<std::uint8_t>(value >> 8U);
    frame[at + 1] = static_cast<std::uint8_t>(value);
}

Frame make_frame(std::size_t bytes, std::uint32_t flow) {
    constexpr std::array<std::uint8_t, 42> head{
        2,  0, 0,  0,  0, 1, 2,  0, 0,  0,  0, 2, 8,  0,                     // Ethernet
        69, 0, 0,  0,  0, 0, 64, 0, 64, 17, 0, 0, 10, 0, 0, 0, 10, 1, 0, 1,  // IPv4
        0,  0, 35, 40, 0, 0, 0,  0};                                         // UDP to port 9000
    Frame frame(bytes, 'x');
    std::copy(head.begin(), head.end(), frame.begin());
    put16(frame, 16, bytes - 14);
    put16(frame, 28, flow >> 14U);  // 10.0.0.0 and so on
    put16(frame, 34, 40000 + flow % 16384);
    put16(frame, 38, bytes - 34);
    return frame;
}

/// One call of the kernel for so many frames.
constexpr std::size_t at_once = 64;

class Sender {
public:
    Sender(const char* interface, std::size_t bytes, std::uint32_t flows)
        : socket_(socket(AF_PACKET, SOCK_RAW, 0)) {
        sockaddr_ll address{};
        address.sll_family = AF_PACKET;
        address.sll_protocol = htons(ETH_P_IP);
        address.sll_ifindex = static_cast<int>(if_nametoindex(interface));
        const int on = 1;
        ready_ = address.sll_ifindex != 0 &&
                 bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                 setsockopt(socket_, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) == 0;
        for (std::uint32_t i = 0; i < flows; ++i) frames_.push_back(make_frame(bytes, i));
    }
    ~Sender() { close(socket_); }
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    bool ready() const { return ready_; }

    /// Up to `count` frames; how many the kernel took.
    std::size_t send(std::size_t count) {
        std::array<mmsghdr, at_once> messages{};
        std::array<iovec, at_once> parts{};
        for (std::size_t i = 0; i < count; ++i) {
            Frame& frame = frames_[next_++ % frames_.size()];
            parts[i] = {frame.data(), frame.size()};
            messages[i].msg_hdr.msg_iov = &parts[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        const int sent = sendmmsg(socket_, messages.data(), static_cast<unsigned>(count), 0);
        return sent < 0 ? 0 : static_cast<std::size_t>(sent);
    }

private:
    int socket_;
    bool ready_ = false;
    std::vector<Frame> frames_;
    std::size_t next_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int at, unsigned long otherwise) {
        return argc > at ? std::strtoul(argv[at], nullptr, 10) : otherwise;
    };
    const std::size_t frames = number(2, 0);
    const std::size_t bytes = std::clamp<std::size_t>(number(3, 100), 60, 1514);
    const auto pace = static_cast<double>(number(5, 0));
    if (argc < 4) {
        std::fprintf(stderr, "usage: send_frames INTERFACE FRAMES BYTES [FLOWS] [PER_SECOND]\n");
        return 2;
    }
    Sender sender(argv[1], bytes, static_cast<std::uint32_t>(std::max(1UL, number(4, 1000))));
    if (!sender.ready()) {
        std::perror(argv[1]);
        return 2;
    }
    const auto begin = Clock::now();
    std::size_t sent = 0;
    for (std::size_t tried = 0; tried < frames; tried += at_once) {
        sent += sender.send(std::min(at_once, frames - tried));
        if (pace == 0) continue;
        std::this_thread::sleep_until(begin + std::chrono::nanoseconds(static_cast<std::int64_t>(
                                                  static_cast<double>(tried) / pace * 1e9)));
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    std::printf("%zu %.3f\n", sent, seconds);
    return 0;
}
