// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capture/event_loop.h"
#include "capture/pipeline.h"
#include "capture/source/packet_source.h"
#include "capture/vantage_book.h"

namespace nspect::capture {

/// The sources a recorder reads, at most one for each network namespace. Packets go through the
/// book (whose are they?) into the pipeline.
class SourceSet {
public:
    using Keeper =
        std::function<void(const RawPacket&, std::uint32_t vantage, const VantageBook& book)>;
    /// Gets the first packet of every flow, and the namespace of the interface it was seen at.
    using FlowBegan = std::function<void(const DecodedPacket&, std::uint64_t netns, Timestamp)>;
    SourceSet(EventLoop& loop, VantageBook& book, Pipeline& pipeline, Keeper keep,
              FlowBegan flow_began = {});
    ~SourceSet();
    SourceSet(const SourceSet&) = delete;
    SourceSet& operator=(const SourceSet&) = delete;

    Status add(std::uint64_t netns, std::unique_ptr<PacketSource> source);
    bool covers(std::uint64_t netns) const;
    std::vector<std::uint64_t> covered() const;
    /// Its namespace is gone: it is read for two more turns of age(), then closed.
    void retire(std::uint64_t netns);
    void age();

    /// Whether `tag`, an answer of the loop, was one of ours; it is read then.
    bool read(std::uint64_t tag);
    /// Reads the sources that no descriptor announces (files, scripts).
    void read_unannounced();
    /// Reads what waits in all of them.
    void read_all();

    /// The longest of all: what was on the wire before is in by then.
    Duration drain_time() const;
    bool has_unannounced() const;
    /// Whether there were sources and every one of them came to its end.
    bool all_ended() const;

    /// Drops since the last call, by source.
    void take_losses(Batch& batch, Timestamp from, Timestamp to);
    /// Host's ends that containers get packets past (VantageBook::passed_by), by name; each once.
    std::vector<std::string> take_passed_by() { return std::exchange(passed_by_, {}); }
    std::uint64_t lost_packets() const noexcept { return lost_; }

private:
    struct Open {
        std::uint64_t netns = 0;
        std::unique_ptr<PacketSource> source;
        SourceStats seen;
        int turns_left = -1;  ///< -1: not retired
        bool ended = false;
        std::string trouble;
        /// Answers of the book by interface index, as long as its version is the same.
        std::vector<std::optional<std::optional<std::uint32_t>>> vantages;
        std::uint64_t version = 0;
    };

    /// What went through an interface of the host, of late.
    struct Balance {
        std::uint16_t acknowledging = 0;  ///< TCP segments that say their sender got something
        std::uint16_t sent_out = 0;       ///< TCP segments the other way
    };

    std::size_t read_some(Open& open);
    void weigh(std::uint32_t vantage, const DecodedPacket& packet);
    void take_packet(Open& open, const RawPacket& raw);
    std::optional<std::uint32_t> vantage_of(Open& open, std::uint32_t index);
    void take_losses_of(Open& open, Batch& batch, Timestamp from, Timestamp to);

    EventLoop& loop_;
    VantageBook& book_;
    Pipeline& pipeline_;
    Keeper keep_;
    FlowBegan flow_began_;
    std::map<std::uint64_t, Open> open_;  ///< by tag
    std::uint64_t next_tag_ = 1000;
    std::uint64_t lost_ = 0;
    std::vector<Balance> balances_;  ///< by vantage
    std::vector<std::string> passed_by_;
    Batch late_losses_;  ///< of sources closed since the last take_losses()
};

}  // namespace nspect::capture
