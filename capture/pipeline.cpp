// SPDX-License-Identifier: Apache-2.0
#include "capture/pipeline.h"

#include <string>
#include <utility>

#include "capture/decode/decode.h"

namespace nspect::capture {

DecodedPacket Pipeline::understand(const RawPacket& raw) noexcept {
    return decode(raw.data, raw.wire_length, raw.link);
}

bool Pipeline::count(DecodedPacket& packet, const FlowPlace& place, std::uint32_t vantage,
                     Timestamp time) {
    ++packets_;
    ++outcomes_[static_cast<std::size_t>(packet.outcome)];
    if (packet.outcome != DecodeOutcome::ok) return false;
    const auto before = table_.flows_begun();
    table_.add(packet, place, vantage, time);
    return table_.flows_begun() != before;
}

void Pipeline::take_counts(Batch& batch, Timestamp from, Timestamp to) {
    batch.names = table_.take_names();
    batch.name_failures = table_.take_name_failures(to);
    const auto ok = static_cast<std::size_t>(DecodeOutcome::ok);
    for (std::size_t i = 0; i < decode_outcome_count; ++i) {
        if (i != ok) add_count(batch, i, to_string(static_cast<DecodeOutcome>(i)), outcomes_[i]);
    }
    const FlowTableStats stats = table_.stats();
    add_count(batch, decode_outcome_count, "neighbor-discovery", stats.neighbor_discovery);
    add_count(batch, decode_outcome_count + 1, "group-membership", stats.group_membership);
    add_count(batch, decode_outcome_count + 2, "unmatched-icmp-error", stats.unmatched_errors);
    add_count(batch, decode_outcome_count + 3, "unresolved-fragment", stats.unresolved_fragments);
    const auto lose = [&](std::uint64_t& before, std::uint64_t total, const char* note) {
        const std::uint64_t more = total - std::exchange(before, total);
        if (more > 0) batch.losses.push_back({from, to, "recorder", loss_kind::table, more, note});
    };
    lose(evicted_, stats.evicted, "flows left early, the table was full");
    lose(lost_names_, table_.lost_names(), "names from DNS answers were too many");
}

void Pipeline::add_count(Batch& batch, std::size_t at, std::string_view kind, std::uint64_t total) {
    if (std::exchange(reported_[at], total) == total) return;
    batch.packet_counts.push_back({std::string(kind), total});
}

}  // namespace nspect::capture
