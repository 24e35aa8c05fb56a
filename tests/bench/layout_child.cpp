// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/layout_child.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/live_world.h"

namespace nspect::bench {
namespace {

using namespace nspect::capture;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::int64_t wall_clock() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

double resident_kib() {
    std::ifstream status("/proc/self/statm");
    double all = 0;
    double resident = 0;
    status >> all >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

std::uint64_t descriptors() {
    std::uint64_t open = 0;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
        open += each.path().empty() ? 0U : 1U;
    }
    return open;
}

template <class T>
void tell(const Fd& to, const T& value) {
    if (::write(to.get(), &value, sizeof value) != sizeof value) ::_exit(1);
}

template <class T>
T hear(const Fd& from) {
    T value{};
    if (::read(from.get(), &value, sizeof value) == sizeof value) return value;
    std::fputs("a recording ended before its time\n", stderr);
    std::exit(1);
}

/// The recording itself, and what it saw.
class Recording {
public:
    Recording(const Layout& layout, const std::string& crowd, const Fd& answers, const Fd& stop)
        : layout_(layout), crowd_(crowd), answers_(answers), stop_(stop) {}

    int run() {
        before_ = resident_kib();
        const std::uint64_t open_before = descriptors();
        LiveWorldOptions live;
        live.watcher.host_netns = "/run/netns/" + crowd_;
        live.now = [] { return std::chrono::system_clock::now(); };
        live.stop_fd = stop_.get();
        const auto start = Clock::now();
        auto world = live_world(std::move(live));
        if (!world) return fail(world.error());
        follow(*world);
        const auto summary =
            record(options(), std::move(*world), [&](const Batch& batch) -> Status {
                if (!std::exchange(begun_, true)) {
                    tell(answers_, Ready{seconds_since(start), descriptors() - open_before,
                                         resident_kib() - before_});
                }
                keep(batch);
                return done;
            });
        if (!summary) return fail(summary.error());
        for (const auto& each : summary->limitations)
            std::fprintf(stderr, "%s: %s\n", layout_.name, to_string(each).c_str());
        ended_.lost = summary->lost_packets;
        add_up();
        tell(answers_, ended_);
        return 0;
    }

private:
    static int fail(const Error& error) {
        std::fprintf(stderr, "%s\n", to_string(error).c_str());
        return 1;
    }

    /// When the newest of the crowd was known with its interface.
    void follow(RecorderWorld& world) {
        world.read_targets = [this, read = std::move(world.read_targets)] {
            auto events = read();
            if (!events || !begun_) return events;
            for (const auto& event : *events) {
                if (ended_.known_at != 0 || event.kind != TargetEvent::Kind::interface_appeared)
                    continue;
                if (event.interface.name.starts_with('h') && event.target.is_host)
                    ended_.known_at = wall_clock();
            }
            return events;
        };
    }

    RecorderOptions options() {
        RecorderOptions how;
        how.side = layout_.side;
        how.host_interfaces = layout_.host_interfaces;
        how.wants = [this](const TargetInfo& target) {
            return target.is_host || target.name.starts_with(crowd_);
        };
        how.keep = [this](const RawPacket& raw, std::uint32_t, const VantageBook&) {
            constexpr std::uint32_t headers = 64;
            if (raw.wire_length < birth_bytes || raw.wire_length > birth_bytes + headers) return;
            if (ended_.read_at == 0) ended_.read_at = wall_clock();
        };
        return how;
    }

    void keep(const Batch& batch) {
        for (const auto& each : batch.sightings) sightings_[each.id] = each;
        for (const auto& each : batch.vantages) vantages_[each.id] = each;
        for (const auto& each : batch.targets) targets_[each.id] = each;
    }

    bool owns(const Vantage& vantage, const IpAddress& address) const {
        if (!vantage.target) return false;
        for (const auto& interface : targets_.at(*vantage.target).interfaces) {
            for (const auto& each : interface.addresses) {
                if (each == address) return true;
            }
        }
        return false;
    }

    std::optional<Place> place_of(const Sighting& sighting) const {
        const Vantage& vantage = vantages_.at(sighting.vantage);
        if (vantage.side == VantageSide::host) return host_device;
        const bool inside = vantage.side == VantageSide::inside;
        if (owns(vantage, sighting.client.ip)) return inside ? client_inside : client_end;
        if (owns(vantage, sighting.server.ip)) return inside ? server_inside : server_end;
        return std::nullopt;
    }

    void add_up() {
        for (const auto& [id, sighting] : sightings_) {
            const unsigned port = sighting.server.port.number;
            const auto place = place_of(sighting);
            if (port < load || port >= load + probes || !place) continue;
            ended_.seen[port - load][*place] += sighting.sent.packets;
        }
    }

    const Layout& layout_;
    const std::string& crowd_;
    const Fd& answers_;
    const Fd& stop_;
    double before_ = 0;
    bool begun_ = false;
    Ended ended_;
    std::map<std::uint64_t, Sighting> sightings_;
    std::map<std::uint32_t, Vantage> vantages_;
    std::map<std::uint32_t, TargetInfo> targets_;
};

}  // namespace

LayoutChild::LayoutChild(const Layout& layout, const std::string& crowd)
    : stop_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) std::exit(1);
    answers_ = Fd(ends[0]);
    const Fd tell_to(ends[1]);
    child_ = ::fork();
    if (child_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    ::_exit(Recording(layout, crowd, tell_to, stop_).run());
}

LayoutChild::~LayoutChild() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
}

Ready LayoutChild::wait_until_ready() {
    return hear<Ready>(answers_);
}

/// Of its threads that run now; to the nanosecond, which getrusage() of another process is not.
double LayoutChild::cpu_seconds() const {
    double all = 0;
    const auto tasks = "/proc/" + std::to_string(child_) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
        std::ifstream times(task.path() / "schedstat");
        double nanoseconds = 0;
        times >> nanoseconds;
        all += nanoseconds / 1e9;
    }
    return all;
}

Ended LayoutChild::stop() {
    const auto start = Clock::now();
    const std::uint64_t one = 1;
    if (::write(stop_.get(), &one, sizeof one) != sizeof one) std::exit(1);
    auto ended = hear<Ended>(answers_);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
    ended.seconds = seconds_since(start);
    return ended;
}

}  // namespace nspect::bench
