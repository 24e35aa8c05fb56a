// SPDX-License-Identifier: Apache-2.0
#include "capture/batch_writer.h"

#include <utility>

namespace nspect::capture {

BatchWriter::BatchWriter(BatchSink sink, WriterLimits limits)
    : sink_(std::move(sink)), limits_(limits), thread_([this] { run(); }) {}

BatchWriter::~BatchWriter() {
    finish();
}

bool BatchWriter::has_room() const {
    const std::lock_guard lock(mutex_);
    return room();
}

void BatchWriter::append(Batch batch) {
    waiting_ += batch.sightings.size();
    queue_.push_back(std::move(batch));
    wake_.notify_one();
}

bool BatchWriter::offer(Batch& batch) {
    const std::lock_guard lock(mutex_);
    if (!room()) return false;
    append(std::move(batch));
    return true;
}

bool BatchWriter::push(Batch batch) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return trouble_ || room(); });
    if (!room()) return false;
    append(std::move(batch));
    return true;
}

std::optional<Error> BatchWriter::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

BatchWriter::Ending BatchWriter::finish() {
    {
        const std::lock_guard lock(mutex_);
        finishing_ = true;
        attempts_left_ = limits_.attempts_at_end;
        wake_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
    return ending_;
}

void BatchWriter::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return finishing_ || !queue_.empty(); });
        if (queue_.empty()) return;
        if (write_front(lock)) continue;
        if (!finishing_) {
            wake_.wait_for(lock, limits_.retry, [this] { return finishing_; });
        } else if (--attempts_left_ <= 0) {
            ending_.error = trouble_;
            for (const Batch& batch : queue_) ending_.lost_sightings += batch.sightings.size();
            queue_.clear();
            return;
        } else {
            wake_.wait_for(lock, limits_.retry, [] { return false; });
        }
    }
}

/// The front stays in the queue, so it counts against the bound, until the store has it. Only this
/// thread takes from the front, and a deque's elements stay where they are.
bool BatchWriter::write_front(std::unique_lock<std::mutex>& lock) {
    const Batch& front = queue_.front();
    lock.unlock();
    Status written = sink_(front);
    lock.lock();
    if (!written) {
        trouble_ = std::move(written).error();
        room_.notify_one();
        return false;
    }
    trouble_.reset();
    waiting_ -= queue_.front().sightings.size();
    queue_.pop_front();
    room_.notify_one();
    return true;
}

}  // namespace nspect::capture
