// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>

#include "capture/packet_keeper.h"
#include "capture/record_files.h"
#include "capture/source/capture_file.h"
#include "capture/tls/tls_tracker.h"
#include "cli/live_capture.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/quantity.h"
#include "cli/stop_signal.h"
#include "cli/verb.h"
#include "cli/version.h"
#include "store/recording_file.h"

namespace nspect::cli {

namespace {

struct Options {
    std::string out;
    std::vector<std::string> read;
    LiveOptions live;
    std::string pcapng;
    std::string keylog;
    std::string rotate = "256M";
    std::uint64_t keep_files = 0;
    bool force = false;
    bool quiet = false;
};

/// The options' texts as values.
struct Settings {
    LiveSettings live;
    std::uint64_t rotate = 0;
};

Result<Settings> read_settings(const Options& options) {
    auto live = read_live_settings(options.live);
    if (!live) return std::move(live).error();
    Settings settings;
    settings.live = *live;
    const auto rotate = parse_size(options.rotate);
    if (!rotate || *rotate < (1U << 16U))
        return bad_value("--rotate", options.rotate, "at least 64K; for example: --rotate 256M");
    settings.rotate = *rotate;
    return settings;
}

/// What has no use with --read, so that nobody believes it was obeyed.
std::optional<Error> useless_with_files(const Options& options) {
    std::string name = given_live_option(options.live).value_or("");
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
        auto read = source_->read(max, on_packet);
        tell();
        return read;
    }
    bool keeps_packets() const override { return source_->keeps_packets(); }
    std::shared_ptr<const void> hold_packets() override { return source_->hold_packets(); }
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
    /// Packets of a pipe may come slowly: a read() that would wait for more has ended before.
    void tell() {
        const auto read = source_->bytes_read();
        progress_.add(read - told_);
        told_ = read;
    }

    std::unique_ptr<capture::PacketSource> source_;
    const StopFlag& stop_;
    Progress& progress_;
    std::uint64_t told_ = 0;
};

RecordingInfo recording_info() {
    RecordingInfo info;
    info.tool_version = version;
    return info;
}

void report(const Options& options, const capture::RecordingSummary& summary) {
    tell(summary, options.quiet);
    if (!options.quiet) std::cerr << "recording: " << printable(options.out) << "\n";
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
    capture::TlsTracker tls({.flows = settings.live.tls_flows()});
    if (const Status read = read_key_log(options, tls); !read) return fail(read.error());
    Progress progress("reading", options.quiet, bytes_of(options.read));
    auto sources = open_files(options, stop, progress);
    const Status made = sources ? store.make() : sources.error();
    if (!made) {
        progress.end();
        return fail(made.error());
    }
    capture::FileRecorderOptions how;
    how.info = recording_info();
    how.flows.flows = settings.live.flows();
    how.seed = hash_seed();
    how.observer = tls.observer();
    how.secrets = [&](std::string_view key_log) { tls.add_secrets(key_log); };
    const auto summary =
        capture::record_sources(std::move(*sources), std::move(how),
                                [&](const Batch& batch) { return store.write(batch); });
    progress.end();
    for (const auto& each : summary.limitations) say_not_covered(each);
    const int code = finish(options, store, summary);
    return code == exit_ok && stop.interrupted() ? exit_interrupted : code;
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

int record_live(const Options& options, const Settings& settings, LateRecording& store) {
    auto stop = StopSignal::open();
    if (!stop) return fail(stop.error());
    auto keeper = open_keeper(options, settings);
    if (!keeper) return fail(keeper.error());
    LiveHooks hooks;
    hooks.stop_fd = stop->fd();
    hooks.quiet = options.quiet;
    hooks.whole_packets = keeper->has_value();  // packets are kept for people
    hooks.begin = [&store] { return store.make(); };
    hooks.begun = [&store] { return store.begun(); };
    hooks.write = [&store](const Batch& batch) { return store.write(batch); };
    if (*keeper) {
        hooks.keep = [&](const capture::RawPacket& raw, std::uint32_t vantage,
                         const capture::VantageBook& book) { (*keeper)->keep(raw, vantage, book); };
    }
    const auto summary = capture_here(options.live, settings.live, std::move(hooks));
    if (!summary) return fail(summary.error());
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
    declare_live_options(line, options->live);
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
