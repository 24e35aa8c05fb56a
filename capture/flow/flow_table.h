// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "capture/decode/fragments.h"
#include "capture/decode/reassembly.h"
#include "capture/flow/flow_index.h"
#include "capture/flow/names.h"
#include "capture/flow/tunnel_book.h"
#include "capture/flow/vlan_ways.h"

namespace nspect::capture {

struct FlowLimits {
    std::size_t flows = 1'000'000;                ///< live at once, at most 300 bytes each
    Duration opening = std::chrono::seconds(75);  ///< Linux waits at most 64 s between two SYNs
    Duration open = std::chrono::hours(3);        ///< above the usual keep-alive of 2 h
    Duration closed = std::chrono::seconds(15);   ///< stragglers still belong to the flow
    Duration datagram = std::chrono::seconds(120);
};

/// Payload of one packet, for an observer of the first bytes of a flow.
struct FlowPayload {
    std::uint64_t flow = 0;  ///< Sighting::id
    /// The same for one sender as long as the flow lives, also when the client turns out to be the
    /// other end: who that is now, `from_client` says.
    Direction direction = Direction::sent;
    bool from_client = true;
    std::uint32_t sequence = 0;  ///< TCP: of the first byte
    std::uint32_t isn = 0;       ///< TCP: of this direction, when `isn_known`
    bool isn_known = false;
    std::span<const std::byte> bytes;  ///< as captured; valid during the call
    std::uint32_t wire_bytes = 0;
    Protocol protocol = Protocol::tcp;
    IpAddress client_ip{};
    Socket server{};
    /// Of the flow, lives as long as it; none: the observer keeps everything itself.
    ObserverNote* note = nullptr;
};

/// The seam for what reads into flows (TLS handshakes, application protocols) and keeps its own
/// state by flow id. All three are set, or none.
struct PayloadObserver {
    std::function<bool(const FlowPayload&)> see;  ///< false: has seen enough of this flow
    std::function<void(Sighting&)> describe;      ///< adds what it learnt to a sighting given out
    std::function<void(std::uint64_t)> forget;    ///< the flow's last sighting was given out
};

/// What was counted and is not in any sighting.
struct FlowTableStats {
    std::uint64_t flows = 0;    ///< begun so far
    std::uint64_t evicted = 0;  ///< left early, for want of room
    std::uint64_t neighbor_discovery = 0;
    std::uint64_t group_membership = 0;      ///< IGMP and MLD
    std::uint64_t unmatched_errors = 0;      ///< ICMP errors about flows that are not known
    std::uint64_t unresolved_fragments = 0;  ///< later fragments whose first one was not seen
};

/// Where the flow of a packet is looked for.
struct FlowPlace {
    FlowLookup lookup;
    std::uint64_t hash = 0;  ///< of its key
};

/// Turns packets into sightings. Holds at most `limits.flows` flows; when full, the one idle
/// longest leaves first and is given out as a record like any other; while more than half of them
/// are of a kind nobody has answered, one of these. Time is the packets' own. Not
/// thread-safe: one table belongs to one recording and one thread.
class FlowTable {
public:
    explicit FlowTable(FlowLimits limits = {}, HashSeed seed = {}, PayloadObserver observer = {});

    /// Counts one packet seen at `vantage`. A later fragment gets its ports on the way. Packets
    /// whose outcome is not ok are not its business.
    void add(DecodedPacket& packet, std::uint32_t vantage, Timestamp now) {
        add(packet, place_of(packet, vantage), vantage, now);
    }

    /// For who knows packets before they are counted: where a packet's flow is looked for. Any
    /// thread may ask, at any time.
    FlowPlace place_of(const DecodedPacket& packet, std::uint32_t vantage) const noexcept {
        const FlowLookup lookup = lookup_of(packet, vantage);
        return {lookup, index_.hash_of(lookup.key)};
    }
    /// Begins to load it, and, called some packets later, the flow itself. Neither changes what is
    /// counted.
    void ask_for_place(const FlowPlace& place) const noexcept { index_.ask_for_place(place.hash); }
    void ask_for_flow(const FlowPlace& place) const noexcept {
        index_.ask_for_flow(pool_, place.hash);
    }
    /// The same as above. REQUIRES: `place` is the packet's, as it is now.
    void add(DecodedPacket& packet, const FlowPlace& place, std::uint32_t vantage, Timestamp now);

