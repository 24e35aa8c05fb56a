// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "model/result.h"
#include "model/sighting.h"
#include "model/time.h"
#include "store/sighting_block.h"

namespace nspect::store {

/// Reads blocks of sightings, beside whoever fetches them from the file: in a thread of its own
/// once there are more than a few, and in the caller's where that one waits. What comes of them
/// comes in the order in which they were added.
class BlockDecoder {
public:
    /// What some blocks held.
    struct Decoded {
        std::vector<Sighting> sightings;  ///< without their TLS facts
        /// Which of them have some: the place in `sightings`, and the row of table tls.
        std::vector<std::pair<std::size_t, std::int64_t>> tls;
        std::uint64_t invalid = 0;  ///< sightings that were none
    };
    /// Takes it in the thread that calls add() and finish(). An Error ends all.
    using Use = std::function<Status(Decoded&)>;

    /// Of those that began at `since` or later. `apps` outlives it.
    BlockDecoder(const AppNames& apps, Timestamp since, Use use);
    ~BlockDecoder();
    BlockDecoder(const BlockDecoder&) = delete;
    BlockDecoder& operator=(const BlockDecoder&) = delete;

    /// Takes a copy of the text.
    Status add(std::string_view text, Timestamp from);
    /// What is left.
    Status finish();

private:
    struct Block {
        std::size_t size = 0;
        Timestamp from{};
    };
    struct Group {
        enum class State : std::uint8_t { waits, is_being_read, is_read };
        std::string text;  ///< of all blocks
        std::vector<Block> blocks;
        Decoded decoded;
        std::exception_ptr failure;
        State state = State::waits;
    };
    static constexpr std::size_t group_bytes = std::size_t{1} << 17U;
    static constexpr std::size_t most_groups = 8;

    Status pass_on();
    Status settle(std::unique_lock<std::mutex>& lock, std::size_t most_left);
    bool read_one(std::unique_lock<std::mutex>& lock);
    std::unique_ptr<Group> blank();
    void decode(Group& group) const;
    void decode(BlockRow row, Decoded& decoded) const;
    void run();

    const AppNames* apps_;
    Timestamp since_;
    Use use_;
    std::vector<std::unique_ptr<Group>> spare_;  ///< keep their room
    std::unique_ptr<Group> filling_;
    std::mutex mutex_;  ///< of all below
    std::condition_variable changed_;
    std::deque<std::unique_ptr<Group>> groups_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace nspect::store
