// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>

namespace nspect::analyzer {

/// How many threads work on so many items is worth on this machine, the caller's own among them. No
/// result depends on it.
unsigned threads_for(std::size_t items);

/// work(0) to work(count - 1), each once, on up to `threads` threads at once, the caller's own
/// among them. Passes an exception on, after which none is begun.
void side_by_side(std::size_t count, unsigned threads,
                  const std::function<void(std::size_t)>& work);

/// The two of them at once where there is a second thread, else one after the other. `mine` is done
/// by the caller's. Passes an exception of either on.
void both(unsigned threads, const std::function<void()>& mine, const std::function<void()>& other);

/// What is made in parts by several threads, ahead of the one who uses them in order.
struct Ahead {
    std::size_t parts = 0;
    unsigned threads = 1;  ///< the caller's own among them, which makes what nobody else does
    /// Makes a part in a slot. `thread` counts from 0, the caller's; each makes one part at a time.
    std::function<void(unsigned thread, std::size_t part, std::size_t slot)> make;
    /// In order and by the caller's thread; the slot is made again only afterwards. False: the rest
    /// is not wanted.
    std::function<bool(std::size_t part, std::size_t slot)> use;

    static constexpr std::size_t most_slots = 32;
    /// So many parts are there at once, the slots being numbered from 0.
    static std::size_t slots(unsigned threads) {
        return threads <= 1 ? 1 : std::min(std::size_t{4} * threads, most_slots);
    }
};

/// Passes on an exception of `use`, and of `make` when it is the part's turn. No thread is left
/// when it returns.
void make_ahead(const Ahead& work);

}  // namespace nspect::analyzer
