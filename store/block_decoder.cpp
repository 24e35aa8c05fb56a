// SPDX-License-Identifier: Apache-2.0
#include "store/block_decoder.h"

#include <algorithm>

#include "store/sighting_row.h"

namespace nspect::store {

BlockDecoder::BlockDecoder(const AppNames& apps, Timestamp since, Use use)
    : apps_(&apps), since_(since), use_(std::move(use)), filling_(blank()) {}

BlockDecoder::~BlockDecoder() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

std::unique_ptr<BlockDecoder::Group> BlockDecoder::blank() {
    if (spare_.empty()) return std::make_unique<Group>();
    auto group = std::move(spare_.back());
    spare_.pop_back();
    group->text.clear();
    group->blocks.clear();
    group->decoded.sightings.clear();
    group->decoded.tls.clear();
    group->decoded.invalid = 0;
    group->state = Group::State::waits;
    return group;
}

Status BlockDecoder::add(std::string_view text, Timestamp from) {
    filling_->text += text;
    filling_->blocks.push_back({text.size(), from});
    return filling_->text.size() < group_bytes ? Status(done) : pass_on();
}

Status BlockDecoder::pass_on() {
    std::unique_lock lock(mutex_);
    groups_.push_back(std::exchange(filling_, blank()));
    if (!thread_.joinable() && groups_.size() > 1) thread_ = std::thread([this] { run(); });
    changed_.notify_all();
    return settle(lock, most_groups - 1);
}

Status BlockDecoder::finish() {
    std::unique_lock lock(mutex_);
    groups_.push_back(std::exchange(filling_, blank()));
    return settle(lock, 0);
}

/// Uses what is read, in order, until no more than `most_left` groups are left; what the thread has
/// not come to by then is read here.
Status BlockDecoder::settle(std::unique_lock<std::mutex>& lock, std::size_t most_left) {
    while (!groups_.empty()) {
        if (groups_.front()->state == Group::State::is_read) {
            auto group = std::move(groups_.front());
            groups_.pop_front();
            lock.unlock();
            if (group->failure) std::rethrow_exception(group->failure);
            if (auto used = use_(group->decoded); !used) return used;
            spare_.push_back(std::move(group));
            lock.lock();
        } else if (groups_.size() <= most_left) {
            break;
        } else if (!read_one(lock)) {
            changed_.wait(lock);
        }
    }
    return done;
}

/// False: nothing waits.
bool BlockDecoder::read_one(std::unique_lock<std::mutex>& lock) {
    const auto waiting = std::find_if(groups_.begin(), groups_.end(), [](const auto& each) {
        return each->state == Group::State::waits;
    });
    if (waiting == groups_.end()) return false;
    Group& group = **waiting;
    group.state = Group::State::is_being_read;
    lock.unlock();
    try {
        decode(group);
    } catch (...) {
        group.failure = std::current_exception();
    }
    lock.lock();
    group.state = Group::State::is_read;
    changed_.notify_all();
    return true;
}

void BlockDecoder::run() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
        if (!read_one(lock)) changed_.wait(lock);
    }
}

void BlockDecoder::decode(Group& group) const {
    std::string_view text = group.text;
    for (const Block& block : group.blocks) {
        decode(BlockRow(text.substr(0, block.size), block.from, *apps_), group.decoded);
        text.remove_prefix(block.size);
    }
}

void BlockDecoder::decode(BlockRow row, Decoded& decoded) const {
    while (row.next()) {
        // Made where it stays: moving one takes as long as reading half of it.
        Sighting& sighting = decoded.sightings.emplace_back();
        const auto tls = take_sighting(row, SightingColumns{}, sighting);
        if (!row.ok()) ++decoded.invalid;
        if (!row.ok() || sighting.first < since_) {
            decoded.sightings.pop_back();
        } else if (tls) {
            decoded.tls.emplace_back(decoded.sightings.size() - 1, *tls);
        }
    }
    // Where the text ends too early, the last one is not ok: it was counted.
    if (!row.whole() && row.ok()) ++decoded.invalid;
}

}  // namespace nspect::store
