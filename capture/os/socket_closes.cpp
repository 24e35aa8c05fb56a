// SPDX-License-Identifier: Apache-2.0
#include "capture/os/socket_closes.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include <fcntl.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "capture/os/bpf.h"
#include "capture/os/socket_programs.h"

namespace nspect::capture {
namespace {

constexpr std::size_t ring_bytes = std::size_t{1} << 20U;
/// Connections whose port may be gone by the time they are closed: refused and reset ones.
constexpr std::uint32_t most_connecting = 16384;
constexpr std::uint8_t tcp_listening = 10;
constexpr std::uint8_t udp_unconnected = 7;

bool is_version_2(const char* path) {
    struct statfs filesystem {};
    return ::statfs(path, &filesystem) == 0 && filesystem.f_type == CGROUP2_SUPER_MAGIC;
}

struct Groups {
    std::string path;
    Fd root;
    std::uint64_t root_id = 0;
    bool alone = false;  ///< without version 1: every container is in them
};

/// The root has no type; what is one only in a namespace of control groups has.
Result<Groups> open_groups() {
    for (const char* path : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
        if (!is_version_2(path)) continue;
        Fd root(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        struct stat status {};
        if (!root || ::fstat(root.get(), &status) != 0)
            return error_from_errno(errno, "cannot open the control groups", path);
        if (::faccessat(root.get(), "cgroup.type", F_OK, 0) == 0)
            return Error{Error::Kind::unavailable, "is not the root of control groups", {}, path};
        const bool alone = std::string_view(path) == "/sys/fs/cgroup";
        return Groups{path, std::move(root), status.st_ino, alone};
    }
    return Error{Error::Kind::unavailable, "there are no control groups of version 2", {}, {}};
}

/// Before Linux 5.11 maps count as locked memory, of which little is allowed.
Result<Fd> make_ring() {
    const auto make = [] {
        return make_bpf_map(BPF_MAP_TYPE_RINGBUF, 0, 0, static_cast<std::uint32_t>(ring_bytes));
    };
    auto made = make();
    if (made || made.error().kind != Error::Kind::permission) return made;
    const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_MEMLOCK, &all) != 0) return made;
    return make();
}

IpAddress local_address(const SocketRecord& record) {
    if (record.family != AF_INET) return *IpAddress::parse("::");
    return *IpAddress::from_bytes(std::as_bytes(std::span(&record.local, 1)));
}

}  // namespace

class SocketCloses::State {
public:
    static Result<std::unique_ptr<State>> open();

    Groups groups;
    Fd records;
    Fd connecting;
    Fd lost;
    std::vector<Fd> attached;
    std::optional<BpfRing> ring;
    std::uint64_t told_lost = 0;
    bool pids_are_ours = true;

    std::vector<SocketEvent> read();

private:
    Status make_maps();
    Status attach(bpf_prog_type type, bpf_attach_type place, std::span<const bpf_insn> program);
    Status attach_all();
    Status try_out();
    SocketEvent event_of(const SocketRecord& record) const;
};

Result<std::unique_ptr<SocketCloses::State>> SocketCloses::State::open() {
    auto groups = open_groups();
    if (!groups) return std::move(groups).error();
    auto state = std::make_unique<State>();
    state->groups = std::move(*groups);
    if (auto made = state->make_maps(); !made) return std::move(made).error();
    if (auto attached = state->attach_all(); !attached) return std::move(attached).error();
    if (auto works = state->try_out(); !works) return std::move(works).error();
    return state;
}

Status SocketCloses::State::make_maps() {
    auto made = make_ring();
    if (!made) return std::move(made).error();
    records = std::move(*made);
    made = make_bpf_map(BPF_MAP_TYPE_LRU_HASH, 8, 8, most_connecting);
    if (!made) return std::move(made).error();
    connecting = std::move(*made);
    made = make_bpf_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1);
    if (!made) return std::move(made).error();
    lost = std::move(*made);
    auto opened = BpfRing::open(records, ring_bytes);
    if (!opened) return std::move(opened).error();
    ring.emplace(std::move(*opened));
    return done;
}

