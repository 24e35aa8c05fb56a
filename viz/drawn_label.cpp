// SPDX-License-Identifier: Apache-2.0
#include "viz/drawn_label.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "viz/escape.h"

namespace nspect::viz {

namespace {

constexpr std::size_t listed_ports = 4;    // more would make a label wider than its line
constexpr std::size_t longest_place = 24;  // letters of each of two

/// "TCP 80, 443, UDP 53": the protocol is not repeated, nor is what several edges share.
std::string port_list(const Graph& graph, const std::vector<std::size_t>& edges,
                      std::size_t listed) {
    std::vector<std::string> ports;
    for (const std::size_t index : edges) ports.push_back(traffic_words(graph.edges[index]));
    std::sort(ports.begin(), ports.end(), [](const std::string& a, const std::string& b) {
        return std::pair(a.size(), a) < std::pair(b.size(), b);  // by number, as ports are read
    });
    ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
    std::stable_sort(ports.begin(), ports.end(), [](const std::string& a, const std::string& b) {
        return a.substr(0, a.find(' ')) < b.substr(0, b.find(' '));
    });
    std::string text;
    std::string protocol;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        if (i == listed) return text + " +" + std::to_string(ports.size() - i);
        const auto space = ports[i].find(' ');
        const std::string name = ports[i].substr(0, space);
        const bool same = name == protocol && space != std::string::npos;
        text += (text.empty() ? "" : ", ") + (same ? ports[i].substr(space + 1) : ports[i]);
        protocol = name;
    }
    return text;
}

/// Of one edge or several: how many conversations of each kind.
struct Secrecy {
    static constexpr std::array<Lock, 4> locks{Lock::closed, Lock::half, Lock::unknown, Lock::open};
    std::array<std::uint64_t, 4> counts{};

    explicit Secrecy(const GraphEdge& edge) {
        const std::uint64_t told = std::min(edge.tls, edge.mutual_tls + edge.unknown_tls);
        counts = {edge.mutual_tls, edge.tls - told, edge.unknown_tls, carried(edge) - edge.tls};
    }
    Secrecy() = default;

    void add(const Secrecy& more) {
        for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += more.counts[i];
    }
    std::uint64_t all() const { return counts[0] + counts[1] + counts[2] + counts[3]; }
    bool encrypted() const { return all() > counts[3]; }
    /// Which kinds occur; the best protected sort first.
    std::array<bool, 4> missing() const {
        return {counts[0] == 0, counts[1] == 0, counts[2] == 0, counts[3] > 0};
    }
};

std::string_view lock_word(Lock lock) {
    static constexpr std::array<std::string_view, lock_count> words{"", "mTLS", "TLS", "TLS ?",
                                                                    "plain"};
    return words[static_cast<std::size_t>(lock)];
}

/// Each place shortened, so that neither hides the other.
std::string place_words(const std::pair<std::string, std::string>& between) {
    const auto shortened = [](const std::string& place) {
        return cut_middle(for_terminal(place), longest_place, "\u2026");
    };
    return "after " + shortened(between.first) + ", before " + shortened(between.second);
}

/// "mTLS" where all were mutual, "mTLS 6/7" and "plain 1/7" where one was not encrypted: what is
/// mixed never passes for the better half of it.
void add_locks(const std::string& ports, const Secrecy& secrecy, std::vector<LabelPart>& parts) {
    parts.push_back({ports, Lock::none, ""});
    const std::uint64_t all = secrecy.all();
    bool first = true;
    for (std::size_t i = 0; i < secrecy.counts.size(); ++i) {
        const std::uint64_t count = secrecy.counts[i];
        if (count == 0) continue;
        if (!std::exchange(first, false)) parts.emplace_back();
        parts.back().lock = Secrecy::locks[i];
        parts.back().word = lock_word(Secrecy::locks[i]);
        if (count < all) {
            parts.back().word += " " + std::to_string(count) + "/" + std::to_string(all);
        }
    }
}

}  // namespace

std::string_view lock_words(Lock lock) {
    static constexpr std::array<std::string_view, lock_count> words{
        "", "both sides showed a certificate", "the server alone showed a certificate",
        "encrypted; whether mutual could not be told", "not encrypted"};
    return words[static_cast<std::size_t>(lock)];
}

std::vector<LabelPart> ports_and_locks(const Graph& graph, const std::vector<std::size_t>& edges) {
    std::map<std::array<bool, 4>, std::pair<Secrecy, std::vector<std::size_t>>> kinds;
    bool locked = false;
    for (const std::size_t index : edges) {
        const Secrecy secrecy(graph.edges[index]);
        auto& [sum, members] = kinds[secrecy.missing()];
        sum.add(secrecy);
        members.push_back(index);
        locked = locked || secrecy.encrypted();
    }
    if (!locked) return {{port_list(graph, edges, listed_ports), Lock::none, ""}};
    const std::size_t listed = std::max<std::size_t>(1, listed_ports / kinds.size());
    std::vector<LabelPart> parts;
    for (const auto& [kind, each] : kinds) {
        add_locks(port_list(graph, each.second, listed), each.first, parts);
    }
    return parts;
}

std::string label_words(const std::vector<LabelPart>& parts) {
    std::string text;
    for (const LabelPart& each : parts) {
        text += (text.empty() ? "" : each.text.empty() ? " " : ", ") + each.text;
        if (each.lock != Lock::none) text += (each.text.empty() ? "[" : " [") + each.word + "]";
    }
    return text;
}

std::vector<LossMark> loss_marks(const Graph& graph, const std::vector<std::size_t>& edges) {
    LossMark lost{"\u2297", "lost", "packets seen at one place, and never at the next"};
    LossMark unanswered{"\u2026", "unanswered", "nobody answered"};
    LossMark resent{"\u21BB", "resent", "packets had to be sent again"};
    std::uint64_t most = 0;
    std::set<std::pair<std::string, std::string>> places;
    for (const std::size_t index : edges) {
        const GraphEdge& edge = graph.edges[index];
        if (edge.state == EdgeState::denied_blocked) continue;
        lost.conversations += edge.lost;
        unanswered.conversations += edge.count(Outcome::unanswered);
        if (edge.count(Outcome::unanswered) < edge.conversations) {
            resent.conversations += edge.retransmitting;
        }
        if (edge.lost_between.first.empty()) continue;
        places.insert(edge.lost_between);
        if (edge.lost <= most) continue;
        most = edge.lost;
        lost.place = place_words(edge.lost_between);
    }
    if (places.size() > 1) lost.place += ", and elsewhere";
    std::vector<LossMark> marks;
    for (LossMark* each : {&lost, &unanswered, &resent}) {
        if (each->conversations > 0) marks.push_back(std::move(*each));
    }
    return marks;
}

std::string loss_place(const std::vector<LossMark>& marks) {
    for (const LossMark& each : marks) {
        if (!each.place.empty()) return each.place;
    }
    return {};
}

std::string loss_words(const std::vector<LossMark>& marks) {
    std::string text;
    for (const LossMark& each : marks) {
        text += (text.empty() ? "" : " ") + std::string(each.symbol) + " " +
                std::to_string(each.conversations) + " " + std::string(each.word);
    }
    return text;
}

std::string traffic_words(const GraphEdge& edge) {
    return edge.declared_traffic ? to_conn(*edge.declared_traffic) : to_string(edge.point);
}

std::uint64_t carried(const GraphEdge& edge) {
    const std::uint64_t through = edge.count(Outcome::established) + edge.count(Outcome::one_way) +
                                  edge.count(Outcome::mid_stream);
    return std::max(through, edge.tls);
}

}  // namespace nspect::viz
