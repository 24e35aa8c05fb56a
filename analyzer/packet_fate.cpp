// SPDX-License-Identifier: Apache-2.0
#include "analyzer/packet_fate.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "analyzer/observed_ends.h"

namespace nspect::analyzer {
namespace {

using Role = VantagePoint::Role;

/// No header of TCP over IP is longer: a packet of more bytes carries payload.
constexpr std::uint16_t longest_header = 60;
/// Below it no path is too narrow: every IPv4 host takes 576 bytes (RFC 791).
constexpr std::uint16_t always_passes = 576 - 20;

constexpr std::array<std::string_view, 12> names{
    "delivered", "stayed-inside", "lost-on-the-way",    "turned-away",
    "refused",   "not-answered",  "request-unanswered", "answer-lost",
    "too-large", "partly-lost",   "asymmetric",         "not-known"};

constexpr int tcp_header = 20;
constexpr int ipv4_header = 20;
constexpr int ipv6_header = 40;

/// One direction past two neighbouring places.
struct Passage {
    const VantagePoint* near;
    const VantagePoint* far;
    bool towards_client;

    const Counters& before() const { return towards_client ? near->received : near->sent; }
    const Counters& after() const { return towards_client ? far->received : far->sent; }
    std::uint16_t largest_before() const {
        return towards_client ? near->largest_received : near->largest_sent;
    }
    std::uint16_t largest_after() const {
        return towards_client ? far->largest_received : far->largest_sent;
    }
    PacketFate as(Fate fate) const {
        return {.fate = fate,
                .between = std::pair{near->vantage, far->vantage},
                .towards_client = towards_client,
                .lost = before().packets - after().packets,
                .sent = before().packets,
                .largest = largest_before(),
                .largest_passed = largest_after()};
    }
};

/// The first passage of which `is` holds, requests before answers.
template <class Is>
std::optional<Passage> find_passage(const Conversation& conversation, Is is) {
    const auto& points = conversation.vantages;
    for (std::size_t i = 0; i + 1 < points.size(); ++i) {
        const Passage forth{&points[i], &points[i + 1], false};
        if (is(forth)) return forth;
    }
    for (std::size_t i = points.size(); i-- > 1;) {
        const Passage back{&points[i], &points[i - 1], true};
        if (is(back)) return back;
    }
    return std::nullopt;
}

bool loses(const Passage& passage) {
    const auto& before = passage.before();
    const auto& after = passage.after();
    // Where segments are put together on the way, fewer and larger ones arrive.
    const bool merged = passage.largest_after() > passage.largest_before();
    return !merged && after.packets > 0 && before.packets > after.packets &&
           before.bytes > after.bytes;
}

bool is_narrow(const Passage& passage) {
    const bool again = passage.before().packets >= passage.after().packets + 2;
    return loses(passage) && again && passage.largest_before() > always_passes &&
           passage.largest_after() < passage.largest_before();
}

/// IP payload of a segment that fills what the sender knows of the path: what ICMP told of it, else
/// what both ends announced. 0: not known.
int whole_segment(const Conversation& conversation) {
    const int announced = std::min(conversation.client_mss, conversation.server_mss);
    const int by_ends = announced > 0 ? announced + tcp_header : 0;
    if (conversation.path_mtu == 0) return by_ends;
    const bool v4 = conversation.client.socket.ip.is_v4();
    const int told = conversation.path_mtu - (v4 ? ipv4_header : ipv6_header);
    return by_ends > 0 ? std::min(told, by_ends) : told;
}

/// Whether a whole segment, or several that are sent as one, arrived: then the sender knows how
/// much passes and keeps to it, and size is not why others vanished.
bool whole_segment_passed(const Conversation& conversation, const Passage& passage) {
    const int whole = whole_segment(conversation);
    return whole > 0 && passage.largest_after() >= whole;
}

bool one_sided(const VantagePoint& point) {
    return (point.sent.packets == 0) != (point.received.packets == 0);
}

PacketFate asymmetric(const Conversation& conversation) {
    const auto& points = conversation.vantages;
    const auto missing = std::find_if(points.begin(), points.end(), one_sided);
    if (missing == points.end()) return {};
    const bool answers = missing->received.packets == 0;
    const auto other = std::find_if(points.begin(), points.end(), [&](const VantagePoint& point) {
        return (answers ? point.received : point.sent).packets > 0;
    });
    PacketFate fate{.fate = Fate::asymmetric, .between = std::nullopt, .towards_client = answers};
    fate.between =
        std::pair{missing->vantage, other == points.end() ? missing->vantage : other->vantage};
    return fate;
}

/// Nothing but acknowledgements came back on what the client said. A few bytes cannot be told from
/// options, and are taken for none.
bool request_unanswered(const Conversation& conversation) {
    if (conversation.protocol != Protocol::tcp || conversation.handshake_time == Duration{0} ||
        conversation.think_time != Duration{0} || conversation.received.packets == 0) {
        return false;
    }
    const auto& points = conversation.vantages;
    return std::any_of(points.begin(), points.end(), [](const VantagePoint& point) {
        return point.largest_sent > longest_header && point.largest_received > 0 &&
               point.largest_received <= longest_header;
    });
}

PacketFate fate_of_established(const Conversation& conversation) {
    if (auto narrow = narrow_place(conversation); narrow.fate != Fate::delivered) return narrow;
    if (auto way = asymmetric(conversation); way.fate != Fate::delivered) return way;
    const auto lossy = find_passage(conversation, loses);
    if (lossy && conversation.retransmits > 0) return lossy->as(Fate::partly_lost);
    if (request_unanswered(conversation)) {
        return {.fate = Fate::request_unanswered, .between = std::nullopt};
    }
    return {};
}

bool is_refusal(Outcome outcome) {
    return outcome == Outcome::refused || outcome == Outcome::rejected;
}

Fate fate_between(const Conversation& conversation, const Places& places) {
    const auto* first = places.find(conversation.lost_between->first);
    const auto* second = places.find(conversation.lost_between->second);
    const bool of_one =
        first != nullptr && second != nullptr && first->target && first->target == second->target;
    if (of_one && first->side == VantageSide::inside && second->side == VantageSide::host_end) {
        return Fate::stayed_inside;
    }
    return is_refusal(conversation.outcome) ? Fate::turned_away : Fate::lost_on_the_way;
}

PacketFate fate_of_failed(const Conversation& conversation, const Places& places) {
    const auto& points = conversation.vantages;
    const auto at_server = std::find_if(
        points.begin(), points.end(), [](const auto& point) { return point.role == Role::server; });
    PacketFate fate{.between = conversation.lost_between};
    if (at_server == points.end()) {
        fate.fate = fate.between ? fate_between(conversation, places) : Fate::not_known;
    } else if (is_refusal(conversation.outcome)) {
        fate.fate = Fate::refused;
    } else if (fate.between) {
        fate.fate = Fate::answer_lost;
        fate.towards_client = true;
    } else {
        fate.fate = conversation.outcome == Outcome::one_way ? Fate::delivered : Fate::not_answered;
    }
    return fate;
}

std::string packets(std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " packet" : " packets");
}

std::string end_words(const Conversation& conversation, Role role, const Places& places) {
    const auto& points = conversation.vantages;
    const auto at = std::find_if(points.begin(), points.end(),
                                 [&](const VantagePoint& point) { return point.role == role; });
    if (at != points.end()) return places.words(at->vantage);
    return to_string(role == Role::server ? conversation.server.socket.ip
                                          : conversation.client.socket.ip);
}

std::string too_large_words(const PacketFate& fate, const Conversation& conversation,
                            const std::string& from, const std::string& to) {
    std::string text = "large packets are lost between " + from + " and " + to +
                       ", small ones pass: of " + packets(fate.sent) + " of up to " +
                       std::to_string(fate.largest) + " bytes (behind the IP header) " +
                       std::to_string(fate.lost) + " vanished, none above " +
                       std::to_string(fate.largest_passed) + " arrived; ";
    if (conversation.path_mtu != 0) {
        return text + "ICMP said that the path takes " + std::to_string(conversation.path_mtu) +
               " bytes, and the sender did not follow it";
    }
    return text +
           "no ICMP \"fragmentation needed\" was seen, so the sender cannot know: an MTU on "
           "the way is too small, or something drops these messages";
}

std::string refused_words(const Conversation& conversation, const std::string& server) {
    const std::string how = conversation.outcome == Outcome::rejected
                                ? " and was rejected there by an ICMP error: "
                                : " and was refused: nothing listens on port " +
                                      std::to_string(conversation.server.socket.port.number) +
                                      ", or ";
    return "reached " + server + how + "its own rules refuse it";
}

std::string not_known_words(const Conversation& conversation, const Places& places) {
    const auto& points = conversation.vantages;
    const std::string what = conversation.outcome == Outcome::refused    ? "was refused"
                             : conversation.outcome == Outcome::rejected ? "was rejected"
                                                                         : "was not answered";
    const std::string from =
        points.empty() ? std::string() : "was last seen at " + places.words(points.back().vantage);
    return from + " and " + what + "; nothing of " + to_string(conversation.server.socket.ip) +
           " itself was recorded, so where it went is not known";
}

}  // namespace

