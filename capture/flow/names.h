// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "capture/decode/packet.h"
#include "capture/flow/failed_names.h"
#include "model/recording.h"

namespace nspect::capture {

/// Collects the names that DNS answers give to addresses. The same answer to the same asker is kept
/// once a minute. Holds at most `limit` names until they are taken; more are counted as lost.
class NameCollector {
public:
    explicit NameCollector(std::size_t limit = 65536) : limit_(limit) {}

    /// Takes a packet that may carry a DNS question or answer: port 53, answers also from 5353.
    void add(const DecodedPacket& packet, std::uint32_t vantage, Timestamp now);

    std::vector<NameSeen> take();
    std::vector<NameFailure> take_failures(Timestamp now) { return failed_.take(now); }
    std::uint64_t lost() const noexcept { return lost_ + failed_.lost(); }

private:
    struct Recent {
        std::uint64_t hash = 0;
        Timestamp at{};
    };
    bool is_repeated(const NameSeen& name);

    std::size_t limit_;
    std::vector<NameSeen> names_;
    std::array<Recent, 4096> recent_{};
    FailedNames failed_;
    std::uint64_t lost_ = 0;
};

}  // namespace nspect::capture
