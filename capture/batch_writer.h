// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "model/batch.h"
#include "model/result.h"

namespace nspect::capture {

/// Writes one batch, all or nothing: a FlowStore's write().
using BatchSink = std::function<Status(const Batch&)>;

struct WriterLimits {
    std::size_t batches = 16;         ///< that may wait
    std::size_t sightings = 250'000;  ///< in them; one batch may go beyond
    Duration retry = std::chrono::seconds(1);
    int attempts_at_end = 3;  ///< for each batch once finish() was called
};

/// One thread that writes batches in order, behind a bounded queue. A batch that the store refuses
/// is tried again until it is taken: the queue is the spool. Whoever fills it decides what happens
/// when it is full.
class BatchWriter {
public:
    explicit BatchWriter(BatchSink sink, WriterLimits limits = {});
    ~BatchWriter();
    BatchWriter(const BatchWriter&) = delete;
    BatchWriter& operator=(const BatchWriter&) = delete;

    bool has_room() const;
    /// False, and `batch` untouched, when the queue is full.
    bool offer(Batch& batch);
    /// Waits for room. False, and the batch is lost, when the store fails: a file being read can
    /// wait for a slow store, not for a broken one.
    bool push(Batch batch);

    /// The store's answer to its latest write, while that was an error.
    std::optional<Error> trouble() const;

    struct Ending {
        std::uint64_t lost_sightings = 0;  ///< of batches that the store never took
        std::optional<Error> error;        ///< why
    };
    /// Writes what waits, and ends the thread.
    Ending finish();

private:
    void run();
    bool room() const { return queue_.size() < limits_.batches && waiting_ < limits_.sightings; }
    void append(Batch batch);
    bool write_front(std::unique_lock<std::mutex>& lock);

    BatchSink sink_;
    WriterLimits limits_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable room_;
    std::deque<Batch> queue_;
    std::size_t waiting_ = 0;  ///< sightings in the queue
    std::optional<Error> trouble_;
    Ending ending_;
    int attempts_left_ = 0;
    bool finishing_ = false;
    std::thread thread_;
};

}  // namespace nspect::capture
