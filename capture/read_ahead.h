// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>

#include "capture/decoded_batch.h"

namespace nspect::capture {

/// Fills batches on a thread of its own while the one who asks for them counts; a few, then it
/// waits. All of the source is left to that thread until next() has said that there is no more.
class ReadAhead {
public:
    explicit ReadAhead(BatchReader& reader) : reader_(reader), thread_([this] { run(); }) {}
    /// Waits for a read() of the source that is under way.
    ~ReadAhead();
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    /// The next one, in order, valid until the next call; nullptr after the last.
    DecodedBatch* next();

private:
    static constexpr std::size_t most = 4;

    void run();

    BatchReader& reader_;
    std::array<DecodedBatch, most> batches_;
    std::mutex mutex_;
    std::condition_variable filled_;
    std::condition_variable emptied_;
    std::size_t filled_count_ = 0;
    std::size_t counted_ = 0;
    bool given_ = false;     ///< one is being counted
    bool over_ = false;      ///< no more will be filled
    bool stopping_ = false;  ///< no more are wanted
    std::thread thread_;
};

}  // namespace nspect::capture