std::string_view to_string(Fate fate) {
    return names.at(static_cast<std::size_t>(fate));
}

PacketFate narrow_place(const Conversation& conversation) {
    const bool tried_again = conversation.protocol != Protocol::tcp || conversation.retransmits > 0;
    const bool from_start = conversation.protocol != Protocol::tcp ||
                            conversation.direction == DirectionEvidence::handshake;
    if (!tried_again || !from_start) return {};
    const auto narrow = find_passage(conversation, [&](const Passage& passage) {
        return is_narrow(passage) && !whole_segment_passed(conversation, passage);
    });
    return narrow ? narrow->as(Fate::too_large) : PacketFate{};
}

PacketFate packet_fate(const Conversation& conversation, const Places& places) {
    // Whoever hears them answers, if at all, under an address of its own.
    if (!cast_of(conversation).empty()) return {};
    switch (conversation.outcome) {
        case Outcome::established:
            return fate_of_established(conversation);
        case Outcome::mid_stream:
            return asymmetric(conversation);
        case Outcome::one_way:
            if (!conversation.lost_between) return {};
            break;
        case Outcome::refused:
        case Outcome::rejected:
        case Outcome::unanswered:
            break;
    }
    return fate_of_failed(conversation, places);
}

std::string fate_sentence(const PacketFate& fate, const Conversation& conversation,
                          const Places& places) {
    const std::string from = fate.between ? places.words(fate.between->first) : "";
    const std::string to = fate.between ? places.words(fate.between->second) : "";
    const std::string server = end_words(conversation, Role::server, places);
    switch (fate.fate) {
        case Fate::delivered:
            return "arrived, as far as it was seen";
        case Fate::stayed_inside:
            return "was seen at " + from + " and never at " + to +
                   ": it never left the network namespace";
        case Fate::lost_on_the_way:
            return "left " + from + " and never reached " + to + ": it was dropped in between";
        case Fate::turned_away:
            return "left " + from + ", never reached " + to +
                   " and was refused on the way: something in between rejects it";
        case Fate::refused:
            return refused_words(conversation, server);
        case Fate::not_answered:
            return "reached " + server +
                   " and was not answered: its process does not, has no way back, or its own rules "
                   "drop it";
        case Fate::request_unanswered:
            return "connected to " + server +
                   ", and the request got no answer: the kernel accepted it, its process does not "
                   "answer";
        case Fate::answer_lost:
            return "reached " + server + " and was answered; the answer was lost between " + from +
                   " and " + to;
        case Fate::too_large:
            return too_large_words(fate, conversation, from, to);
        case Fate::partly_lost:
            return std::to_string(fate.lost) + " of " + packets(fate.sent) +
                   (fate.towards_client ? " of the answers" : "") + " were lost between " + from +
                   " and " + to + ", the others passed";
        case Fate::asymmetric:
            return std::string("is asymmetric: ") +
                   (fate.towards_client ? "answers do" : "what the client sends does") +
                   " not pass " + from + (from == to ? "" : ", as they do " + to);
        case Fate::not_known:
            break;
    }
    return not_known_words(conversation, places);
}

}  // namespace nspect::analyzer
