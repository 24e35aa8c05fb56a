// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "capture/flow/flow_table.h"
#include "capture/source/packet_source.h"
#include "model/recording.h"

namespace nspect::capture {

/// What a source gave at once: packets, decoded and not counted yet, in order, and what came
/// between them. Its memory is used again; nothing is allocated per packet.
struct DecodedBatch {
    struct Packet {
        DecodedPacket packet;
        FlowPlace place;
        Timestamp time{};
        std::uint32_t vantage = 0;
    };
    struct Between {
        std::size_t before = 0;                   ///< so many of the packets came earlier
        std::variant<Vantage, std::string> what;  ///< a vantage not seen before, or a key log
    };
    static constexpr std::size_t room = 512;

    std::unique_ptr<Packet[]> packets = std::make_unique<Packet[]>(room);
    std::size_t count = 0;
    std::vector<Between> between;
    std::shared_ptr<const void> bytes;  ///< what the packets view
    std::optional<Error> error;         ///< the source ended with it, after all that
    std::exception_ptr failure;         ///< reading did

    void clear();
    /// Begins to load a packet which another thread has just written.
    void ask_for(std::size_t at) const noexcept;
};

/// Reads sources into batches: decodes, numbers the vantages of all of them, and looks up where
/// the flow table has a packet's flow. Uses nothing of the table that counting changes.
class BatchReader {
public:
    /// REQUIRES: the table lives longer.
    explicit BatchReader(const FlowTable& table) : table_(table) {}

    /// What follows is of this source. `with_secrets`: the key logs in it are of use.
    void begin(PacketSource& source, bool with_secrets);
    /// Empties the batch and fills it with what the source gives at once. False: that was all, and
    /// the batch may hold the last of it. REQUIRES: the source keeps packets.
    bool fill(DecodedBatch& batch) noexcept;
    /// The same for a source that does not: `count` is called for every packet, with a batch of it.
    template <class Count>
    bool read_through(DecodedBatch& batch, Count count);

private:
    static constexpr std::size_t packets_at_once = 4096;

    void put(const RawPacket& raw, DecodedBatch& batch);
    std::uint32_t vantage_of(const RawPacket& raw, std::uint32_t index, DecodedBatch& batch);
    std::uint32_t find_vantage(std::uint64_t key, const RawPacket& raw, DecodedBatch& batch);

    const FlowTable& table_;
    PacketSource* source_ = nullptr;
    DecodedBatch* filling_ = nullptr;
    std::unordered_map<std::uint64_t, std::uint32_t> vantages_;  ///< of the source
    std::uint64_t last_interface_ = 0;  ///< key of the packet before, and what it came to
    std::uint32_t its_vantage_ = 0;     ///< 0: none yet
    std::uint32_t last_vantage_ = 0;
};

template <class Count>
bool BatchReader::read_through(DecodedBatch& batch, Count count) {
    batch.clear();
    filling_ = &batch;
    auto got = source_->read(packets_at_once, [&](const RawPacket& raw) {
        put(raw, batch);
        count(batch);
        batch.clear();
    });
    if (!got) batch.error = std::move(got).error();
    return got && !source_->finished();
}

}  // namespace nspect::capture