    /// Flows that left since the last call: they ended, were idle too long at `now`, or had to make
    /// room.
    std::vector<Sighting> take_finished(Timestamp now);
    /// These, and live ones that changed since they were last given out, as they stand. A later
    /// sighting with the same id replaces an earlier one. Both lists have the oldest flow first.
    std::vector<Sighting> take_changed(Timestamp now);
    /// The same in pieces: lists what take_changed() would give, then gives at most so many at a
    /// time. REQUIRES: nothing is added until the list is empty.
    void list_changed(Timestamp now);
    std::size_t listed() const noexcept { return listed_.size() - given_; }
    std::vector<Sighting> take_listed(std::size_t most);
    std::vector<NameSeen> take_names() { return names_.take(); }
    std::vector<NameFailure> take_name_failures(Timestamp now) { return names_.take_failures(now); }

    std::size_t live() const noexcept { return index_.size(); }
    /// Flows that left and were not given out yet. They are held beside the live ones: take
    /// them before they are too many.
    std::size_t waiting() const noexcept { return gone_.size(); }
    FlowTableStats stats() const;
    std::uint64_t flows_begun() const noexcept { return stats_.flows; }
    std::uint64_t lost_names() const noexcept { return names_.lost(); }

private:
    void add_one(const DecodedPacket& packet, const FlowPlace& place, std::uint32_t vantage,
                 Timestamp now);
    void take_fragment(const DecodedPacket& part, std::uint32_t vantage, Timestamp now);
    void read_whole(const DecodedPacket& whole, std::uint32_t vantage, Timestamp now);
    std::uint32_t find(FlowPlace& place, const DecodedPacket& packet, bool from_lower) const;
    std::uint32_t find_any_vlan(FlowPlace& place, const DecodedPacket& packet, bool from_lower);
    bool ends_before(const Flow& flow, const FlowLookup& lookup, const DecodedPacket& packet,
                     Timestamp now) const;
    bool counts_apart(const DecodedPacket& packet);
    std::uint32_t begin(const FlowPlace& place, const DecodedPacket& packet, Timestamp now);
    void count(std::uint32_t slot, const DecodedPacket& packet, Direction direction, Timestamp now);
    void count_datagram(Flow& flow, const DecodedPacket& packet, Direction direction);
    void observe(Flow& flow, const DecodedPacket& packet, Direction direction);
    Direction take_payload(Flow& flow, const DecodedPacket& packet, Direction direction,
                           Timestamp now);
    static bool turned_by_app(Flow& flow, const DecodedPacket& packet, Direction direction);
    void take_icmp_error(const DecodedPacket& packet, std::uint32_t vantage, Timestamp now);
    void mark_changed(std::uint32_t slot);
    void remove(std::uint32_t slot);
    void expire(Timestamp now);
    Sighting report(Flow& flow);
    void list_finished(Timestamp now);
    void sort_listed();
    void let_go(std::uint32_t slot);

    FlowLimits limits_;
    PayloadObserver observer_;
    FlowPool pool_;
    FlowIndex index_;
    IdleLists idle_;
    FragmentTable fragments_;
    Reassembler whole_;
    NameCollector names_;
    TunnelBook tunnels_;
    VlanWays vlan_ways_;
    std::vector<std::uint32_t> changed_;
    std::vector<std::uint32_t> gone_;
    /// To be given out.
    struct Listed {
        std::uint64_t id = 0;
        std::uint32_t slot = 0;
    };
    std::vector<Listed> listed_;
    std::size_t given_ = 0;      ///< of these
    std::uint8_t networks_ = 0;  ///< the highest number that a key got so far
    FlowTableStats stats_;
};

}  // namespace nspect::capture
