// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/result.h"

namespace nspect::capture {

/// What is missing for a limitation.
enum class Lack : std::uint8_t {
    packets,  ///< or it cannot be told that none are
    name,     ///< of whoever sent what was seen all the same
};

/// Something that could not be seen, and why.
struct Limitation {
    Error error;              ///< `where` is that of the first of them
    std::uint64_t count = 1;  ///< how often, or of how many
    Lack lack = Lack::packets;

    bool operator==(const Limitation&) const = default;
};
/// "netns 4026532281: cannot enter the network namespace: Operation not permitted (12 times)".
std::string to_string(const Limitation& limitation);

/// Said once, however often they occur: those with the same words are one, and counted.
class Limitations {
public:
    void add(Error error, std::uint64_t count = 1, Lack lack = Lack::packets);
    /// Of what is counted anew at each look: as many as at the worst one.
    void at_worst(Error error, std::uint64_t count);

    /// In the order in which they were met first; more kinds than are kept count as the last one.
    const std::vector<Limitation>& all() const noexcept { return all_; }
    /// Those of which there are more than at the last call, with how many more.
    std::vector<Limitation> take_news();

private:
    Limitation& entry(Error error, Lack lack = Lack::packets);

    std::vector<Limitation> all_;
    std::vector<std::uint64_t> told_;  ///< of each of all_
};

}  // namespace nspect::capture
