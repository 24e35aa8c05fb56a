// SPDX-License-Identifier: Apache-2.0
#include "capture/record_files.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "capture/pipeline.h"
#include "capture/read_ahead.h"
#include "capture/source/capture_file.h"

namespace nspect::capture {
namespace {

constexpr std::size_t sightings_in_batch = 16384;
constexpr std::uint64_t packets_in_batch = 1'000'000;
// A flow is seldom in the cache: it is asked for while packets before it are counted.
constexpr std::size_t packet_ahead = 32;
constexpr std::size_t place_ahead = 16;
constexpr std::size_t flow_ahead = 8;

class FileRecorder {
public:
    FileRecorder(FileRecorderOptions options, BatchSink sink)
        : info_(std::move(options.info)),
          pipeline_(options.flows, options.seed, std::move(options.observer)),
          reader_(pipeline_.table()),
          writer_(std::move(sink), options.writer),
          secrets_(std::move(options.secrets)),
          read_alone_(options.read_alone) {}

    void read(PacketSource& source);
    RecordingSummary end();

private:
    void read_ahead(PacketSource& source);
    void read_through(PacketSource& source);
    void take(const PacketSource& source, DecodedBatch& batch);
    void take(DecodedBatch::Between& between);
    void ask_ahead(const DecodedBatch& batch, std::size_t at) const;
    std::size_t count(DecodedBatch& batch, std::size_t from, std::size_t end);
    void count(DecodedBatch::Packet& packet);
    void damaged(const PacketSource& source, const Error& error);
    void add_drops(PacketSource& source);
    void flush_if_many();
    void flush();
    void flush_all();
    void push();

    RecordingInfo info_;
    Pipeline pipeline_;
    BatchReader reader_;
    BatchWriter writer_;
    SecretsCallback secrets_;
    std::size_t read_alone_;
    RecordingSummary summary_;
    Batch next_;
    std::uint64_t flushed_at_ = 0;
    std::optional<Timestamp> source_began_;
    Timestamp first_ = Timestamp::max();
    Timestamp last_ = Timestamp::min();
    Timestamp now_{};  ///< of the packet counted last
};

void FileRecorder::read(PacketSource& source) {
    info_.origin += (info_.origin.empty() ? "" : " ") + source.name();
    source_began_.reset();
    reader_.begin(source, static_cast<bool>(secrets_));
    if (source.keeps_packets()) {
        read_ahead(source);
    } else {
        read_through(source);
    }
    add_drops(source);
}

void FileRecorder::read_ahead(PacketSource& source) {
    {
        DecodedBatch batch;
        for (std::size_t packets = 0; packets < read_alone_; packets += batch.count) {
            const bool more = reader_.fill(batch);
            take(source, batch);
            if (!more) return;
        }
    }
    ReadAhead ahead(reader_);
    while (DecodedBatch* const batch = ahead.next()) take(source, *batch);
}

void FileRecorder::read_through(PacketSource& source) {
    DecodedBatch batch;
    bool more = !source.finished();
    while (more) {
        more = reader_.read_through(batch, [&](DecodedBatch& one) { take(source, one); });
        take(source, batch);
    }
}

void FileRecorder::take(const PacketSource& source, DecodedBatch& batch) {
    std::size_t at = 0;
    for (DecodedBatch::Between& between : batch.between) {
        at = count(batch, at, between.before);
        take(between);
    }
    count(batch, at, batch.count);
    if (batch.error) damaged(source, *batch.error);
    if (batch.failure) std::rethrow_exception(batch.failure);
}

/// Returns `end`.
std::size_t FileRecorder::count(DecodedBatch& batch, std::size_t from, std::size_t end) {
    if (from == 0) {
        for (std::size_t i = 0; i < std::min(packet_ahead, batch.count); ++i) batch.ask_for(i);
    }
    for (std::size_t i = from; i < end; ++i) {
        ask_ahead(batch, i);
        count(batch.packets[i]);
    }
    return end;
}

void FileRecorder::take(DecodedBatch::Between& between) {
    if (auto* vantage = std::get_if<Vantage>(&between.what)) {
        next_.vantages.push_back(std::move(*vantage));
    } else {
        secrets_(std::get<std::string>(between.what));
    }
}

void FileRecorder::ask_ahead(const DecodedBatch& batch, std::size_t at) const {
    const FlowTable& table = pipeline_.table();
    if (at + packet_ahead < batch.count) batch.ask_for(at + packet_ahead);
    if (at + place_ahead < batch.count) table.ask_for_place(batch.packets[at + place_ahead].place);
    if (at + flow_ahead < batch.count) table.ask_for_flow(batch.packets[at + flow_ahead].place);
}

void FileRecorder::count(DecodedBatch::Packet& packet) {
    now_ = packet.time;
    if (!source_began_) source_began_ = now_;
    first_ = std::min(first_, now_);
    last_ = std::max(last_, now_);
    info_.started = first_;
    pipeline_.count(packet.packet, packet.place, packet.vantage, now_);
    flush_if_many();
}

/// What the file's writer says that it missed.
void FileRecorder::add_drops(PacketSource& source) {
    const SourceStats stats = source.stats();
    const Timestamp from = source_began_.value_or(now_);
    const auto add = [&](const char* kind, std::uint64_t count) {
        if (count > 0) next_.losses.push_back({from, now_, source.name(), kind, count, ""});
    };
    add(loss_kind::kernel, stats.dropped_kernel);
    add(loss_kind::interface, stats.dropped_interface);
}

void FileRecorder::damaged(const PacketSource& source, const Error& error) {
    summary_.limitations.push_back({error, 1});
    next_.losses.push_back({now_, now_, source.name(), loss_kind::file, 1, to_string(error)});
}

/// Where, depends on nothing but the packets.
void FileRecorder::flush_if_many() {
    const bool many = pipeline_.table().waiting() >= sightings_in_batch ||
                      pipeline_.packets() - flushed_at_ >= packets_in_batch;
    if (many) flush();
}

void FileRecorder::flush() {
    flushed_at_ = pipeline_.packets();
    next_.sightings = pipeline_.table().take_finished(now_);
    pipeline_.take_counts(next_, info_.started, now_);
    push();
}

/// Most flows are open when a file ends: they are written while the next ones are made. What tells
/// of the end comes with the last.
void FileRecorder::flush_all() {
    FlowTable& table = pipeline_.table();
    table.list_changed(now_);
    while (table.listed() > sightings_in_batch) {
        next_.sightings = table.take_listed(sightings_in_batch);
        push();
    }
    next_.sightings = table.take_listed(sightings_in_batch);
    if (first_ <= last_) info_.ended = last_;
    pipeline_.take_counts(next_, info_.started, now_);
    push();
}

void FileRecorder::push() {
    info_.packets = pipeline_.packets();
    next_.info = info_;
    next_.sightings_are_final = true;  // of flows that left, or the file is at its end
    const std::size_t sightings = next_.sightings.size();
    if (!writer_.push(std::exchange(next_, {}))) summary_.lost_sightings += sightings;
}

RecordingSummary FileRecorder::end() {
    flush_all();
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
