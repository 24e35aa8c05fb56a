// SPDX-License-Identifier: Apache-2.0
#include "analyzer/reachability.h"

#include <map>

#include "analyzer/units.h"

namespace nspect::analyzer {

Reachability::Reachability(const PolicyEngine& engine)
    : compiled_(engine.compiled()), pool_(compiled_.rules.traffic()) {
    const std::uint32_t classes = compiled_.classes.count();
    const Profiles& ingress = compiled_.ingress;
    std::map<TrafficId, std::uint32_t> groups;
    classes_of_.resize(ingress.all().size());
    for (std::uint32_t id = 0; id < classes; ++id) {
        const std::uint32_t profile = ingress.profile_of(id);
        const TrafficId usual = ingress.all()[profile].traffic[0];
        const auto next = static_cast<std::uint32_t>(groups.size());
        const auto [entry, fresh] = groups.try_emplace(usual, next);
        if (fresh) {
            group_taken_.push_back(usual);
            group_sizes_.push_back(0);
        }
        group_of_.push_back(entry->second);
        group_sizes_[entry->second] += compiled_.classes.sizes[id];
        classes_of_[profile].push_back(id);
    }
    for (Scratch& scratch : scratch_) {
        scratch.sent.resize(classes);
        scratch.sent_at.resize(classes);
        scratch.taken.resize(ingress.all().size());
        scratch.taken_at.resize(ingress.all().size());
    }
    touched_at_.resize(classes);
    index_sources();
}

/// Profiles list their sources; rows need the profiles that list a source.
void Reachability::index_sources() {
    const Profiles& ingress = compiled_.ingress;
    const auto each = [&](const auto& visit) {
        for (std::uint32_t p = 0; p < ingress.all().size(); ++p) {
            const Profile& profile = ingress.all()[p];
            for (const auto& [peer, group] : ingress.groups(profile).listed) {
                if (ingress.peers().is_outside(peer)) break;  // sorted: only addresses follow
                if (profile.traffic[group] == profile.traffic[0]) continue;
                visit(peer, Taken{p, profile.traffic[group]});
            }
        }
    };
    taken_from_.assign(ingress.peers().size() + 1, 0);
    each([&](std::uint32_t peer, const Taken&) { ++taken_from_[peer + 1]; });
    for (std::size_t i = 1; i < taken_from_.size(); ++i) taken_from_[i] += taken_from_[i - 1];
    takes_.resize(taken_from_.back());
    std::vector<std::size_t> next(taken_from_.begin(), taken_from_.end() - 1);
    each([&](std::uint32_t peer, const Taken& taken) { takes_[next[peer]++] = taken; });
}

void Reachability::touch(std::uint32_t destination) {
    if (touched_at_[destination] == turn_) return;
    touched_at_[destination] = turn_;
    touched_.push_back(destination);
}

/// Writes down what is not usual for the source over one family.
void Reachability::scatter(std::uint32_t source, IpFamily family, Scratch& scratch) {
    const Profiles& egress = compiled_.egress;
    const Profile& sends = egress.all()[egress.profile_of(source)];
    for (const auto& [peer, group] : egress.groups(sends).listed) {
        if (egress.peers().is_outside(peer)) break;
        if (sends.traffic[group] == sends.traffic[0]) continue;
        const std::uint32_t destination = egress.peers().class_at(peer);
        if (egress.peers().face(destination, family) != peer) continue;
        scratch.sent[destination] = sends.traffic[group];
        scratch.sent_at[destination] = turn_;
        touch(destination);
    }
    const std::uint32_t face = compiled_.ingress.peers().face(source, family);
    for (std::size_t i = taken_from_[face]; i < taken_from_[face + 1]; ++i) {
        const Taken& taken = takes_[i];
        scratch.taken[taken.profile] = taken.traffic;
        scratch.taken_at[taken.profile] = turn_;
        // A source that sends nothing as a rule reaches only those it has just listed.
        if (sends.traffic[0] == TrafficPool::none) continue;
        for (const std::uint32_t destination : classes_of_[taken.profile]) touch(destination);
    }
}

TrafficId Reachability::value(std::uint32_t source, std::uint32_t destination) {
    const Profiles& egress = compiled_.egress;
    const TrafficId usual_sent = egress.all()[egress.profile_of(source)].traffic[0];
    const TrafficId usual_taken = group_taken_[group_of_[destination]];
    const std::uint32_t profile = compiled_.ingress.profile_of(destination);
    const auto over = [&](const Scratch& scratch) {
        const bool sends = scratch.sent_at[destination] == turn_;
        const bool takes = scratch.taken_at[profile] == turn_;
        return pool_.intersect(sends ? scratch.sent[destination] : usual_sent,
                               takes ? scratch.taken[profile] : usual_taken);
    };
    if (!compiled_.ingress.peers().has_second_faces()) return over(scratch_[0]);
    const std::uint8_t families = compiled_.common_families(source, destination);
    if (families == v4_bit) return over(scratch_[0]);
    if (families == v6_bit) return over(scratch_[1]);
    return pool_.unite(over(scratch_[0]), over(scratch_[1]));
}

void Reachability::row(std::uint32_t source, Row& row) {
    ++turn_;
    touched_.clear();
    scatter(source, IpFamily::v4, scratch_[0]);
    if (compiled_.ingress.peers().has_second_faces()) {
        scatter(source, IpFamily::v6, scratch_[1]);
    }
    const Profiles& egress = compiled_.egress;
    const TrafficId usual = egress.all()[egress.profile_of(source)].traffic[0];
    row.usual.clear();
    for (const TrafficId taken : group_taken_) row.usual.push_back(pool_.intersect(usual, taken));
    row.listed.clear();
    for (const std::uint32_t destination : touched_) {
        const TrafficId traffic = value(source, destination);
        if (traffic != row.usual[group_of_[destination]]) {
            row.listed.emplace_back(destination, traffic);
        }
    }
}

ReachabilitySummary summarize(const PolicyEngine& engine, Scope scope) {
    const EndpointClasses& classes = engine.compiled().classes;
    Reachability reachability(engine);
    ReachabilitySummary summary;
    summary.classes = classes.count();
    std::vector<std::uint64_t> pairs_with;
    const auto count = [&](TrafficId traffic, std::uint64_t pairs) {
        if (traffic >= pairs_with.size()) pairs_with.resize(traffic + 1);
        pairs_with[traffic] += pairs;
    };
    Reachability::Row row;
    std::vector<std::uint64_t> left;
    for (std::uint32_t source = 0; source < classes.count(); ++source) {
        const std::uint64_t size = classes.sizes[source];
        reachability.row(source, row);
        left = reachability.group_sizes();
        bool itself_listed = false;
        for (const auto& [destination, traffic] : row.listed) {
            left[reachability.group_of(destination)] -= classes.sizes[destination];
            const bool itself = destination == source;
            itself_listed = itself_listed || itself;
            count(traffic, size * (classes.sizes[destination] - (itself ? 1 : 0)));
        }
        if (!itself_listed) --left[reachability.group_of(source)];
        for (std::size_t group = 0; group < left.size(); ++group) {
            count(row.usual[group], size * left[group]);
        }
    }
    for (TrafficId traffic = 0; traffic < pairs_with.size(); ++traffic) {
        summary.pairs += pairs_with[traffic];
        const TrafficSet& set = reachability.pool()[traffic];
        const TrafficSet shown = scope == Scope::connections ? connections_of(set) : set;
        if (shown.empty()) {
            summary.closed += pairs_with[traffic];
        } else if (shown == TrafficSet::all()) {
            summary.open += pairs_with[traffic];
        } else {
            summary.restricted += pairs_with[traffic];
        }
    }
    return summary;
}

}  // namespace nspect::analyzer
