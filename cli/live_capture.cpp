// SPDX-License-Identifier: Apache-2.0
#include "cli/live_capture.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <utility>

#include <unistd.h>

#include "capture/live_world.h"
#include "capture/tls/tls_tracker.h"
#include "cli/live_inputs.h"
#include "cli/pod_watch.h"
#include "cli/quantity.h"
#include "cli/version.h"

namespace nspect::cli {

namespace {

constexpr std::uint64_t bytes_per_flow = 300;  // FlowLimits::flows: at most so much each
constexpr std::uint64_t flows_per_tls = 10;

std::string first_line(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

/// What a capture file does not say: where the packets were seen.
RecordingInfo recording_info_of_this_host() {
    RecordingInfo info;
    info.tool_version = version;
    char host[256] = {};
    if (gethostname(host, sizeof host - 1) == 0) info.host = host;
    info.boot_id = first_line("/proc/sys/kernel/random/boot_id");
    info.origin = "live";
    return info;
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

capture::CaptureSide side(const LiveOptions& options) {
    if (options.both_ends) return capture::CaptureSide::both;
    return options.inside ? capture::CaptureSide::inside : capture::CaptureSide::host_end;
}

/// A name nothing has now may be a slip, or of a container that is still to come.
void warn_of_absent(const LiveOptions& options, const std::vector<TargetInfo>& targets) {
    for (const std::string& each : options.targets) {
        if (std::any_of(targets.begin(), targets.end(), selection({each}))) continue;
        std::cerr << "nspect: nothing here is called '" << printable(each)
                  << "' now; waiting for it (names: nspect targets)\n";
    }
}

/// Once the first source is open no packet is missed any more: scripts wait for this line.
void announce(const LiveOptions& options, const LiveHooks& hooks, capture::RecorderWorld& world) {
    auto open = std::move(world.open_source);
    auto said = std::make_shared<bool>(hooks.quiet);
    const std::size_t targets = world.targets().size();
    world.open_source = [open, said, targets, ring = options.ring, begin = hooks.begin,
                         listening = hooks.listening](
                            std::uint64_t netns) -> Result<std::unique_ptr<capture::PacketSource>> {
        auto source = open(netns);
        if (!source) return source;
        if (const Status begun = begin(); !begun) return begun.error();
        if (!*said) {
            *said = true;
            std::cerr << "capturing: " << targets << " network namespace"
                      << (targets == 1 ? "" : "s") << ", ring " << ring << "; stop with Ctrl-C"
                      << std::endl;
        }
        listening();
        return source;
    };
}

/// Nothing without --pods.
Result<std::unique_ptr<PodWatch>> watch_pods(const std::string& pods, const LiveHooks& hooks) {
    if (pods.empty()) return std::unique_ptr<PodWatch>();
    if (!is_kube(pods)) {
        return bad_value("--pods", pods, "kube: or kube:CONTEXT of the kubeconfig");
    }
    PodWatch::Recording recording;
    recording.begun = hooks.begun;
    recording.write = hooks.write;
    recording.say = [quiet = hooks.quiet](const std::string& words) {
        if (!quiet) std::cerr << words + "\n";
    };
    return PodWatch::start(pods, std::move(recording));
}

Result<capture::RecorderWorld> open_world(const LiveSettings& settings, const LiveHooks& hooks) {
    capture::LiveWorldOptions how;
    how.source.ring_bytes = settings.ring;
    how.source.only_what_decoders_need = !hooks.whole_packets;
    how.now = [] {
        return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    };
    how.stop_fd = hooks.stop_fd;
    return capture::live_world(std::move(how));
}

capture::RecorderOptions recorder_options(const LiveOptions& options,
                                          const LiveSettings& settings) {
    capture::RecorderOptions recorder;
    recorder.info = recording_info_of_this_host();
    recorder.side = side(options);
    recorder.host_interfaces = options.host;
    recorder.wants = selection(options.targets);
    recorder.duration = settings.duration;
    recorder.flows.flows = settings.flows();
    recorder.seed = hash_seed();
    return recorder;
}

}  // namespace

std::size_t LiveSettings::flows() const {
    return memory / bytes_per_flow;
}

std::size_t LiveSettings::tls_flows() const {
    return flows() / flows_per_tls;
}

void declare_live_options(CommandLine& line, LiveOptions& options) {
    line.options(options.targets, "--target",
                 "only this container, pod, namespace or container id; may be repeated", "NAME");
    line.option(options.pods, "--pods",
                "name pods as the cluster's API does, over time: kube: or kube:CONTEXT", "kube:");
    line.option(options.duration, "--duration",
                "stop after so long: 30s, 5m, 1h (default: until Ctrl-C)", "TIME");
    line.flag(options.inside, "--inside",
              "listen inside each namespace instead of at the host's end");
    line.flag(options.both_ends, "--both-ends", "listen at both ends of each veth");
    line.flag(options.host, "--host", "also the host's own interfaces: bridges, uplinks, lo");
    line.option(options.memory, "--memory",
                "for live flows; the one idle longest leaves first (default: 300M)", "SIZE");
    line.option(options.ring, "--ring", "the kernel's packet ring (default: 16M)", "SIZE");
}

std::optional<std::string> given_live_option(const LiveOptions& options) {
    if (!options.targets.empty()) return "--target";
    if (!options.duration.empty()) return "--duration";
    if (!options.pods.empty()) return "--pods";
    if (options.inside) return "--inside";
    if (options.both_ends) return "--both-ends";
    if (options.host) return "--host";
    return std::nullopt;
}

Result<LiveSettings> read_live_settings(const LiveOptions& options) {
    LiveSettings settings;
    if (!options.duration.empty()) {
        settings.duration = parse_duration(options.duration);
        if (!settings.duration || *settings.duration == Duration::zero()) {
            return bad_value("--duration", options.duration,
                             "a number and its unit (ms, s, m, h, d), for example: --duration 5m");
        }
    }
    const auto memory = parse_size(options.memory);
    if (!memory || *memory < bytes_per_flow * 1000)
        return bad_value("--memory", options.memory, "at least 293K; for example: --memory 300M");
    const auto ring = parse_size(options.ring);
    if (!ring || *ring < (1U << 19U))
        return bad_value("--ring", options.ring, "at least 512K; for example: --ring 64M");
    settings.memory = *memory;
    settings.ring = *ring;
    return settings;
}

Error bad_value(const std::string& option, const std::string& value, const std::string& hint) {
    return {Error::Kind::invalid, "'" + value + "' makes no sense for " + option, hint, ""};
}

Error pointing_to_doctor(Error error) {
    if (error.kind != Error::Kind::permission) return error;
    error.hint += (error.hint.empty() ? "" : "; ");
    error.hint += "what is missing, and what works without: nspect doctor";
    return error;
}

Result<capture::RecordingSummary> capture_here(const LiveOptions& options,
                                               const LiveSettings& settings, LiveHooks hooks) {
    auto world = open_world(settings, hooks);
    if (!world) return pointing_to_doctor(std::move(world).error());
    if (!hooks.quiet) warn_of_absent(options, world->targets());
    // Without the host's own source none may ever open, and that is no failure.
    if (options.inside && !options.host) {
        if (const Status begun = hooks.begin(); !begun) return begun.error();
        hooks.listening();
    }
    announce(options, hooks, *world);
    auto pods = watch_pods(options.pods, hooks);
    if (!pods) return std::move(pods).error();
    capture::TlsTracker tls({.flows = settings.tls_flows()});
    auto recorder = recorder_options(options, settings);
    recorder.observer = tls.observer();
    recorder.keep = std::move(hooks.keep);
    recorder.on_limitation = say_not_covered;
    auto summary = capture::record(std::move(recorder), std::move(*world), hooks.write);
    pods->reset();
    if (!summary) return pointing_to_doctor(std::move(summary).error());
    return summary;
}

void say_not_covered(const capture::Limitation& each) {
    std::cerr << "nspect: not covered: " + to_string(each) + "\n";
}

void tell(const capture::RecordingSummary& summary, bool quiet) {
    if (summary.store_error) std::cerr << "nspect: " << to_string(*summary.store_error) << "\n";
    if (quiet) return;
    std::cerr << summary.packets << " packets, " << summary.sightings << " sightings in "
              << to_words(summary.ended - summary.started) << "; lost: " << summary.lost_packets
              << " packets, " << summary.lost_sightings << " sightings";
    std::uint64_t not_covered = 0;
    for (const auto& each : summary.limitations) not_covered += each.count;
    if (not_covered > summary.limitations.size())
        std::cerr << "; not covered: " << not_covered << " times, see above";
    std::cerr << "\n";
}

}  // namespace nspect::cli
