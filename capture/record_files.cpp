// SPDX-License-Identifier: Apache-2.0
#include "capture/record_files.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include "capture/pipeline.h"
#include "capture/source/capture_file.h"

namespace nspect::capture {
namespace {

constexpr std::size_t packets_at_once = 4096;
constexpr std::size_t most_ahead = 16;  // a power of two
constexpr std::size_t sightings_in_batch = 16384;
constexpr std::uint64_t packets_in_batch = 1'000'000;

class FileRecorder {
public:
    FileRecorder(FileRecorderOptions options, BatchSink sink)
        : info_(std::move(options.info)),
          pipeline_(options.flows, options.seed, std::move(options.observer)),
          writer_(std::move(sink), options.writer),
          secrets_(std::move(options.secrets)) {}

    void read(PacketSource& source);
    RecordingSummary end();

private:
    /// One that is decoded and not counted yet.
    struct Ahead {
        DecodedPacket packet;
        std::uint32_t vantage = 0;
        Timestamp time{};
        std::uint64_t place = 0;  ///< as the flow table gave it
    };

    void take(const PacketSource& source, const RawPacket& raw);
    void count_first();
    void count_ahead();
    std::uint32_t vantage_of(const PacketSource& source, const RawPacket& raw, std::uint32_t index);
    void damaged(const PacketSource& source, const Error& error);
    void add_drops(PacketSource& source, Timestamp from);
    void flush(bool live_ones_too);

    RecordingInfo info_;
    Pipeline pipeline_;
    BatchWriter writer_;
    SecretsCallback secrets_;
    RecordingSummary summary_;
    std::unordered_map<std::uint64_t, std::uint32_t> vantages_;  ///< of the file being read
    std::uint32_t last_vantage_ = 0;
    Batch next_;
    std::uint64_t flushed_at_ = 0;
    Timestamp first_ = Timestamp::max();
    Timestamp last_ = Timestamp::min();
    Timestamp now_{};  ///< of the packet read last
    std::array<Ahead, most_ahead> ahead_;
    std::size_t counted_ = 0;  ///< of those that were put there
    std::size_t decoded_ = 0;
};

void FileRecorder::read(PacketSource& source) {
    vantages_.clear();
    if (secrets_) {
        source.on_secrets([this](std::string_view key_log) {
            count_ahead();
            secrets_(key_log);
        });
    }
    info_.origin += (info_.origin.empty() ? "" : " ") + source.name();
    std::optional<Timestamp> from;
    while (!source.finished()) {
        auto got = source.read(packets_at_once, [&](const RawPacket& raw) {
            if (!from) from = raw.time;
            take(source, raw);
        });
        count_ahead();
        if (!got) {
            damaged(source, got.error());
            break;
        }
        const bool many = pipeline_.table().waiting() >= sightings_in_batch ||
                          pipeline_.packets() - flushed_at_ >= packets_in_batch;
        if (many) flush(false);
    }
    add_drops(source, from.value_or(now_));
}

/// What the file's writer says that it missed.
void FileRecorder::add_drops(PacketSource& source, Timestamp from) {
    const SourceStats stats = source.stats();
    const auto add = [&](const char* kind, std::uint64_t count) {
        if (count > 0) next_.losses.push_back({from, now_, source.name(), kind, count, ""});
    };
    add("kernel", stats.dropped_kernel);
    add("interface", stats.dropped_interface);
}

/// A flow is seldom in the cache: it is asked for while packets before it are counted.
void FileRecorder::take(const PacketSource& source, const RawPacket& raw) {
    if (decoded_ - counted_ == most_ahead) count_first();
    Ahead& ahead = ahead_[decoded_++ % most_ahead];
    ahead.packet = Pipeline::understand(raw);
    now_ = ahead.time = raw.time;
    first_ = std::min(first_, now_);
    last_ = std::max(last_, now_);
    const std::uint32_t index = raw.link == LinkType::linux_sll2 ? ahead.packet.interface_index : 0;
    ahead.vantage = vantage_of(source, raw, index);
    if (!source.keeps_packets()) return count_ahead();
    ahead.place = pipeline_.table().ask_for_place(ahead.packet, ahead.vantage);
    if (decoded_ - counted_ > most_ahead / 2) {
        pipeline_.table().ask_for_flow(ahead_[(decoded_ - 1 - most_ahead / 2) % most_ahead].place);
    }
}

void FileRecorder::count_first() {
    Ahead& ahead = ahead_[counted_++ % most_ahead];
    pipeline_.count(ahead.packet, ahead.vantage, ahead.time);
}

void FileRecorder::count_ahead() {
    while (counted_ < decoded_) count_first();
}

std::uint32_t FileRecorder::vantage_of(const PacketSource& source, const RawPacket& raw,
                                       std::uint32_t index) {
    const std::uint64_t key = (std::uint64_t{raw.interface_id} << 32U) | index;
    const auto [found, added] = vantages_.emplace(key, last_vantage_ + 1);
    if (!added) return found->second;
    Vantage vantage;
    vantage.id = ++last_vantage_;
    vantage.side = VantageSide::file;
    vantage.source = source.name();
    if (raw.interface_id < source.interfaces().size()) {
        vantage.interface_name = source.interfaces()[raw.interface_id].name;
    }
    if (index != 0) vantage.interface_name = "if" + std::to_string(index);
    next_.vantages.push_back(std::move(vantage));
    return last_vantage_;
}

void FileRecorder::damaged(const PacketSource& source, const Error& error) {
    summary_.limitations.push_back({error, 1});
    next_.losses.push_back({now_, now_, source.name(), "file", 1, to_string(error)});
}

void FileRecorder::flush(bool live_ones_too) {
    FlowTable& table = pipeline_.table();
    flushed_at_ = pipeline_.packets();
    next_.sightings = live_ones_too ? table.take_changed(now_) : table.take_finished(now_);
    if (first_ <= last_) info_.started = first_;
    info_.packets = pipeline_.packets();
    next_.info = info_;
    pipeline_.take_counts(next_, info_.started, now_);
    const std::size_t sightings = next_.sightings.size();
    if (!writer_.push(std::exchange(next_, {}))) summary_.lost_sightings += sightings;
}

RecordingSummary FileRecorder::end() {
    if (first_ <= last_) info_.ended = last_;
    flush(true);
    const auto ending = writer_.finish();
    summary_.started = info_.started;
    summary_.ended = info_.ended.value_or(info_.started);
    summary_.packets = pipeline_.packets();
    summary_.sightings = pipeline_.table().stats().flows;
    summary_.lost_sightings += ending.lost_sightings;
    summary_.store_error = ending.error;
    return summary_;
}

}  // namespace

RecordingSummary record_sources(std::vector<std::unique_ptr<PacketSource>> sources,
                                FileRecorderOptions options, BatchSink sink) {
    FileRecorder recorder(std::move(options), std::move(sink));
    for (auto& source : sources) {
        recorder.read(*source);
        source.reset();
    }
    return recorder.end();
}

Result<RecordingSummary> record_files(const std::vector<std::string>& paths,
                                      FileRecorderOptions options, BatchSink sink) {
    std::vector<std::unique_ptr<PacketSource>> sources;
    for (const std::string& path : paths) {
        auto source = open_file(path);
        if (!source) return std::move(source).error();
        sources.push_back(std::move(*source));
    }
    return record_sources(std::move(sources), std::move(options), std::move(sink));
}

}  // namespace nspect::capture
