// SPDX-License-Identifier: Apache-2.0
#include "capture/flow/flow_table.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "capture/decode/decode.h"
#include "capture/flow/first_packet.h"
#include "capture/flow/sctp.h"
#include "capture/flow/tcp.h"

namespace nspect::capture {
namespace {

constexpr std::uint8_t igmp = 2;

Direction direction_in(const Flow& flow, bool from_lower) {
    return from_lower == flow.client_is_lower ? Direction::sent : Direction::received;
}

bool starts_new(const Flow& flow, const DecodedPacket& packet, Direction direction) {
    if (packet.later_fragment) return false;
    if (packet.protocol == Protocol::tcp) return tcp_starts_new(flow, packet, direction);
    if (packet.protocol == Protocol::sctp) return sctp_starts_new(flow, packet, direction);
    return false;
}

/// The first part of a datagram that is read once it is whole.
bool is_read_later(const DecodedPacket& packet) {
    return packet.fragment && Reassembler::is_usable(packet);
}

bool may_name(const DecodedPacket& packet) {
    const bool carries = packet.protocol == Protocol::udp || packet.protocol == Protocol::tcp;
    return carries && !packet.later_fragment && !is_read_later(packet);
}

bool is_icmp(const DecodedPacket& packet) {
    return packet.protocol == Protocol::icmp || packet.protocol == Protocol::icmp6;
}

bool expects_answer(const DecodedPacket& packet) {
    if (is_icmp(packet)) return icmp_kind(packet.protocol, packet.icmp_type) == IcmpKind::request;
    return look_for_dns(packet).is_dns;
}

Duration patience(const FlowLimits& limits, IdleClass idle_class) {
    switch (idle_class) {
        case IdleClass::opening:
            return limits.opening;
        case IdleClass::open:
            return limits.open;
        case IdleClass::closed:
            return limits.closed;
        case IdleClass::datagram:
            break;
    }
    return limits.datagram;
}

/// How many networks with the same addresses are told apart at one vantage; the last number stands
/// for all further ones.
constexpr std::uint8_t most_networks = 16;

/// Whether the tunnel's id says which network the addresses inside are of. Labels and sessions may
/// change while a flow lives.
bool names_network(TunnelKind kind) {
    return kind == TunnelKind::vxlan || kind == TunnelKind::geneve || kind == TunnelKind::gre;
}

/// How well a packet inside a tunnel of some id fits a flow of the same ends.
enum class NetworkFit : std::uint8_t {
    no,      ///< this direction has another id
    may_be,  ///< of this direction no id is known
    likely,  ///< and it acknowledges what the flow last said
    same,    ///< and it is the id of the other direction
    known,   ///< the id of this direction
};

bool acknowledges_latest(const Flow& flow, const DecodedPacket& packet, Direction direction) {
    constexpr std::int32_t window = 1 << 16;
    const bool ack = packet.protocol == Protocol::tcp && (packet.tcp_flags & tcp_flag::ack) != 0;
    return ack && tcp_said_of_late(flow, reverse(direction), packet.tcp_ack, window);
}

NetworkFit network_fit(const Flow& flow, const TunnelBook& tunnels, const DecodedPacket& packet,
                       Direction direction) {
    if (!TunnelBook::is_whole(flow.tunnel)) return NetworkFit::may_be;
    const std::uint32_t id = packet.tunnel.id;
    const std::uint32_t id_at_first = tunnels[flow.tunnel].id;
    if (direction == first_direction(flow)) {
        return id == id_at_first ? NetworkFit::known : NetworkFit::no;
    }
    const auto id_back = tunnels.id_back(flow.tunnel);
    if (id_back) return id == *id_back ? NetworkFit::known : NetworkFit::no;
    if (id == id_at_first) return NetworkFit::same;
    return acknowledges_latest(flow, packet, direction) ? NetworkFit::likely : NetworkFit::may_be;
}

}  // namespace

FlowTable::FlowTable(FlowLimits limits, HashSeed seed, PayloadObserver observer)
    : limits_(limits), observer_(std::move(observer)), index_(seed), vlan_ways_(seed) {
    limits_.flows = std::max<std::size_t>(limits_.flows, 1);
}

void FlowTable::add(DecodedPacket& packet, const FlowPlace& place, std::uint32_t vantage,
                    Timestamp now) {
    if (packet.outcome != DecodeOutcome::ok) return;
    if (!packet.fragment) return add_one(packet, place, vantage, now);
    const bool has_ports = fragments_.resolve(packet, now);
    if (has_ports) add_one(packet, place_of(packet, vantage), vantage, now);
    take_fragment(packet, vantage, now);
}

void FlowTable::add_one(const DecodedPacket& packet, const FlowPlace& place, std::uint32_t vantage,
                        Timestamp now) {
    if (counts_apart(packet)) return;
    if (packet.quoted.present) return take_icmp_error(packet, vantage, now);

    FlowPlace at = place;
    std::uint32_t slot = find_any_vlan(at, packet, at.lookup.from_lower);
    if (slot != no_flow && ends_before(pool_[slot], at.lookup, packet, now)) {
        remove(slot);
        slot = no_flow;
    }
    if (slot == no_flow) slot = begin(at, packet, now);
    count(slot, packet, direction_in(pool_[slot], at.lookup.from_lower), now);
    if (may_name(packet)) names_.add(packet, vantage, now);
}

/// The flow of these ends, in the network that the tunnel around the packet is of; none: no_flow,
/// and the place is what a new one gets. `from_lower` is the way of the packet itself.
std::uint32_t FlowTable::find(FlowPlace& place, const DecodedPacket& packet,
                              bool from_lower) const {
    FlowKey& key = place.lookup.key;
    std::uint32_t best = index_.find(pool_, key, place.hash);
    if (!names_network(packet.tunnel.kind)) return best;
    NetworkFit best_fit = NetworkFit::no;
    std::uint8_t best_number = 0;
    std::optional<std::uint8_t> free;
    for (unsigned n = 0; n <= networks_; ++n) {
        const auto number = static_cast<std::uint8_t>(n);
        key.set_network(number);
        const auto slot = index_.find(pool_, key, index_.hash_of(key));
        if (slot == no_flow) {
            if (!free) free = number;
            continue;
        }
        const Flow& flow = pool_[slot];
        const auto fit = network_fit(flow, tunnels_, packet, direction_in(flow, from_lower));
        if (fit <= best_fit) continue;
        std::tie(best, best_fit, best_number) = std::tie(slot, fit, number);
    }
    if (best_fit == NetworkFit::no) {
        const auto next = static_cast<std::uint8_t>(std::min(networks_ + 1, most_networks - 1));
        best_number = free.value_or(next);
    }
    key.set_network(best_number);
    place.hash = index_.hash_of(key);
    return best_fit != NetworkFit::no ? best : index_.find(pool_, key, place.hash);
}

/// Also the flow of the other direction, tagged otherwise; the place stays that of a new flow.
std::uint32_t FlowTable::find_any_vlan(FlowPlace& place, const DecodedPacket& packet,
                                       bool from_lower) {
    const std::uint32_t slot = find(place, packet, from_lower);
    if (slot != no_flow) {
        Flow& flow = pool_[slot];
        const bool back = direction_in(flow, from_lower) != first_direction(flow);
        if (back && !packet.quoted.present) flow.back_elsewhere = false;  // it is here after all
        return slot;
    }
    const FlowKey& key = place.lookup.key;
    VlanWays::Candidates room;
    if (!vlan_ways_.concerns(key.vlans())) return no_flow;
    for (const VlanStack vlans : vlan_ways_.others(key, room)) {
        FlowPlace other = place;
        other.lookup.key.set_vlans(vlans);
        other.hash = index_.hash_of(other.lookup.key);
        const std::uint32_t found = find(other, packet, from_lower);
        if (found == no_flow) continue;
        Flow& flow = pool_[found];
        if (!answers_across_vlans(flow, packet, direction_in(flow, from_lower))) continue;
        flow.back_elsewhere = true;
        vlan_ways_.learn(key.vlans(), flow.key);
        return found;
    }
    return no_flow;
}

/// The packet was counted as a part; what it completes is read.
void FlowTable::take_fragment(const DecodedPacket& part, std::uint32_t vantage, Timestamp now) {
    const auto bytes = whole_.add(part, vantage, now);
    if (bytes.empty()) return;
    const DecodedPacket whole = decode_whole(part, bytes);
    if (whole.outcome != DecodeOutcome::ok) return;
    if (whole.tunnel.depth > part.tunnel.depth) {
        add_one(whole, place_of(whole, vantage), vantage, now);
    } else {
        read_whole(whole, vantage, now);
    }
}

void FlowTable::read_whole(const DecodedPacket& whole, std::uint32_t vantage, Timestamp now) {
    FlowPlace place = place_of(whole, vantage);
    const bool from_lower = place.lookup.from_lower;
    const std::uint32_t slot = find_any_vlan(place, whole, from_lower);
    if (slot == no_flow) return;
    Flow& flow = pool_[slot];
    const Direction direction = direction_in(flow, from_lower);
    if (whole.payload_bytes > 0) take_payload(flow, whole, direction, now);
    if (whole.protocol == Protocol::tcp) tcp_extend(flow, whole, direction);
    mark_changed(slot);
    if (may_name(whole)) names_.add(whole, vantage, now);
}

/// Whether the flow is over with this packet: it was idle too long, or another connection begins.
bool FlowTable::ends_before(const Flow& flow, const FlowLookup& lookup, const DecodedPacket& packet,
                            Timestamp now) const {
    if (now - flow.last > patience(limits_, flow.idle_class)) return true;
    return starts_new(flow, packet, direction_in(flow, lookup.from_lower));
}

bool FlowTable::counts_apart(const DecodedPacket& packet) {
    if (packet.ip_protocol == igmp) {
        ++stats_.group_membership;
        return true;
    }
    if (!is_icmp(packet)) return false;
    const IcmpKind kind = icmp_kind(packet.protocol, packet.icmp_type);
    stats_.neighbor_discovery += kind == IcmpKind::neighbor ? 1 : 0;
    stats_.group_membership += kind == IcmpKind::group_membership ? 1 : 0;
    const bool mute_error = kind == IcmpKind::error && !packet.quoted.present;
    stats_.unmatched_errors += mute_error ? 1 : 0;
    return mute_error || kind == IcmpKind::neighbor || kind == IcmpKind::group_membership;
}

std::uint32_t FlowTable::begin(const FlowPlace& place, const DecodedPacket& packet, Timestamp now) {
    const FlowLookup& lookup = place.lookup;
    if (index_.size() >= limits_.flows) {
        ++stats_.evicted;
        remove(idle_.least_worth(pool_));
    }
    const std::uint32_t slot = pool_.allocate();
    Flow& flow = pool_[slot];
    flow.key = lookup.key;
    flow.id = ++stats_.flows;
    flow.first = now;
    flow.last = now;
    const ClientGuess guess = client_by_first_packet(packet);
    flow.evidence = guess.evidence;
    flow.client_is_lower = guess.is_source == lookup.from_lower;
    flow.began_with_answer = !guess.is_source;
    networks_ = std::max(networks_, lookup.key.network());
    const bool syn_only = (packet.tcp_flags & (tcp_flag::syn | tcp_flag::ack)) == tcp_flag::syn;
    flow.began_with_syn = packet.protocol == Protocol::tcp && syn_only;
    const bool connection = packet.protocol == Protocol::tcp || packet.protocol == Protocol::sctp;
    flow.start_seen = !connection && guess.is_source;
    flow.link_broadcast = packet.link_broadcast && flow.start_seen;
    flow.watched = static_cast<bool>(observer_.see);
    flow.search.app = app_of(packet.carries);
    if (packet.tunnel.kind != TunnelKind::none) {
        const TunnelLayer& layer = packet.tunnel;
        const bool forth = guess.is_source;
        flow.tunnel =
            tunnels_.number_of({layer.kind, layer.depth, layer.id, forth ? layer.src : layer.dst,
                                forth ? layer.dst : layer.src});
    }
    index_.insert(slot, place.hash);
    vlan_ways_.remember(flow.key);
    idle_.insert(pool_, slot, idle_class_of(flow), now);
    return slot;
}

void FlowTable::count(std::uint32_t slot, const DecodedPacket& packet, Direction direction,
                      Timestamp now) {
    Flow& flow = pool_[slot];
    flow.last = std::max(flow.last, now);
    flow.link_broadcast = flow.link_broadcast && packet.link_broadcast;
    const bool other_way = names_network(packet.tunnel.kind) && direction != first_direction(flow);
    if (other_way && !tunnels_.id_back(flow.tunnel)) {
        flow.tunnel = tunnels_.with_id_back(flow.tunnel, packet.tunnel.id);
    }
    Counters& counters = flow.counters[index(direction)];
    ++counters.packets;
    counters.bytes += packet.ip_payload_bytes;
    const auto size = static_cast<std::uint16_t>(std::min(packet.ip_payload_bytes, 0xffffU));
    auto& largest = flow.largest[index(direction)];
    largest = std::max(largest, size);
    if (!packet.later_fragment) {
        const bool reads = packet.payload_bytes > 0 && !is_read_later(packet);
        if (reads) direction = take_payload(flow, packet, direction, now);
        if (packet.protocol == Protocol::tcp) {
            tcp_count(flow, packet, direction, now);
        } else {
            count_datagram(flow, packet, direction);
        }
    }
    mark_changed(slot);
    idle_.touch(pool_, slot, idle_class_of(flow), now);
}

void FlowTable::count_datagram(Flow& flow, const DecodedPacket& packet, Direction direction) {
    if (flow.fingerprint == 0) flow.fingerprint = payload_fingerprint(packet);
    if (packet.protocol == Protocol::sctp) return sctp_count(flow, packet, direction);
    if (direction == Direction::received && flow.start_seen) flow.established = true;
    if (flow.established) return;
    flow.expects_answer = flow.expects_answer || expects_answer(packet);
    if (packet.protocol == Protocol::udp && look_for_dns(packet).is_dns) {
        flow.search.app = App::dns;
    }
}

/// Returns the direction, which is another one where the payload told who the client is.
Direction FlowTable::take_payload(Flow& flow, const DecodedPacket& packet, Direction direction,
                                  Timestamp now) {
    if (wants_look(flow.search, index(direction)) && turned_by_app(flow, packet, direction)) {
        turn(flow);
        flow.start_seen = false;
        flow.asked = Timestamp{};
        flow.think_time = Duration{};
        direction = reverse(direction);
    }
    if (flow.watched) observe(flow, packet, direction);
    const bool probe = packet.payload_bytes == 1 && has(flow.seq_known, direction) &&
                       packet.tcp_seq != flow.next_seq[index(direction)];
    if (probe) return direction;
    if (direction == Direction::sent) {
        if (flow.asked == Timestamp{}) flow.asked = now;
    } else if (flow.asked != Timestamp{} && flow.think_time == Duration{}) {
        flow.think_time = now - flow.asked;
    }
    return direction;
}

/// Looks for the application protocol; whether what is said shows that the client is the other
/// end.
bool FlowTable::turned_by_app(Flow& flow, const DecodedPacket& packet, Direction direction) {
    if (packet.protocol != Protocol::tcp && packet.protocol != Protocol::udp) return false;
    const AppClient told = look_for_app(flow.search, packet.protocol, index(direction),
                                        {packet.payload, packet.payload_bytes});
    const bool weak = flow.evidence != DirectionEvidence::handshake && !flow.established;
    if (told == AppClient::not_told || !weak) return false;
    flow.evidence = DirectionEvidence::first_packet;
    return (told == AppClient::sender) != (direction == Direction::sent);
}

void FlowTable::observe(Flow& flow, const DecodedPacket& packet, Direction direction) {
    FlowPayload payload{.flow = flow.id,
                        .direction = flow.turned ? reverse(direction) : direction,
                        .from_client = direction == Direction::sent,
                        .sequence = packet.tcp_seq,
                        .isn = flow.isn[index(direction)],
                        .isn_known = has(flow.syn_seen, direction),
                        .bytes = packet.payload,
                        .wire_bytes = packet.payload_bytes,
                        .protocol = packet.protocol,
                        .client_ip = flow.key.socket(flow.client_is_lower).ip,
                        .server = flow.key.socket(!flow.client_is_lower),
                        .note = &flow.note};
    flow.watched = observer_.see(payload);
}

void FlowTable::take_icmp_error(const DecodedPacket& packet, std::uint32_t vantage, Timestamp now) {
    const FlowLookup lookup = lookup_of_quoted(packet, vantage);
    FlowPlace place{lookup, index_.hash_of(lookup.key)};
    const std::uint32_t slot = find_any_vlan(place, packet, !lookup.from_lower);
    if (slot == no_flow) {
        ++stats_.unmatched_errors;
        return;
    }
    Flow& flow = pool_[slot];
    if (flow.icmp_errors < 0xffff) ++flow.icmp_errors;
    if (packet.icmp_mtu != 0 && (flow.path_mtu == 0 || packet.icmp_mtu < flow.path_mtu)) {
        flow.path_mtu = packet.icmp_mtu;
    }
    mark_changed(slot);
    const Refusal said = icmp_refusal(packet.protocol, packet.icmp_type, packet.icmp_code);
    // An error about an answer does not tell how the request went.
    if (said == Refusal::none || direction_in(flow, lookup.from_lower) != Direction::sent) return;
    flow.refusal = said;
    flow.last = std::max(flow.last, now);
}

void FlowTable::mark_changed(std::uint32_t slot) {
    Flow& flow = pool_[slot];
    flow.reported_finished = false;
    flow.changed = true;
    if (flow.listed) return;
    flow.listed = true;
    changed_.push_back(slot);
}

void FlowTable::remove(std::uint32_t slot) {
    Flow& flow = pool_[slot];
    index_.erase(pool_, slot);
    idle_.remove(pool_, slot);
    flow.gone = true;
    gone_.push_back(slot);
}

void FlowTable::expire(Timestamp now) {
    for (const auto idle_class :
         {IdleClass::opening, IdleClass::open, IdleClass::closed, IdleClass::datagram}) {
        const Duration allowed = patience(limits_, idle_class);
        for (auto slot = idle_.oldest(idle_class);
             slot != no_flow && now - pool_[slot].last > allowed; slot = idle_.oldest(idle_class)) {
            remove(slot);
        }
    }
}

Sighting FlowTable::report(Flow& flow) {
    Sighting seen = sighting_of(flow);
    if (flow.tunnel != 0) {
        TunnelSeen tunnel = tunnels_[flow.tunnel];
        if (flow.turned) std::swap(tunnel.client, tunnel.server);
        seen.tunnel = tunnel;
    }
    if (observer_.describe) observer_.describe(seen);
    flow.changed = false;
    flow.reported_finished = seen.finished;
    return seen;
}

/// Its last sighting was given out.
void FlowTable::let_go(std::uint32_t slot) {
    if (observer_.forget) observer_.forget(pool_[slot].id);
    pool_.release(slot);
}

void FlowTable::list_finished(Timestamp now) {
    expire(now);
    listed_.clear();
    given_ = 0;
    for (const std::uint32_t slot : gone_) {
        const Flow& flow = pool_[slot];
        if (flow.reported_finished) {
            let_go(slot);
        } else {
            listed_.push_back({flow.id, slot});
        }
    }
    gone_.clear();
}

void FlowTable::list_changed(Timestamp now) {
    list_finished(now);
    for (const std::uint32_t slot : changed_) {
        Flow& flow = pool_[slot];
        flow.listed = false;
        if (flow.changed && !flow.gone) listed_.push_back({flow.id, slot});
    }
    changed_.clear();
    sort_listed();
}

void FlowTable::sort_listed() {
    std::sort(listed_.begin(), listed_.end(),
              [](const Listed& a, const Listed& b) { return a.id < b.id; });
}

std::vector<Sighting> FlowTable::take_listed(std::size_t most) {
    std::vector<Sighting> taken;
    const std::size_t end = given_ + std::min(most, listed());
    taken.reserve(end - given_);
    for (; given_ < end; ++given_) {
        const std::uint32_t slot = listed_[given_].slot;
        Flow& flow = pool_[slot];
        taken.push_back(report(flow));
        if (flow.gone) let_go(slot);
    }
    if (listed() == 0) {
        listed_ = {};  // as large as all that changed: not kept until the next time
        given_ = 0;
    }
    return taken;
}

std::vector<Sighting> FlowTable::take_finished(Timestamp now) {
    list_finished(now);
    sort_listed();
    return take_listed(listed());
}

std::vector<Sighting> FlowTable::take_changed(Timestamp now) {
    list_changed(now);
    return take_listed(listed());
}

FlowTableStats FlowTable::stats() const {
    FlowTableStats stats = stats_;
    stats.unresolved_fragments = fragments_.unresolved();
    return stats;
}

}  // namespace nspect::capture
