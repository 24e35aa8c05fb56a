// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "analyzer/packet_fate.h"
#include "viz/views.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

constexpr std::int64_t most_steps = 60;
constexpr std::size_t most_talks = 20'000;  // of all edges
constexpr std::size_t most_of_edge = 10;

Activity activity_of(const analyzer::Audit& audit, const std::vector<Conversation>& conversations) {
    Activity activity;
    activity.from = audit.first;
    activity.edges.resize(audit.graph.edges.size());
    if (conversations.empty()) return activity;
    const Duration window = std::max(audit.last - audit.first, Duration{1});
    activity.step = window / most_steps + Duration{1};
    activity.steps = static_cast<std::size_t>(window / activity.step) + 1;
    std::vector<std::map<std::size_t, std::uint64_t>> counts(activity.edges.size());
    for (std::size_t i = 0; i < conversations.size(); ++i) {
        if (audit.edge_of[i] == analyzer::no_edge) continue;
        const auto since = std::max(conversations[i].first - activity.from, Duration{0});
        ++counts[audit.edge_of[i]][static_cast<std::size_t>(since / activity.step)];
    }
    for (std::size_t i = 0; i < counts.size(); ++i) {
        activity.edges[i].assign(counts[i].begin(), counts[i].end());
    }
    return activity;
}

std::string became_words(const Conversation& conversation, const analyzer::Places& places) {
    const auto fate = analyzer::packet_fate(conversation, places);
    if (fate.fate == analyzer::Fate::delivered) return "";
    return "It " + analyzer::fate_sentence(fate, conversation, places) + ".";
}

EdgeTalk talk_of(std::size_t edge, const Conversation& conversation,
                 const analyzer::Places& places) {
    return {.edge = edge,
            .first = conversation.first,
            .client = to_string(conversation.client.socket),
            .outcome = std::string(to_string(conversation.outcome)),
            .bytes = byte_words(conversation.sent.bytes + conversation.received.bytes),
            .tls = tls_words(conversation),
            .became = became_words(conversation, places)};
}

/// The latest conversations of each edge, by index; fewer of each where edges are many.
std::vector<std::vector<std::size_t>> latest(const analyzer::Audit& audit,
                                             const std::vector<Conversation>& conversations) {
    std::vector<std::vector<std::size_t>> found(audit.graph.edges.size());
    const auto most = std::clamp<std::size_t>(most_talks / std::max<std::size_t>(found.size(), 1),
                                              1, most_of_edge);
    const auto earlier = [&](std::size_t a, std::size_t b) {
        return conversations[a].first > conversations[b].first;
    };
    for (std::size_t i = 0; i < conversations.size(); ++i) {
        if (audit.edge_of[i] == analyzer::no_edge) continue;
        auto& heap = found[audit.edge_of[i]];  // the earliest of them stands first
        heap.push_back(i);
        std::push_heap(heap.begin(), heap.end(), earlier);
        if (heap.size() <= most) continue;
        std::pop_heap(heap.begin(), heap.end(), earlier);
        heap.pop_back();
    }
    for (auto& heap : found) std::sort_heap(heap.begin(), heap.end(), earlier);
    return found;
}

}  // namespace

void add_talks(const analyzer::Audit& audit, const std::vector<Conversation>& conversations,
               const Recording& context, View& view) {
    view.details.activity = activity_of(audit, conversations);
    const analyzer::Places places(context);
    const auto chosen = latest(audit, conversations);
    for (std::size_t edge = 0; edge < chosen.size() && view.details.talks.size() < most_talks;
         ++edge) {
        for (const auto index : chosen[edge]) {
            view.details.talks.push_back(talk_of(edge, conversations[index], places));
        }
    }
}

}  // namespace nspect::viz
