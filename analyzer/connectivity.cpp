// SPDX-License-Identifier: Apache-2.0
#include "analyzer/connectivity.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "analyzer/class_pairs.h"
#include "analyzer/entrances.h"
#include "analyzer/reachability.h"
#include "analyzer/units.h"

namespace nspect::analyzer {
namespace {

bool has(const RowEnds& ends, const Unit& unit) {
    return std::any_of(unit.endpoints.begin(), unit.endpoints.end(), [&](std::size_t endpoint) {
        return std::binary_search(ends.endpoints.begin(), ends.endpoints.end(), endpoint);
    });
}

/// Units whose endpoints are of the same classes have the same rows: computed once per such kind.
class Enumeration {
public:
    Enumeration(const PolicyEngine& engine, const ConnectivityQuery& query)
        : engine_(engine),
          query_(query),
          pairs_(engine.compiled()),
          units_(units_of(engine, query.level)),
          ipv6_(mentions_ipv6(engine.world())) {
        std::map<std::vector<std::uint32_t>, std::size_t> index;
        for (const Unit& unit : units_) {
            const auto [entry, fresh] = index.try_emplace(unit.classes, kinds_.size());
            if (fresh) kinds_.push_back(unit.classes);
            kind_of_.push_back(entry->second);
            in_from_.push_back(!query.from || has(*query.from, unit));
            in_to_.push_back(!query.to || has(*query.to, unit));
            in_either_.push_back(!query.either || has(*query.either, unit));
        }
        kind_rows_.resize(kinds_.size());
        destinations_.resize(kinds_.size());
    }

    void run(const RowSink& sink);
    /// Everything but the pairs, if they are counted otherwise.
    ConnectivitySummary count(bool with_pairs);

private:
    using KindRow = std::vector<TrafficId>;
    /// An outside range and the traffic of a kind from or to it.
    using Outside = std::vector<std::pair<std::string, TrafficId>>;
    /// Which units take what from one outside source.
    using Takers = std::vector<std::pair<std::size_t, TrafficId>>;

    bool asked(std::size_t from, std::size_t to) const {
        return from != to && in_from_[from] && in_to_[to] && (in_either_[from] || in_either_[to]);
    }
    /// The outside addresses asked about beside a unit of that direction.
    IpSet addresses_asked(Direction direction, bool unit_in_either) const;

    TrafficId in_scope(TrafficId traffic);
    const KindRow& kind_row(std::size_t kind);
    TrafficId between(std::size_t from_kind, std::size_t to_kind);
    Outside outside(Direction direction, std::size_t kind, const IpSet& asked);
    std::map<std::string, Takers> outside_sources();
    void add_entrances(std::map<std::string, Takers>& sources);
    bool run_outside(const std::string& source, const Takers& takers, const RowSink& sink);
    bool run_unit(std::size_t from, const RowSink& sink);
    const Outside& destinations(std::size_t from, Outside& scratch);
    std::uint64_t pairs_asked() const;
    void count_pairs(ConnectivitySummary& summary);

