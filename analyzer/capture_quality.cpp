// SPDX-License-Identifier: Apache-2.0
#include "analyzer/capture_quality.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <tuple>
#include <utility>

#include "analyzer/places.h"
#include "analyzer/stitch_vantages.h"

namespace nspect::analyzer {
namespace {

/// A recording told to stop at its deadline ends a little before or after it.
constexpr Duration window_slack = std::chrono::seconds{1};
constexpr std::size_t most_names = 5;

bool is_of_place(const Loss& loss) {
    return loss.kind == loss_kind::target || loss.kind == loss_kind::name;
}

std::vector<Loss> by_source(const std::vector<Loss>& losses) {
    // Of what was not covered each kind has its own words.
    std::map<std::tuple<std::string, std::string, std::string>, Loss> sums;
    for (const auto& loss : losses) {
        if (loss.count == 0) continue;
        const auto [entry, added] =
            sums.try_emplace({loss.source, loss.kind, is_of_place(loss) ? loss.note : ""}, loss);
        if (added) continue;
        auto& sum = entry->second;
        sum.from = std::min(sum.from, loss.from);
        sum.to = std::max(sum.to, loss.to);
        sum.count += loss.count;
    }
    std::vector<Loss> all;
    for (auto& [_, sum] : sums) all.push_back(std::move(sum));
    return all;
}

std::string loss_words(const Loss& loss) {
    const std::string when =
        loss.from == loss.to ? "at " + to_seconds(loss.from)
                             : "between " + to_seconds(loss.from) + " and " + to_seconds(loss.to);
    const std::string first_line = loss.note.substr(0, loss.note.find('\n'));
    const std::string note = first_line.empty() ? "" : ", " + first_line;
    if (is_of_place(loss)) {
        const std::string times =
            loss.count > 1 ? " (" + std::to_string(loss.count) + " times)" : "";
        return (loss.kind == loss_kind::name ? "Not named " : "Not covered ") + when + ": " +
               loss.source + note + times + ".";
    }
    return "Lost at " + loss.source + ": " + std::to_string(loss.count) + " (" + loss.kind + ") " +
           when + note + ".";
}

bool ended_early(const RecordingInfo& info) {
    return info.ended && info.asked_for &&
           *info.ended - info.started + window_slack < *info.asked_for;
}

std::string seconds(Duration time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

std::string where_watched(const Recording& context, const Inventory& inventory,
                          const std::vector<std::size_t>& clients) {
    const VantageMap vantages(inventory, context);
    const Places places(context);
    std::string text;
    for (const auto client : clients) {
        for (const auto& vantage : context.vantages) {
            if (vantages.endpoint(vantage.id) != client) continue;
            text += (text.empty() ? "" : ", ") + places.words(vantage.id);
            break;
        }
    }
    return text;
}

}  // namespace

bool is_lossy(const Recording& context) {
    const auto& losses = context.losses;
    return ended_early(context.info) ||
           std::any_of(losses.begin(), losses.end(), [](const Loss& loss) {
               return loss.count > 0 && loss.kind != loss_kind::name;
           });
}

HalfSeen::HalfSeen(const std::vector<Conversation>& conversations) {
    for (const auto& each : conversations) count(each);
}

void HalfSeen::count(const Conversation& conversation) {
    const auto outcome = conversation.outcome;
    if (outcome == Outcome::mid_stream) ++without_start;
    const bool goes_on = outcome == Outcome::mid_stream || outcome == Outcome::established;
    const bool missing = conversation.sent.packets == 0 || conversation.received.packets == 0;
    if (goes_on && missing) ++one_direction;
}

std::vector<std::string> capture_warnings(const Recording& context, const HalfSeen& half) {
    std::vector<std::string> warnings;
    for (const auto& loss : by_source(context.losses)) warnings.push_back(loss_words(loss));
    if (ended_early(context.info)) {
        warnings.push_back("Recorded for " + seconds(*context.info.ended - context.info.started) +
                           " of the " + seconds(*context.info.asked_for) + " asked for.");
    }
    if (is_lossy(context)) {
        warnings.emplace_back(
            "Something was not recorded: \"never used\" and \"not seen\" are not safe to act on.");
    }
    if (!context.info.ended && context.info.packets > 0) {
        warnings.emplace_back(
            "The recording was not closed in order: its last second may be missing.");
    }
    if (half.without_start + half.one_direction > 0) {
        warnings.push_back("Half seen: " + std::to_string(half.without_start) +
                           " without their start, " + std::to_string(half.one_direction) +
                           " in one direction only.");
    }
    return warnings;
}

std::vector<std::string> silence_words(const Recording& context, const Inventory& inventory,
                                       const std::vector<std::size_t>& clients,
                                       bool none_recorded) {
    std::vector<std::string> words;
    if (none_recorded && !clients.empty()) {
        const std::string places = where_watched(context, inventory, clients);
        words.push_back(places.empty()
                            ? "the source itself was not recorded, so this says nothing"
                            : "nothing of it was seen at " + places +
                                  ", which was watched: it never left the network namespace (no "
                                  "route, a rule of its own, no address for the name), or was not "
                                  "tried");
    }
    std::map<std::pair<std::string, NameProblem>, std::size_t> failed;
    for (const auto& failure : context.name_failures) {
        const auto owner = inventory.owner_of(failure.asked_by, failure.at);
        const bool own =
            owner && std::find(clients.begin(), clients.end(), *owner) != clients.end();
        if (own) ++failed[{failure.name, failure.problem}];
    }
    for (const auto& [name, _] : failed) {
        if (words.size() > most_names) break;
        words.push_back("its DNS question for " + name.first + " got " +
                        std::string(to_string(name.second)));
    }
    return words;
}

}  // namespace nspect::analyzer
