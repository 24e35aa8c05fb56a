// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "capture/decode/dns.h"
#include "capture/decode/packet.h"
#include "model/recording.h"

namespace nspect::capture {

/// Collects DNS questions that were answered with an error, or not at all within `patience`; the
/// same one of the same asker once a minute. Questions wait in a table of fixed size: one that
/// loses its place there is never said to be unanswered. Holds at most `limit` until they are
/// taken.
class FailedNames {
public:
    /// A stub resolver's own patience with one server.
    static constexpr Duration patience = std::chrono::seconds(5);

    explicit FailedNames(std::size_t limit = 65536) : limit_(limit) {}

    /// A question over UDP, to port 53.
    void ask(const DecodedPacket& packet, std::uint32_t vantage, Timestamp now);
    /// The answer to it, or one over TCP.
    void answer(const DecodedPacket& packet, const DnsMessage& message, std::uint32_t vantage,
                Timestamp now);
    std::vector<NameFailure> take(Timestamp now);
    std::uint64_t lost() const noexcept { return lost_; }

private:
    /// Header, the longest name, type and class: a question is never longer.
    static constexpr std::size_t question_bytes = 12 + 255 + 4;
    struct Waiting {
        std::uint64_t key = 0;  ///< 0: a free place
        Timestamp at{};
        std::uint32_t vantage = 0;
        IpAddress asked_by;
        IpAddress server;
        std::uint16_t length = 0;
        std::array<std::byte, question_bytes> bytes;
    };
    struct Recent {
        std::uint64_t hash = 0;
        Timestamp at{};
    };
    void give_up(Waiting& waiting);
    void add(NameFailure failure);

    std::size_t limit_;
    std::vector<Waiting> waiting_;
    std::vector<NameFailure> failures_;
    std::array<Recent, 1024> recent_{};
    std::uint64_t lost_ = 0;
};

}  // namespace nspect::capture
