// SPDX-License-Identifier: Apache-2.0
#include "capture/decoded_batch.h"

#include <new>
#include <utility>

#include "capture/pipeline.h"

namespace nspect::capture {

void DecodedBatch::clear() {
    count = 0;
    between.clear();
    bytes.reset();
    error.reset();
    failure = nullptr;
}

void DecodedBatch::ask_for(std::size_t at) const noexcept {
    constexpr std::size_t line = 64;
    const auto* const from = reinterpret_cast<const std::byte*>(&packets[at]);
    for (std::size_t byte = 0; byte < sizeof(Packet); byte += line) {
        __builtin_prefetch(from + byte);
    }
}

void BatchReader::begin(PacketSource& source, bool with_secrets) {
    source_ = &source;
    vantages_.clear();
    its_vantage_ = 0;
    if (!with_secrets) return;
    source.on_secrets([this](std::string_view key_log) {
        filling_->between.push_back({filling_->count, std::string(key_log)});
    });
}

bool BatchReader::fill(DecodedBatch& batch) noexcept {
    batch.clear();
    filling_ = &batch;
    try {
        if (source_->finished()) return false;
        auto got =
            source_->read(DecodedBatch::room, [&](const RawPacket& raw) { put(raw, batch); });
        batch.bytes = source_->hold_packets();
        if (!got) batch.error = std::move(got).error();
        return got && !source_->finished();
    } catch (...) {
        batch.failure = std::current_exception();
        return false;
    }
}

void BatchReader::put(const RawPacket& raw, DecodedBatch& batch) {
    DecodedBatch::Packet& next = batch.packets[batch.count];
    // Made where it stays: assigning would copy it.
    static_assert(std::is_trivially_destructible_v<DecodedPacket>);
    ::new (&next.packet) DecodedPacket(Pipeline::understand(raw));
    next.time = raw.time;
    const std::uint32_t index = raw.link == LinkType::linux_sll2 ? next.packet.interface_index : 0;
    next.vantage = vantage_of(raw, index, batch);
    next.place = table_.place_of(next.packet, next.vantage);
    ++batch.count;
}

std::uint32_t BatchReader::vantage_of(const RawPacket& raw, std::uint32_t index,
                                      DecodedBatch& batch) {
    const std::uint64_t key = (std::uint64_t{raw.interface_id} << 32U) | index;
    if (its_vantage_ != 0 && last_interface_ == key) return its_vantage_;
    last_interface_ = key;
    return its_vantage_ = find_vantage(key, raw, batch);
}

std::uint32_t BatchReader::find_vantage(std::uint64_t key, const RawPacket& raw,
                                        DecodedBatch& batch) {
    const auto [found, added] = vantages_.emplace(key, last_vantage_ + 1);
    if (!added) return found->second;
    Vantage vantage;
    vantage.id = ++last_vantage_;
    vantage.side = VantageSide::file;
    vantage.source = source_->name();
    if (raw.interface_id < source_->interfaces().size()) {
        vantage.interface_name = source_->interfaces()[raw.interface_id].name;
    }
    const auto index = static_cast<std::uint32_t>(key);
    if (index != 0) vantage.interface_name = "if" + std::to_string(index);
    batch.between.push_back({batch.count, std::move(vantage)});
    return last_vantage_;
}

}  // namespace nspect::capture
