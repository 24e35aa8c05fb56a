// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>

#include <sys/random.h>
#include <unistd.h>

#include "capture/live_world.h"
#include "capture/packet_keeper.h"
#include "capture/record_files.h"
#include "capture/source/capture_file.h"
#include "capture/tls/tls_tracker.h"
#include "cli/live_inputs.h"
#include "cli/output.h"
#include "cli/pod_watch.h"
#include "cli/progress.h"
#include "cli/quantity.h"
#include "cli/stop_signal.h"
#include "cli/verb.h"
#include "cli/version.h"
#include "store/recording_file.h"

namespace nspect::cli {

namespace {

constexpr std::uint64_t bytes_per_flow = 300;  // FlowLimits::flows: at most so much each
constexpr std::uint64_t flows_per_tls = 10;    // TLS facts are larger, and fewer flows have them

struct Options {
    std::string out;
    std::vector<std::string> read;
    std::vector<std::string> targets;
    std::string pods;
    std::string duration;
    std::string memory = "300M";
    std::string ring = "16M";
    std::string pcapng;
    std::string keylog;
    std::string rotate = "256M";
    std::uint64_t keep_files = 0;
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
    std::uint64_t rotate = 0;
};

std::size_t tls_flows(const Settings& settings) {
    return settings.memory / bytes_per_flow / flows_per_tls;
}

Error bad_value(const std::string& option, const std::string& value, const std::string& hint) {
    return {Error::Kind::invalid, "'" + value + "' makes no sense for " + option, hint, ""};
}

Result<Settings> read_settings(const Options& options) {
    Settings settings;
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
    const auto rotate = parse_size(options.rotate);
    if (!rotate || *rotate < (1U << 16U))
        return bad_value("--rotate", options.rotate, "at least 64K; for example: --rotate 256M");
    settings.rotate = *rotate;
    settings.memory = *memory;
    settings.ring = *ring;
    return settings;
}

/// What has no use with --read, so that nobody believes it was obeyed.
std::optional<Error> useless_with_files(const Options& options) {
    std::string name;
    if (!options.targets.empty()) name = "--target";
    if (!options.duration.empty()) name = "--duration";
    if (!options.pods.empty()) name = "--pods";
    if (options.inside) name = "--inside";
    if (options.both_ends) name = "--both-ends";
    if (options.host) name = "--host";
    if (!options.pcapng.empty()) name = "--pcapng";
    if (options.read.empty() || name.empty()) return std::nullopt;
    return Error{Error::Kind::invalid, name + " is for live capture and has no use with --read",
                 "every packet of the files is read", ""};
}

/// What has no use without it.
std::optional<Error> useless_live(const Options& options) {
    if (options.keylog.empty() || !options.read.empty()) return std::nullopt;
    return Error{Error::Kind::invalid, "--keylog is for capture files and has no use live",
                 "keep the packets with --pcapng, then read them with --read and --keylog", ""};
}

/// The recording, made when packets can come: a capture that cannot begin leaves no file behind
/// and replaces none. Written by another thread than the one that makes it.
class LateRecording {
public:
    explicit LateRecording(const Options& options) : path_(options.out), force_(options.force) {}

    Status make() {
        const std::lock_guard<std::mutex> locked(mutex_);
        return made();
    }
    Status write(const Batch& batch) {
        const std::lock_guard<std::mutex> locked(mutex_);
        if (const Status made_now = made(); !made_now) return made_now.error();
        return store_->write(batch);
    }
    bool begun() {
        const std::lock_guard<std::mutex> locked(mutex_);
        return store_ != nullptr;
    }
    Status close() { return store_ ? store_->close() : Status(done); }

private:
    Status made();

    std::mutex mutex_;
    std::string path_;
    bool force_;
    std::unique_ptr<store::FlowStore> store_;
};

Status LateRecording::made() {
    if (store_) return done;
    if (!force_ && store::looks_like_recording(path_)) {
        return Error{Error::Kind::invalid, "the recording exists already",
                     "give another name, or replace it with --force", path_};
    }
    auto store = store::create_recording(path_, {.overwrite = force_});
    if (!store) {
        Error error = std::move(store).error();
        error.where = path_;
        return error;
    }
    store_ = std::move(*store);
    return done;
}

/// A capture file that ends when the user says so, and whose progress the user sees.
class StoppableSource final : public capture::PacketSource {
public:
    StoppableSource(std::unique_ptr<capture::PacketSource> source, const StopFlag& stop,
                    Progress& progress)
        : source_(std::move(source)), stop_(stop), progress_(progress) {}

