// SPDX-License-Identifier: Apache-2.0
#include "capture/source_set.h"

#include <algorithm>
#include <utility>

#include "capture/decode/decode.h"

namespace nspect::capture {
namespace {

constexpr std::size_t packets_at_once = 4096;
/// More than any ring holds: an end also for a source that fills as fast as it is read.
constexpr std::size_t packets_at_end = std::size_t{1} << 22U;

/// So many acknowledging segments are weighed at once. Receivers acknowledge every second segment
/// or so; where fewer than one in sixteen is seen going out, they got them by another way.
constexpr std::uint16_t weighed_at_once = 64;
constexpr std::uint16_t least_share = 16;
constexpr std::uint8_t outgoing = 4;  // PACKET_OUTGOING: towards the container, at its host's end

bool announced(const PacketSource& source) {
    return source.poll_fd() >= 0;
}

}  // namespace

SourceSet::SourceSet(EventLoop& loop, VantageBook& book, Pipeline& pipeline, Keeper keep,
                     FlowBegan flow_began)
    : loop_(loop),
      book_(book),
      pipeline_(pipeline),
      keep_(std::move(keep)),
      flow_began_(std::move(flow_began)) {}

SourceSet::~SourceSet() {
    for (const auto& [tag, open] : open_) {
        if (announced(*open.source)) loop_.forget(open.source->poll_fd());
    }
}

Status SourceSet::add(std::uint64_t netns, std::unique_ptr<PacketSource> source) {
    const std::uint64_t tag = next_tag_++;
    if (announced(*source)) {
        if (auto watched = loop_.watch(source->poll_fd(), tag); !watched) return watched;
    }
    Open& open = open_[tag];
    open.netns = netns;
    open.source = std::move(source);
    return done;
}

bool SourceSet::covers(std::uint64_t netns) const {
    return std::any_of(open_.begin(), open_.end(), [&](const auto& entry) {
        return entry.second.netns == netns && entry.second.turns_left < 0;
    });
}

std::vector<std::uint64_t> SourceSet::covered() const {
    std::vector<std::uint64_t> all;
    for (const auto& [tag, open] : open_) {
        if (open.turns_left < 0) all.push_back(open.netns);
    }
    return all;
}

void SourceSet::retire(std::uint64_t netns) {
    for (auto& [tag, open] : open_) {
        if (open.netns == netns && open.turns_left < 0) open.turns_left = 2;
    }
}

void SourceSet::age() {
    for (auto entry = open_.begin(); entry != open_.end();) {
        Open& open = entry->second;
        if (open.turns_left > 0) --open.turns_left;
        if (open.turns_left != 0) {
            ++entry;
            continue;
        }
        for (std::size_t all = 0; all < packets_at_end;) {
            const std::size_t some = read_some(open);
            if (some == 0) break;
            all += some;
        }
        take_losses_of(open, late_losses_, {}, {});
        if (announced(*open.source)) loop_.forget(open.source->poll_fd());
        entry = open_.erase(entry);
    }
}

bool SourceSet::read(std::uint64_t tag) {
    const auto found = open_.find(tag);
    if (found == open_.end()) return false;
    read_some(found->second);
    return true;
}

void SourceSet::read_unannounced() {
    for (auto& [tag, open] : open_) {
        if (!announced(*open.source)) read_some(open);
    }
}

void SourceSet::read_all() {
    for (auto& [tag, open] : open_) {
        for (std::size_t all = 0; all < packets_at_end;) {
            const std::size_t some = read_some(open);
            if (some == 0) break;
            all += some;
        }
    }
}

std::size_t SourceSet::read_some(Open& open) {
    if (open.ended) return 0;
    auto got =
        open.source->read(packets_at_once, [&](const RawPacket& raw) { take_packet(open, raw); });
    if (got && !open.source->finished()) return *got;
    open.ended = true;
    if (!got) open.trouble = to_string(got.error());
    if (announced(*open.source)) loop_.forget(open.source->poll_fd());
    return got ? *got : 0;
}

void SourceSet::take_packet(Open& open, const RawPacket& raw) {
    // Bridges and uplinks have copies of most packets: nothing more of them is looked at.
    const std::uint32_t index =
        raw.link == LinkType::linux_sll2 ? sll2_interface_index(raw.data) : raw.interface_id;
    const auto vantage = vantage_of(open, index);
    if (!vantage) return;
    DecodedPacket packet = Pipeline::understand(raw);
    if (raw.link == LinkType::linux_sll2 && packet.protocol == Protocol::tcp)
        weigh(*vantage, packet);
    if (keep_) keep_(raw, *vantage, book_);
    if (pipeline_.count(packet, *vantage, raw.time) && flow_began_)
        flow_began_(packet, open.netns, raw.time);
}

void SourceSet::weigh(std::uint32_t vantage, const DecodedPacket& packet) {
    if (vantage >= balances_.size()) balances_.resize(vantage + 1);
    Balance& balance = balances_[vantage];
    if (packet.sll_packet_type == outgoing) {
        if (balance.sent_out < weighed_at_once) ++balance.sent_out;
        return;
    }
    if ((packet.tcp_flags & tcp_flag::ack) == 0) return;
    if (++balance.acknowledging < weighed_at_once) return;
    if (balance.sent_out < weighed_at_once / least_share) {
        if (auto end = book_.passed_by(vantage)) passed_by_.push_back(std::move(*end));
    }
    balance = {};
}

std::optional<std::uint32_t> SourceSet::vantage_of(Open& open, std::uint32_t index) {
    constexpr std::uint32_t most = 65536;
    if (index >= most) return book_.find(open.netns, index, open.source->name());
    if (open.version != book_.version()) {
        open.version = book_.version();
        open.vantages.clear();
    }
    if (index >= open.vantages.size()) open.vantages.resize(index + 1);
    auto& known = open.vantages[index];
    if (!known) known = book_.find(open.netns, index, open.source->name());
    return *known;
}

Duration SourceSet::drain_time() const {
    Duration longest{};
    for (const auto& [tag, open] : open_) longest = std::max(longest, open.source->drain_time());
    return longest;
}

bool SourceSet::has_unannounced() const {
    return std::any_of(open_.begin(), open_.end(), [](const auto& entry) {
        return !announced(*entry.second.source) && !entry.second.ended;
    });
}

bool SourceSet::all_ended() const {
    return !open_.empty() && std::all_of(open_.begin(), open_.end(),
                                         [](const auto& entry) { return entry.second.ended; });
}

void SourceSet::take_losses(Batch& batch, Timestamp from, Timestamp to) {
    for (Loss& loss : late_losses_.losses) {
        loss.from = from;
        loss.to = to;
        batch.losses.push_back(std::move(loss));
    }
    late_losses_.losses.clear();
    for (auto& [tag, open] : open_) take_losses_of(open, batch, from, to);
}

void SourceSet::take_losses_of(Open& open, Batch& batch, Timestamp from, Timestamp to) {
    const std::string& name = open.source->name();
    const SourceStats stats = open.source->stats();
    const auto lose = [&](std::uint64_t before, std::uint64_t total, const char* kind) {
        if (total <= before) return;
        lost_ += total - before;
        batch.losses.push_back({from, to, name, kind, total - before, {}});
    };
    lose(open.seen.dropped_kernel, stats.dropped_kernel, loss_kind::kernel);
    lose(open.seen.dropped_interface, stats.dropped_interface, loss_kind::interface);
    open.seen = stats;
    if (open.trouble.empty()) return;
    batch.losses.push_back({from, to, name, loss_kind::target, 1, std::exchange(open.trouble, {})});
}

}  // namespace nspect::capture
