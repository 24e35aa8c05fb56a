// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>

#include <sys/random.h>
#include <unistd.h>

#include "capture/live_world.h"
#include "capture/record_files.h"
#include "cli/output.h"
#include "cli/quantity.h"
#include "cli/stop_signal.h"
#include "cli/verb.h"
#include "cli/version.h"
#include "store/recording_file.h"

namespace nspect::cli {

namespace {

constexpr std::uint64_t bytes_per_flow = 300;  // FlowLimits::flows: at most so much each

struct Options {
    std::string out;
    std::vector<std::string> read;
    std::vector<std::string> targets;
    std::string duration;
    std::string memory = "300M";
    std::string ring = "16M";
    bool force = false;
    bool inside = false;
    bool both_ends = false;
    bool host = false;
    bool quiet = false;
};

/// The options' texts as values.
struct Settings {
    std::optional<Duration> duration;
    std::uint64_t memory = 0;
    std::uint64_t ring = 0;
};

Error bad_value(const std::string& option, const std::string& value, const std::string& example) {
    return {Error::Kind::invalid, "'" + value + "' makes no sense for " + option,
            "for example: " + example, ""};
}

Result<Settings> read_settings(const Options& options) {
    Settings settings;
    if (!options.duration.empty()) {
        settings.duration = parse_duration(options.duration);
        if (!settings.duration) return bad_value("--duration", options.duration, "--duration 5m");
    }
    const auto memory = parse_size(options.memory);
    if (!memory || *memory < bytes_per_flow * 1000)
        return bad_value("--memory", options.memory, "--memory 300M");
    const auto ring = parse_size(options.ring);
    if (!ring || *ring < (1U << 19U)) return bad_value("--ring", options.ring, "--ring 64M");
    settings.memory = *memory;
    settings.ring = *ring;
    return settings;
}

std::string first_line(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

RecordingInfo recording_info() {
    RecordingInfo info;
    char host[256] = {};
    if (gethostname(host, sizeof host - 1) == 0) info.host = host;
    info.boot_id = first_line("/proc/sys/kernel/random/boot_id");
    info.tool_version = version;
    return info;
}

/// Addresses come from strangers: which flows share a bucket must not be theirs to choose.
capture::HashSeed random_seed() {
    capture::HashSeed seed{};
    if (getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) return {};
    return seed;
}

/// A target is wanted when its name, pod, namespace or container id begins with one of the
/// patterns.
std::function<bool(const TargetInfo&)> selection(const std::vector<std::string>& patterns) {
    if (patterns.empty()) return {};
    return [patterns](const TargetInfo& target) {
        return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& each) {
            return target.name == each || target.pod == each || target.namespace_name == each ||
                   target.namespace_name + "/" + target.pod == each ||
                   (each.size() >= 4 && target.container.starts_with(each));
        });
    };
}

capture::CaptureSide side(const Options& options) {
    if (options.both_ends) return capture::CaptureSide::both;
    return options.inside ? capture::CaptureSide::inside : capture::CaptureSide::host_end;
}

void report(const Options& options, const capture::RecordingSummary& summary) {
    for (const Error& each : summary.limitations) {
        std::cerr << "nspect: not covered: " << to_string(each) << "\n";
    }
    if (summary.store_error) std::cerr << "nspect: " << to_string(*summary.store_error) << "\n";
    if (options.quiet) return;
    std::cerr << summary.packets << " packets, " << summary.sightings << " sightings in "
              << to_words(summary.ended - summary.started) << "; lost: " << summary.lost_packets
              << " packets, " << summary.lost_sightings << " sightings\n"
              << "recording: " << options.out << "\n";
}

int finish(const Options& options, store::FlowStore& store,
           const capture::RecordingSummary& summary) {
    report(options, summary);
    if (const Status closed = store.close(); !closed) return fail(closed.error());
    return summary.store_error ? exit_failed : exit_ok;
}

int record_from_files(const Options& options, const Settings& settings, store::FlowStore& store) {
    capture::FileRecorderOptions how;
    how.info = recording_info();
    how.flows.flows = settings.memory / bytes_per_flow;
    how.seed = random_seed();
    auto summary = capture::record_files(options.read, std::move(how),
                                         [&](const Batch& batch) { return store.write(batch); });
    if (!summary) return fail(summary.error());
    return finish(options, store, *summary);
}

/// Once the first source is open no packet is missed any more: scripts wait for this line.
void announce(const Options& options, capture::RecorderWorld& world) {
    auto open = std::move(world.open_source);
    auto said = std::make_shared<bool>(options.quiet);
    const std::size_t targets = world.targets().size();
    world.open_source = [open, said, targets](std::uint64_t netns) {
        auto source = open(netns);
        if (source && !*said) {
            *said = true;
            std::cerr << "capturing: " << targets << " network namespaces; stop with Ctrl-C"
                      << std::endl;
        }
        return source;
    };
}

int record_live(const Options& options, const Settings& settings, store::FlowStore& store) {
    auto stop = StopSignal::open();
    if (!stop) return fail(stop.error());
    capture::LiveWorldOptions how;
    how.source.ring_bytes = settings.ring;
    how.now = [] {
        return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    };
    how.stop_fd = stop->fd();
    auto world = capture::live_world(std::move(how));
    if (!world) return fail(world.error());
    announce(options, *world);

    capture::RecorderOptions recorder;
    recorder.info = recording_info();
    recorder.info.origin = "live";
    recorder.side = side(options);
    recorder.host_interfaces = options.host;
    recorder.wants = selection(options.targets);
    recorder.duration = settings.duration;
    recorder.flows.flows = settings.memory / bytes_per_flow;
    recorder.seed = random_seed();
    auto summary = capture::record(std::move(recorder), std::move(*world),
                                   [&](const Batch& batch) { return store.write(batch); });
    if (!summary) return fail(summary.error());
    const int code = finish(options, store, *summary);
    return code == exit_ok && stop->interrupted() ? exit_interrupted : code;
}

int run(const Options& options) {
    if (options.out.empty()) {
        return fail(
            {Error::Kind::invalid, "no place for the recording", "add: --out FILE.nspect", ""});
    }
    auto settings = read_settings(options);
    if (!settings) return fail(settings.error());
    auto store = store::create_recording(options.out, {.overwrite = options.force});
    if (!store) return fail(store.error());
    const int code = options.read.empty() ? record_live(options, *settings, **store)
                                          : record_from_files(options, *settings, **store);
    return code;
}

}  // namespace

Run declare_capture(CommandLine& line) {
    auto options = std::make_shared<Options>();
    line.option(options->out, "--out", "the recording to write, FILE.nspect");
    line.flag(options->force, "--force", "replace a recording that is there already");
    line.many(options->read, "--read",
              "read pcap or pcapng files instead of interfaces; - is standard input");
    line.options(options->targets, "--target",
                 "only this container, pod, namespace or container id; may be repeated");
    line.option(options->duration, "--duration",
                "stop after so long: 30s, 5m, 1h (default: until Ctrl-C)");
    line.flag(options->inside, "--inside",
              "listen inside each namespace instead of at the host's end");
    line.flag(options->both_ends, "--both-ends", "listen at both ends of each veth");
    line.flag(options->host, "--host", "also the host's own interfaces: bridges, uplinks, lo");
    line.option(options->memory, "--memory",
                "for live flows; the one idle longest leaves first (default 300M)");
    line.option(options->ring, "--ring", "the kernel's packet ring (default 16M)");
    line.flag(options->quiet, "-q,--quiet", "no words on stderr but errors");
    line.footer(
        "Examples: nspect capture --out shop.nspect --duration 1h\n"
        "          nspect capture --read a.pcap b.pcapng --out ab.nspect");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
