// SPDX-License-Identifier: Apache-2.0
#include "capture/read_ahead.h"

namespace nspect::capture {

ReadAhead::~ReadAhead() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        emptied_.notify_one();
    }
    thread_.join();
}

void ReadAhead::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        emptied_.wait(lock, [this] { return stopping_ || filled_count_ - counted_ < most; });
        if (stopping_) return;
        DecodedBatch& batch = batches_[filled_count_ % most];
        lock.unlock();
        const bool more = reader_.fill(batch);
        lock.lock();
        ++filled_count_;
        over_ = !more;
        filled_.notify_one();
        if (over_) return;
    }
}

/// Who waits for room is woken once half of it is free: waking is dearer than a batch is long.
DecodedBatch* ReadAhead::next() {
    std::unique_lock lock(mutex_);
    if (given_) {
        given_ = false;
        ++counted_;
        if (filled_count_ - counted_ <= most / 2) emptied_.notify_one();
    }
    filled_.wait(lock, [this] { return over_ || filled_count_ > counted_; });
    if (filled_count_ == counted_) return nullptr;
    given_ = true;
    return &batches_[counted_ % most];
}

}  // namespace nspect::capture