    const PolicyEngine& engine_;
    const ConnectivityQuery& query_;
    std::unordered_map<TrafficId, TrafficId> scoped_;
    ClassPairs pairs_;
    std::vector<Unit> units_;
    std::vector<std::size_t> kind_of_;
    std::vector<bool> in_from_;
    std::vector<bool> in_to_;
    std::vector<bool> in_either_;
    std::vector<std::vector<std::uint32_t>> kinds_;
    std::vector<std::optional<KindRow>> kind_rows_;
    std::size_t kept_ = 0;                              // rows in kind_rows_
    std::vector<std::optional<Outside>> destinations_;  // by kind, of units in `either`
    bool ipv6_;
};

IpSet Enumeration::addresses_asked(Direction direction, bool unit_in_either) const {
    const auto& end = direction == Direction::ingress ? query_.from : query_.to;
    IpSet asked = end ? end->addresses : all_addresses();
    if (query_.either && !unit_in_either) asked = asked & query_.either->addresses;
    return asked;
}

TrafficId Enumeration::in_scope(TrafficId traffic) {
    const auto [entry, fresh] = scoped_.try_emplace(traffic, traffic);
    if (!fresh) return entry->second;
    TrafficSet shown = pairs_.pool()[traffic];
    if (query_.scope == Scope::connections) shown = connections_of(shown);
    if (query_.traffic) shown = shown & *query_.traffic;
    return entry->second = pairs_.pool().intern(shown);
}

TrafficId Enumeration::between(std::size_t from_kind, std::size_t to_kind) {
    TrafficId traffic = TrafficPool::none;
    for (const std::uint32_t from : kinds_[from_kind]) {
        for (const std::uint32_t to : kinds_[to_kind]) {
            traffic = pairs_.pool().unite(traffic, pairs_.traffic(from, to));
        }
    }
    return in_scope(traffic);
}

const Enumeration::KindRow& Enumeration::kind_row(std::size_t kind) {
    constexpr std::size_t most_numbers = std::size_t{1} << 26;
    if (kind_rows_[kind]) return *kind_rows_[kind];
    if (kept_ * kinds_.size() > most_numbers) {
        for (auto& row : kind_rows_) row.reset();
        kept_ = 0;
    }
    ++kept_;
    KindRow row(kinds_.size());
    std::vector<bool> wanted(kinds_.size(), false);
    for (std::size_t to = 0; to < units_.size(); ++to) {
        if (in_to_[to]) wanted[kind_of_[to]] = true;
    }
    for (std::size_t to = 0; to < kinds_.size(); ++to) {
        if (wanted[to]) row[to] = between(kind, to);
    }
    return kind_rows_[kind].emplace(std::move(row));
}

Enumeration::Outside Enumeration::outside(Direction direction, std::size_t kind,
                                          const IpSet& asked) {
    std::map<TrafficId, IpSet> ranges;
    const auto& address_classes = engine_.address_classes(direction);
    for (std::uint32_t i = 0; i < address_classes.size(); ++i) {
        const IpSet some = address_classes[i] & asked;
        if (some.empty()) continue;
        TrafficId traffic = TrafficPool::none;
        for (const std::uint32_t id : kinds_[kind]) {
            traffic = pairs_.pool().unite(traffic, pairs_.outside(direction, id, i));
        }
        traffic = in_scope(traffic);
        if (traffic == TrafficPool::none) continue;
        for (const IpRange& range : some.intervals()) {
            if (ipv6_ || range.first.is_v4()) ranges[traffic].insert(range);
        }
    }
    Outside result;
    for (const auto& [traffic, set] : ranges) {
        for (const IpRange& range : set.intervals()) {
            result.emplace_back(to_string(range), traffic);
        }
    }
    std::sort(result.begin(), result.end());
    return result;
}

std::map<std::string, Enumeration::Takers> Enumeration::outside_sources() {
    std::map<std::string, Takers> sources;
    std::map<std::pair<std::size_t, bool>, Outside> by_kind;
    for (std::size_t unit = 0; unit < units_.size(); ++unit) {
        if (!in_to_[unit]) continue;
        const auto key = std::pair(kind_of_[unit], bool{in_either_[unit]});
        auto known = by_kind.find(key);
        if (known == by_kind.end()) {
            const IpSet asked = addresses_asked(Direction::ingress, key.second);
            known = by_kind.emplace(key, outside(Direction::ingress, key.first, asked)).first;
        }
        for (const auto& [range, traffic] : known->second) {
            sources[range].emplace_back(unit, traffic);
        }
    }
    add_entrances(sources);
    return sources;
}

void Enumeration::add_entrances(std::map<std::string, Takers>& sources) {
    if (query_.from && !query_.from->ingress_controller) return;
    std::map<std::size_t, TrafficSet> by_endpoint;
    for (const WayIn& way : ways_in(engine_.world().inventory)) {
        by_endpoint[way.endpoint] = by_endpoint[way.endpoint] | way.ports;
    }
    if (by_endpoint.empty()) return;
    const Facts controller = ingress_controller_facts();
    for (std::size_t i = 0; i < units_.size(); ++i) {
        if (!in_to_[i] || !(in_either_[i] || query_.either->ingress_controller)) continue;
        TrafficSet admitted;
        for (const std::size_t endpoint : units_[i].endpoints) {
            const auto ports = by_endpoint.find(endpoint);
            if (ports == by_endpoint.end()) continue;
            const auto policies = engine_.policies_of(endpoint, Direction::ingress);
            const Facts target = facts_of(engine_.world().inventory, endpoint);
            admitted = admitted | (ports->second & permitted(engine_.world(), Direction::ingress,
                                                             policies, target, controller));
        }
        if (query_.traffic) admitted = admitted & *query_.traffic;
        if (admitted.empty()) continue;
        sources[std::string(ingress_controller)].emplace_back(i, pairs_.pool().intern(admitted));
    }
}

bool Enumeration::run_outside(const std::string& source, const Takers& takers,
                              const RowSink& sink) {
    return std::all_of(takers.begin(), takers.end(), [&](const auto& taker) {
        return sink({source, units_[taker.first].name, pairs_.pool()[taker.second]});
    });
}

/// Units of one kind share their destinations outside; one that is not asked about itself has
/// perhaps fewer, made in `scratch`.
const Enumeration::Outside& Enumeration::destinations(std::size_t from, Outside& scratch) {
    const std::size_t kind = kind_of_[from];
    if (!in_either_[from]) {
        scratch = outside(Direction::egress, kind, addresses_asked(Direction::egress, false));
        return scratch;
    }
    auto& kept = destinations_[kind];
    if (!kept) kept = outside(Direction::egress, kind, addresses_asked(Direction::egress, true));
    return *kept;
}

bool Enumeration::run_unit(std::size_t from, const RowSink& sink) {
    const KindRow& row = kind_row(kind_of_[from]);
    Outside scratch;
    const Outside& out = destinations(from, scratch);
    const std::string& source = units_[from].name;
    auto range = out.begin();
    for (std::size_t to = 0; to < units_.size(); ++to) {
        const TrafficId traffic = row[kind_of_[to]];
        if (!asked(from, to) || traffic == TrafficPool::none) continue;
        for (; range != out.end() && range->first < units_[to].name; ++range) {
            if (!sink({source, range->first, pairs_.pool()[range->second]})) return false;
        }
        if (!sink({source, units_[to].name, pairs_.pool()[traffic]})) return false;
    }
    return std::all_of(range, out.end(), [&](const auto& rest) {
        return sink({source, rest.first, pairs_.pool()[rest.second]});
    });
}

/// Sources in the order of their names, units and the outside mixed.
void Enumeration::run(const RowSink& sink) {
    const auto sources = outside_sources();
    auto outside_source = sources.begin();
    for (std::size_t unit = 0; unit < units_.size(); ++unit) {
        if (!in_from_[unit]) continue;
        for (; outside_source != sources.end() && outside_source->first < units_[unit].name;
             ++outside_source) {
            if (!run_outside(outside_source->first, outside_source->second, sink)) return;
        }
        if (!run_unit(unit, sink)) return;
    }
    for (; outside_source != sources.end(); ++outside_source) {
        if (!run_outside(outside_source->first, outside_source->second, sink)) return;
    }
}

std::uint64_t Enumeration::pairs_asked() const {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::uint64_t both = 0;
    std::uint64_t from_other = 0;
    std::uint64_t to_other = 0;
    std::uint64_t both_other = 0;
    for (std::size_t i = 0; i < units_.size(); ++i) {
        from += in_from_[i];
        to += in_to_[i];
        both += in_from_[i] && in_to_[i];
        from_other += in_from_[i] && !in_either_[i];
        to_other += in_to_[i] && !in_either_[i];
        both_other += in_from_[i] && in_to_[i] && !in_either_[i];
    }
    return (from * to - both) - (from_other * to_other - both_other);
}

void Enumeration::count_pairs(ConnectivitySummary& summary) {
    const TrafficId whole = in_scope(TrafficPool::all);
    for (std::size_t from = 0; from < units_.size(); ++from) {
        if (!in_from_[from]) continue;
        const KindRow& row = kind_row(kind_of_[from]);
        for (std::size_t to = 0; to < units_.size(); ++to) {
            const TrafficId traffic = row[kind_of_[to]];
            if (!asked(from, to) || traffic == TrafficPool::none) continue;
            ++(traffic == whole ? summary.open : summary.restricted);
        }
    }
}

ConnectivitySummary Enumeration::count(bool with_pairs) {
    ConnectivitySummary summary;
    summary.units = units_.size();
    summary.classes = engine_.class_count();
    summary.pairs = pairs_asked();
    if (with_pairs) count_pairs(summary);
    std::set<std::size_t> entered;
    for (const auto& [source, takers] : outside_sources()) {
        for (const auto& [unit, traffic] : takers) entered.insert(unit);
    }
    summary.from_outside = entered.size();
    Outside scratch;
    for (std::size_t unit = 0; unit < units_.size(); ++unit) {
        if (in_from_[unit] && !destinations(unit, scratch).empty()) ++summary.to_outside;
    }
    return summary;
}

}  // namespace

std::vector<std::string> unit_names(const PolicyEngine& engine, Level level) {
    std::vector<std::string> names;
    for (const Unit& unit : units_of(engine, level)) names.push_back(unit.name);
    return names;
}

void connectivity(const PolicyEngine& engine, const ConnectivityQuery& query, const RowSink& sink) {
    Enumeration(engine, query).run(sink);
}

Connectivity connectivity(const PolicyEngine& engine, Level level, Scope scope) {
    Connectivity result;
    const ConnectivityQuery query{level, scope};
    Enumeration enumeration(engine, query);
    result.peers = unit_names(engine, level);
    enumeration.run([&](const ConnectivityRow& row) {
        result.rows.push_back(row);
        return true;
    });
    return result;
}

ConnectivitySummary summarize(const PolicyEngine& engine, const ConnectivityQuery& query) {
    const bool everything = !query.from && !query.to && !query.either && !query.traffic;
    const bool by_class = query.level == Level::pod && everything;
    ConnectivitySummary summary = Enumeration(engine, query).count(!by_class);
    if (by_class) {
        const ReachabilitySummary pairs = summarize(engine, query.scope);
        summary.open = pairs.open;
        summary.restricted = pairs.restricted;
    }
    summary.closed = summary.pairs - summary.open - summary.restricted;
    return summary;
}

}  // namespace nspect::analyzer
