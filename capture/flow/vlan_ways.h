// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "capture/decode/packet.h"
#include "capture/flow/flow.h"

namespace nspect::capture {

/// Where the frames of a flow's two directions are tagged in different ways: the kernel takes the
/// tag of what it received and leaves that of what it sends (cooked captures), a mirror port copies
/// only what a switch received (each direction in the VLAN it came from), private VLANs have one
/// for each direction. It tells under which other tags the flow may be known that a packet answers.
/// Hints only: whether one is right, answers_across_vlans() says. Bounded, and nothing is kept
/// before the first tagged frame.
class VlanWays {
public:
    using Candidates = std::array<VlanStack, 10>;

    explicit VlanWays(HashSeed seed) : seed_(seed) {}

    /// A flow begins.
    void remember(const FlowKey& key);
    /// A packet tagged like this was found to be of that flow.
    void learn(VlanStack vlans, const FlowKey& flow);
    /// The other tags that the flow of a packet with this key may be known under, likeliest first.
    std::span<const VlanStack> others(const FlowKey& key, Candidates& room) const;
    /// Whether packets tagged like that may be of a flow tagged in another way.
    bool concerns(VlanStack stack) const noexcept { return stack.tagged() || !recent_.empty(); }

private:
    struct Recent {
        std::uint32_t tag = 0;
        bool used = false;
        VlanStack vlans;
    };
    struct Pair {
        VlanStack one;
        VlanStack other;
        bool operator==(const Pair&) const = default;
    };
    static constexpr std::size_t places = 8192;
    static constexpr std::size_t most_pairs = 64;

    std::uint64_t hash_of_ends(FlowKey key) const noexcept;

    HashSeed seed_;
    std::vector<Recent> recent_;  ///< by what the key is without its tags
    std::vector<Pair> pairs_;     ///< both ways round, the last learnt first
};

/// Whether the packet is of the flow although it is tagged in another way: of the direction that
/// was not seen in the flow's own VLAN, and an answer as far as its protocol lets that be known.
bool answers_across_vlans(const Flow& flow, const DecodedPacket& packet, Direction direction);

}  // namespace nspect::capture
