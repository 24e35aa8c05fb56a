// SPDX-License-Identifier: Apache-2.0
// What it costs to listen at the host's ends, inside, at both, with the host's own devices, and
// what each of these shows; side by side over the same namespaces and the same traffic.
// As root: bench_layouts [ROUNDS] [NAMESPACES]...
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "capture/os/netns.h"
#include "tests/bench/crowd.h"
#include "tests/bench/layout_child.h"

namespace {

using namespace nspect;
using namespace nspect::bench;
using capture::CaptureSide;
using capture::Fd;
using Clock = std::chrono::steady_clock;

constexpr int most_pairs = 40;
constexpr int load_packets = 100'000;
constexpr int a_millisecond = 25;
constexpr std::size_t load_bytes = 100;
constexpr int probe_packets = 5;
constexpr int birth_packets = 100;

constexpr std::array layouts{Layout{"host ends", CaptureSide::host_end, false},
                             Layout{"host ends, --host", CaptureSide::host_end, true},
                             Layout{"--inside", CaptureSide::inside, false},
                             Layout{"--both-ends", CaptureSide::both, false},
                             Layout{"--both-ends --host", CaptureSide::both, true}};

void pause(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

double cpu_of_this_thread() {
    rusage used{};
    ::getrusage(RUSAGE_THREAD, &used);
    const auto of = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return of(used.ru_utime) + of(used.ru_stime);
}

sockaddr_in to(const std::string& address, std::uint16_t port) {
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &there.sin_addr);
    return there;
}

/// A datagram socket that lives in a namespace; bound where it is to take what comes.
Fd socket_in(const std::string& netns, std::uint16_t port) {
    auto there = capture::Netns::open(netns);
    if (!there) std::exit(1);
    auto made = capture::run_in(*there, [&]() -> Result<Fd> {
        Fd one(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        const sockaddr_in here = to("0.0.0.0", port);
        const int room = 1;  // what does not fit is thrown away, which is all that is wanted
        ::setsockopt(one.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
        if (port != 0)
            ::bind(one.get(), static_cast<const sockaddr*>(static_cast<const void*>(&here)),
                   sizeof here);
        return one;
    });
    return made ? std::move(*made) : Fd();
}

bool send(const Fd& from, const sockaddr_in& there, std::size_t bytes) {
    static const std::vector<char> payload(2000, 'x');
    return ::sendto(from.get(), payload.data(), bytes, 0,
                    static_cast<const sockaddr*>(static_cast<const void*>(&there)),
                    sizeof there) > 0;
}

/// The even ones of the crowd send to their neighbours; not the last two, which are kept apart.
class Traffic {
public:
    explicit Traffic(const Crowd& crowd)
        : crowd_(crowd), pairs_(std::min(crowd.count() / 2 - 1, most_pairs)) {
        for (int i = 0; i < pairs_; ++i) {
            senders_.push_back(socket_in(crowd.path(2 * i), 0));
            takers_.push_back(socket_in(crowd.path(2 * i + 1), load));
            there_.push_back(to(Crowd::address(2 * i + 1), load));
            const auto nowhere = to(Crowd::address(2 * i + 1), 9);  // neighbours are known then
            send(senders_.back(), nowhere, 1);
        }
        for (const std::uint16_t port : {delivered, isolated, own_lo, macvlan, birth})
            takers_.push_back(socket_in(crowd.path(1), port));
        pause(500);
    }
    /// Processor time of the sender for a packet: all of its way is walked by who sends it.
    double run() {
        const double before = cpu_of_this_thread();
        auto next = Clock::now();
        for (int sent = 0; sent < load_packets;) {
            for (int i = 0; i < a_millisecond; ++i, ++sent) {
                const auto pair = static_cast<std::size_t>(sent % pairs_);
                send(senders_[pair], there_[pair], load_bytes);
            }
            next += std::chrono::milliseconds(1);
            std::this_thread::sleep_until(next);
        }
        return (cpu_of_this_thread() - before) / load_packets;
    }
    void probe(int from, const std::string& address, Probe what) const {
        const Fd sender = socket_in(crowd_.path(from), 0);
        const auto there = to(address, what);
        for (int i = 0; i < probe_packets; ++i) send(sender, there, load_bytes);
    }

private:
    const Crowd& crowd_;
    int pairs_;
    std::vector<Fd> senders_;
    std::vector<Fd> takers_;
    std::vector<sockaddr_in> there_;
};

struct Measured {
    Ready ready;
    Ended ended;
    double cpu = 0;     ///< of the recorder, seconds a packet that was sent
    double sender = 0;  ///< of who sends, seconds a packet
    double idle = 0;    ///< per cent of a core
    double known = 0;   ///< ms from the making of a veth
    double read = 0;
};

/// `ip` that waits for its lines, so that what is measured does not begin with starting it.
class Ip {
public:
    explicit Ip(const std::string& netns)
        : pipe_(::popen(("ip -n " + netns + " -batch -").c_str(), "w")) {
        if (pipe_ == nullptr) std::exit(1);
    }
    Ip(const Ip&) = delete;
    Ip& operator=(const Ip&) = delete;
    ~Ip() { ::pclose(pipe_); }
    void say(const std::string& lines) {
        std::fputs(lines.c_str(), pipe_);
        std::fflush(pipe_);
    }

private:
    std::FILE* pipe_;
};

/// Of the namespace the socket lives in.
void wait_for_eth0(const Fd& socket, int flags) {
    ifreq asked{};
    std::memcpy(asked.ifr_name, "eth0", sizeof "eth0");
    while (::ioctl(socket.get(), SIOCGIFFLAGS, &asked) != 0 || (asked.ifr_flags & flags) != flags) {
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
}

/// A container comes and sends as soon as it can, a packet each millisecond. When its veth was
/// asked for.
std::int64_t bear(Crowd& crowd, int number) {
    crowd.add(number);
    const Fd sender = socket_in(crowd.path(number), 0);
    const auto there = to(Crowd::address(1), birth);
    Ip host(crowd.name());
    Ip own(crowd.name() + "-" + std::to_string(number));
    pause(1500);  // the namespace itself has been heard of
    const auto born = std::chrono::system_clock::now().time_since_epoch();
    host.say(crowd.plug(number));
    wait_for_eth0(sender, 0);
    // Answers to ARP would wait for the bridge, which takes up to a second to use a new port.
    own.say(Crowd::bring_up(number) + "neigh replace " + Crowd::address(1) +
            " lladdr 02:00:00:00:00:aa dev eth0 nud permanent\n");
    wait_for_eth0(sender, IFF_RUNNING);  // before, the veth itself throws packets away
    for (int sent = 0; sent < birth_packets;) {
        if (send(sender, there, birth_bytes)) {
            ++sent;
            pause(1);
        } else {
            std::this_thread::sleep_for(std::chrono::microseconds(100));
        }
    }
    return std::chrono::duration_cast<std::chrono::nanoseconds>(born).count();
}

Measured measure(const Layout& layout, Crowd& crowd, Traffic& traffic, int& next) {
    Measured all;
    LayoutChild child(layout, crowd.name());
    all.ready = child.wait_until_ready();
    pause(8000);  // what was just made is looked at some more times
    const double at_rest = child.cpu_seconds();
    pause(2000);
    const double before = child.cpu_seconds();
    all.idle = 100 * (before - at_rest) / 2;
    all.sender = traffic.run();
    pause(300);
    all.cpu = (child.cpu_seconds() - before) / load_packets;
    const int count = crowd.count();
    traffic.probe(2, Crowd::address(1), delivered);
    traffic.probe(count - 2, Crowd::address(count - 1), isolated);
    traffic.probe(0, "127.0.0.1", own_lo);
    traffic.probe(count, Crowd::address(count + 1), macvlan);
    pause(300);
    const std::int64_t born = bear(crowd, next++);
    pause(500);
    all.ended = child.stop();
    all.known = static_cast<double>(all.ended.known_at - born) / 1e6;
    all.read = static_cast<double>(all.ended.read_at - born) / 1e6;
    return all;
}

bool listens(const Layout& layout, Place place) {
    const bool inside = place == client_inside || place == server_inside;
    if (place == host_device) return layout.host_interfaces;
    return layout.side == CaptureSide::both || (layout.side == CaptureSide::inside) == inside;
}

void print_costs(const Layout& layout, const Measured& m, const Measured& bare, int count) {
    std::int64_t missed = 0;
    for (const Place place : {client_inside, client_end, server_end, server_inside}) {
        if (!listens(layout, place)) continue;
        missed += load_packets - static_cast<std::int64_t>(m.ended.seen[0][place]);
    }
    std::printf("%-19s %7.2f s %6.2f s %7llu %9.1f KiB %6.0f ns %+7.0f ns %7.2f %% %9lld\n",
                layout.name, m.ready.seconds, m.ended.seconds,
                static_cast<unsigned long long>(m.ready.descriptors), m.ready.kib / count,
                m.cpu * 1e9, (m.sender - bare.sender) * 1e9, m.idle,
                static_cast<long long>(missed));
}

std::string seen(const Measured& m, Probe probe) {
    static constexpr std::array names{"client", "its end", "bridge", "its end", "server"};
    std::string all;
    for (std::size_t i = 0; i < places; ++i) {
        if (m.ended.seen[probe - load][i] == 0) continue;
        all += (all.empty() ? "" : " > ") + std::string(names[i]);
    }
    return all.empty() ? "unseen" : all;
}

void print_sights(const Layout& layout, const Measured& m) {
    std::printf("\n%s\n", layout.name);
    std::printf("  delivered: %s\n  dropped by the bridge: %s\n  to itself over lo: %s\n",
                seen(m, delivered).c_str(), seen(m, isolated).c_str(), seen(m, own_lo).c_str());
    std::printf("  macvlan to macvlan: %s\n", seen(m, macvlan).c_str());
    const auto& born = m.ended.seen[birth - load];
    const auto first = std::max(born[client_inside], born[client_end]);
    std::printf(
        "  a container that comes: known %.0f ms after its veth is asked for, first packet read "
        "after %.0f ms; of its first %d packets %lld missed\n",
        m.known, m.read, birth_packets,
        static_cast<long long>(birth_packets) - static_cast<long long>(first));
}

void better(Measured& best, const Measured& other) {
    best.cpu = std::min(best.cpu, other.cpu);
    best.sender = std::min(best.sender, other.sender);
    best.idle = std::min(best.idle, other.idle);
    best.ready.seconds = std::min(best.ready.seconds, other.ready.seconds);
}

int run(int rounds, int count) {
    Crowd crowd(count, Crowd::Wiring::bridged);
    crowd.add_macvlan(count);
    crowd.keep_apart(count - 2, count - 1);
    Traffic traffic(crowd);
    int next = count + 2;
    std::array<Measured, layouts.size()> best;
    Measured bare;
    bare.sender = std::numeric_limits<double>::max();
    for (int round = 0; round < rounds; ++round) {
        bare.sender = std::min(bare.sender, traffic.run());
        for (std::size_t i = 0; i < layouts.size(); ++i) {
            const auto one = measure(layouts[i], crowd, traffic, next);
            if (round == 0) best[i] = one;
            better(best[i], one);
        }
    }
    std::printf("\n%d namespaces on a bridge, %d datagrams of %zu bytes; best of %d\n", count,
                load_packets, load_bytes, rounds);
    std::printf("%-19s %9s %8s %7s %13s %9s %10s %9s %9s\n", "", "start", "stop", "files",
                "memory each", "CPU each", "sender", "idle", "missed");
    for (std::size_t i = 0; i < layouts.size(); ++i) print_costs(layouts[i], best[i], bare, count);
    for (std::size_t i = 0; i < layouts.size(); ++i) print_sights(layouts[i], best[i]);
    std::fflush(stdout);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 1;
    if (argc <= 2) return run(rounds, 10) + run(rounds, 100) + run(rounds, 500);
    int failed = 0;
    for (int i = 2; i < argc; ++i) failed += run(rounds, std::max(std::atoi(argv[i]) / 2 * 2, 6));
    return failed;
}