Status SocketCloses::State::attach(bpf_prog_type type, bpf_attach_type place,
                                   std::span<const bpf_insn> program) {
    auto loaded = load_bpf_program(type, place, program, socket_programs_license);
    if (!loaded) return std::move(loaded).error();
    auto link = attach_to_group(*loaded, groups.root, place);
    if (!link) return std::move(link).error();
    attached.push_back(std::move(*link));
    return done;
}

/// Where version 2 is alone, each record says who it was, and can wait. Beside version 1 a
/// container may be in none of its groups: then its process has to be asked while it is there.
Status SocketCloses::State::attach_all() {
    const ProgramMaps maps{records.get(), connecting.get(), lost.get(),
                           groups.alone ? ring_bytes / 2 : 0};
    auto attached_now =
        attach(BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS, connecting_program(maps));
    if (attached_now) {
        attached_now =
            attach(BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_RELEASE, closing_program(maps));
    }
    if (attached_now && !groups.alone) {
        attached_now =
            attach(BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE, opening_program(maps));
    }
    return attached_now;
}

Status SocketCloses::State::try_out() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* name = reinterpret_cast<sockaddr*>(&address);
    {
        const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        if (!socket || ::bind(socket.get(), name, length) != 0 ||
            ::getsockname(socket.get(), name, &length) != 0)
            return error_from_errno(errno, "cannot try a socket");
    }
    const Socket own{*IpAddress::parse("127.0.0.1"), Port{ntohs(address.sin_port)}};
    for (const auto& event : read()) {
        if (event.opened || event.protocol != Protocol::udp || event.local != own) continue;
        pids_are_ours = event.pid == static_cast<std::uint32_t>(::getpid());
        return done;
    }
    return Error{
        Error::Kind::unavailable, "the kernel's sockets are not laid out as expected", {}, {}};
}

SocketEvent SocketCloses::State::event_of(const SocketRecord& record) const {
    SocketEvent event;
    event.opened = record.family == 0;
    event.time = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(record.time));
    if (record.group != groups.root_id) event.group = record.group;
    if (pids_are_ours) event.pid = static_cast<std::uint32_t>(record.thread >> 32U);
    event.protocol = record.protocol == IPPROTO_TCP ? Protocol::tcp : Protocol::udp;
    event.local = {local_address(record), Port{record.port}};
    event.listening =
        record.state == (event.protocol == Protocol::tcp ? tcp_listening : udp_unconnected);
    return event;
}

std::vector<SocketEvent> SocketCloses::State::read() {
    std::vector<SocketEvent> events;
    ring->read([&](std::span<const std::byte> bytes) {
        SocketRecord record;
        if (bytes.size() < sizeof record) return;
        std::memcpy(&record, bytes.data(), sizeof record);
        events.push_back(event_of(record));
    });
    return events;
}

SocketCloses::SocketCloses(std::unique_ptr<State> state) : state_(std::move(state)) {}
SocketCloses::SocketCloses(SocketCloses&&) noexcept = default;
SocketCloses& SocketCloses::operator=(SocketCloses&&) noexcept = default;
SocketCloses::~SocketCloses() = default;

Result<SocketCloses> SocketCloses::open() {
    auto state = State::open();
    if (!state) return std::move(state).error();
    return SocketCloses(std::move(*state));
}

const std::string& SocketCloses::groups() const noexcept {
    return state_->groups.path;
}
int SocketCloses::poll_fd() const noexcept {
    return state_->records.get();
}
std::vector<SocketEvent> SocketCloses::read() {
    return state_->read();
}
std::uint64_t SocketCloses::take_lost() {
    const std::uint64_t all = read_bpf_number(state_->lost);
    return all - std::exchange(state_->told_lost, all);
}

}  // namespace nspect::capture