    Result<std::size_t> read(std::size_t max, const capture::PacketCallback& on_packet) override {
        if (finished()) return std::size_t{0};
        const auto before = source_->bytes_read();
        auto read = source_->read(max, on_packet);
        progress_.add(source_->bytes_read() - before);
        return read;
    }
    bool finished() const override { return stop_.raised() || source_->finished(); }
    capture::SourceStats stats() override { return source_->stats(); }
    void on_secrets(capture::SecretsCallback take) override {
        source_->on_secrets(std::move(take));
    }
    const std::vector<capture::SourceInterface>& interfaces() const override {
        return source_->interfaces();
    }
    const std::string& name() const override { return source_->name(); }

private:
    std::unique_ptr<capture::PacketSource> source_;
    const StopFlag& stop_;
    Progress& progress_;
};

std::string first_line(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

RecordingInfo recording_info() {
    RecordingInfo info;
    info.tool_version = version;
    return info;
}

/// What a capture file does not say: where the packets were seen.
RecordingInfo recording_info_of_this_host() {
    RecordingInfo info = recording_info();
    char host[256] = {};
    if (gethostname(host, sizeof host - 1) == 0) info.host = host;
    info.boot_id = first_line("/proc/sys/kernel/random/boot_id");
    info.origin = "live";
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

int finish(const Options& options, LateRecording& store, const capture::RecordingSummary& summary) {
    report(options, summary);
    if (const Status closed = store.close(); !closed) return fail(closed.error());
    return summary.store_error ? exit_failed : exit_ok;
}

/// Of all files together; 0 where one of them is no file, as standard input.
std::uint64_t bytes_of(const std::vector<std::string>& paths) {
    std::uint64_t bytes = 0;
    for (const std::string& path : paths) {
        std::error_code failed;
        const auto size = std::filesystem::file_size(path, failed);
        if (failed) return 0;
        bytes += size;
    }
    return bytes;
}

/// All of them are opened before anything is written.
Result<std::vector<std::unique_ptr<capture::PacketSource>>> open_files(const Options& options,
                                                                       const StopFlag& stop,
                                                                       Progress& progress) {
    std::vector<std::unique_ptr<capture::PacketSource>> sources;
    for (const std::string& path : options.read) {
        auto source = capture::open_file(path);
        if (!source) return std::move(source).error();
        sources.push_back(std::make_unique<StoppableSource>(std::move(*source), stop, progress));
    }
    return sources;
}

/// The handshake secrets alone are taken from it, and none of them is written anywhere.
Status read_key_log(const Options& options, capture::TlsTracker& tls) {
    if (options.keylog.empty()) return done;
    std::ifstream file(options.keylog, std::ios::binary);
    if (!file) return Error{Error::Kind::not_found, "cannot read the key log", "", options.keylog};
    std::size_t secrets = 0;
    for (std::string line; std::getline(file, line);) secrets += tls.add_secrets(line);
    if (secrets == 0 && !options.quiet) {
        std::cerr << "nspect: " << printable(options.keylog)
                  << " has no TLS 1.3 handshake secrets (lines like "
                     "CLIENT_HANDSHAKE_TRAFFIC_SECRET)\n";
    }
    return done;
}

int record_from_files(const Options& options, const Settings& settings, LateRecording& store) {
    const StopFlag stop;
    Progress progress("reading", bytes_of(options.read), options.quiet);
    auto sources = open_files(options, stop, progress);
    if (!sources) return fail(sources.error());
    if (const Status made = store.make(); !made) return fail(made.error());
    capture::TlsTracker tls({.flows = tls_flows(settings)});
    if (const Status read = read_key_log(options, tls); !read) return fail(read.error());
    capture::FileRecorderOptions how;
    how.info = recording_info();
    how.flows.flows = settings.memory / bytes_per_flow;
    how.seed = random_seed();
    how.observer = tls.observer();
    how.secrets = [&](std::string_view key_log) { tls.add_secrets(key_log); };
    const auto summary =
        capture::record_sources(std::move(*sources), std::move(how),
                                [&](const Batch& batch) { return store.write(batch); });
    progress.end();
    const int code = finish(options, store, summary);
    return code == exit_ok && stop.interrupted() ? exit_interrupted : code;
}

/// A name nothing has now may be a slip, or of a container that is still to come.
void warn_of_absent(const Options& options, const std::vector<TargetInfo>& targets) {
    for (const std::string& each : options.targets) {
        if (options.quiet || std::any_of(targets.begin(), targets.end(), selection({each})))
            continue;
        std::cerr << "nspect: nothing here is called '" << printable(each)
                  << "' now; waiting for it (names: nspect targets)\n";
    }
}

Error pointing_to_doctor(Error error) {
    if (error.kind != Error::Kind::permission) return error;
    error.hint += (error.hint.empty() ? "" : "; ");
    error.hint += "what is missing, and what works without: nspect doctor";
    return error;
}

/// Once the first source is open no packet is missed any more: scripts wait for this line.
void announce(const Options& options, capture::RecorderWorld& world, LateRecording& store) {
    auto open = std::move(world.open_source);
    auto said = std::make_shared<bool>(options.quiet);
    const std::size_t targets = world.targets().size();
    world.open_source = [open, said, targets, ring = options.ring, &store](
                            std::uint64_t netns) -> Result<std::unique_ptr<capture::PacketSource>> {
        auto source = open(netns);
        if (!source) return source;
        if (const Status made = store.make(); !made) return made.error();
        if (!*said) {
            *said = true;
            std::cerr << "capturing: " << targets << " network namespace"
                      << (targets == 1 ? "" : "s") << ", ring " << ring << "; stop with Ctrl-C"
                      << std::endl;
        }
        return source;
    };
}

/// Nothing without --pcapng.
Result<std::optional<capture::PacketKeeper>> open_keeper(const Options& options,
                                                         const Settings& settings) {
    if (options.pcapng.empty()) return std::optional<capture::PacketKeeper>();
    std::error_code failed;
    std::filesystem::create_directories(options.pcapng, failed);
    if (failed) return error_from_errno(failed.value(), "cannot make the folder", options.pcapng);
    auto keeper =
        capture::PacketKeeper::open({.folder = options.pcapng,
                                     .file_bytes = settings.rotate,
                                     .files = static_cast<std::uint32_t>(
                                         std::min<std::uint64_t>(options.keep_files, 1U << 20U)),
                                     .tool = std::string("nspect ") + version});
    if (!keeper) return std::move(keeper).error();
    return std::optional(std::move(*keeper));
}

/// Nothing without --pods.
Result<std::unique_ptr<PodWatch>> watch_pods(const Options& options, LateRecording& store) {
    if (options.pods.empty()) return std::unique_ptr<PodWatch>();
    if (!is_kube(options.pods)) {
        return bad_value("--pods", options.pods, "kube: or kube:CONTEXT of the kubeconfig");
    }
    PodWatch::Recording recording;
    recording.begun = [&store] { return store.begun(); };
    recording.write = [&store](const Batch& batch) { return store.write(batch); };
    recording.say = [quiet = options.quiet](const std::string& words) {
        if (!quiet) std::cerr << words + "\n";
    };
    return PodWatch::start(options.pods, std::move(recording));
}

int record_live(const Options& options, const Settings& settings, LateRecording& store) {
    auto stop = StopSignal::open();
    if (!stop) return fail(stop.error());
    capture::LiveWorldOptions how;
    how.source.ring_bytes = settings.ring;
    auto keeper = open_keeper(options, settings);
    if (!keeper) return fail(keeper.error());
    how.source.only_what_decoders_need = !*keeper;  // packets are kept for people, whole
    how.now = [] {
        return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    };
    how.stop_fd = stop->fd();
    auto world = capture::live_world(std::move(how));
    if (!world) return fail(pointing_to_doctor(std::move(world).error()));
    warn_of_absent(options, world->targets());
    // Without the host's own source none may ever open, and that is no failure.
    if (options.inside && !options.host) {
        if (const Status made = store.make(); !made) return fail(made.error());
    }
    announce(options, *world, store);
    auto pods = watch_pods(options, store);
    if (!pods) return fail(pods.error());

    capture::TlsTracker tls({.flows = tls_flows(settings)});
    capture::RecorderOptions recorder;
    recorder.info = recording_info_of_this_host();
    recorder.side = side(options);
    recorder.host_interfaces = options.host;
    recorder.wants = selection(options.targets);
    recorder.duration = settings.duration;
    recorder.flows.flows = settings.memory / bytes_per_flow;
    recorder.seed = random_seed();
    recorder.observer = tls.observer();
    if (*keeper) {
        recorder.keep = [&](const capture::RawPacket& raw, std::uint32_t vantage,
                            const capture::VantageBook& book) {
            (*keeper)->keep(raw, vantage, book);
        };
    }
    auto summary = capture::record(std::move(recorder), std::move(*world),
                                   [&](const Batch& batch) { return store.write(batch); });
    pods->reset();
    if (!summary) return fail(pointing_to_doctor(std::move(summary).error()));
    const int code = finish(options, store, *summary);
    if (*keeper) (*keeper)->flush();
    if (*keeper && (*keeper)->error()) {
        std::cerr << (*keeper)->lost() << " packets were not kept\n";
        return fail(*(*keeper)->error());
    }
    return code == exit_ok && stop->interrupted() ? exit_interrupted : code;
}

int run(const Options& options) {
    if (options.out.empty()) {
        return fail(
            {Error::Kind::invalid, "no place for the recording", "add: --out FILE.nspect", ""});
    }
    auto settings = read_settings(options);
    if (!settings) return fail(settings.error());
    if (const auto useless = useless_with_files(options)) return fail(*useless);
    if (const auto useless = useless_live(options)) return fail(*useless);
    LateRecording store(options);
    return options.read.empty() ? record_live(options, *settings, store)
                                : record_from_files(options, *settings, store);
}

}  // namespace

Run declare_capture(CommandLine& line) {
    auto options = std::make_shared<Options>();
    line.option(options->out, "--out", "the recording to write, FILE.nspect", "FILE");
    line.flag(options->force, "--force", "replace a recording that is there already");
    line.many(options->read, "--read",
              "read pcap or pcapng files instead of interfaces; - is standard input");
    line.options(options->targets, "--target",
                 "only this container, pod, namespace or container id; may be repeated", "NAME");
    line.option(options->pods, "--pods",
                "name pods as the cluster's API does, over time: kube: or kube:CONTEXT", "kube:");
    line.option(options->duration, "--duration",
                "stop after so long: 30s, 5m, 1h (default: until Ctrl-C)", "TIME");
    line.flag(options->inside, "--inside",
              "listen inside each namespace instead of at the host's end");
    line.flag(options->both_ends, "--both-ends", "listen at both ends of each veth");
    line.flag(options->host, "--host", "also the host's own interfaces: bridges, uplinks, lo");
    line.option(options->memory, "--memory",
                "for live flows; the one idle longest leaves first (default: 300M)", "SIZE");
    line.option(options->ring, "--ring", "the kernel's packet ring (default: 16M)", "SIZE");
    line.option(options->pcapng, "--pcapng", "keep the packets too, whole, as pcapng files here",
                "DIR");
    line.option(options->keylog, "--keylog",
                "with --read: TLS 1.3 handshake secrets (SSLKEYLOGFILE), to read the identities",
                "FILE");
    line.option(options->rotate, "--rotate",
                "begin the next pcapng file at this size (default: 256M)", "SIZE");
    line.number(options->keep_files, "--keep-files",
                "so many pcapng files at most, the oldest are removed (default: all)");
    line.flag(options->quiet, "-q,--quiet", "no words on stderr but errors");
    line.footer(
        "Examples: nspect capture --out shop.nspect --duration 1h\n"
        "          nspect capture --read a.pcap b.pcapng --out ab.nspect");
    return [options] { return run(*options); };
}

}  // namespace nspect::cli
