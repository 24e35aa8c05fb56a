// SPDX-License-Identifier: Apache-2.0
#include "analyzer/diff.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

namespace nspect::analyzer {
namespace {

/// "10.0.0.0-10.0.0.255", as connectivity() writes ranges; workloads have a '/' and never parse.
std::optional<IpRange> parse_range(std::string_view text) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto first = IpAddress::parse(text.substr(0, dash));
    const auto last = IpAddress::parse(text.substr(dash + 1));
    if (!first || !last) return std::nullopt;
    return IpRange{*first, *last};
}

using Names = std::pair<std::string, std::string>;
struct Change {
    TrafficSet before;
    TrafficSet after;
    auto operator<=>(const Change&) const = default;
};
/// A workload and whether the outside is the source.
using OutsideKey = std::pair<std::string, bool>;
using Ranges = std::vector<std::pair<IpRange, TrafficSet>>;

class Comparison {
public:
    void add(const Connectivity& side, bool is_before) {
        for (const ConnectivityRow& row : side.rows) {
            const auto src = parse_range(row.src);
            const auto dst = parse_range(row.dst);
            if (src || dst) {
                auto& sides = outside_[{src ? row.dst : row.src, src.has_value()}];
                (is_before ? sides.first : sides.second)
                    .emplace_back(src ? *src : *dst, row.traffic);
            } else {
                Change& change = inside_[{row.src, row.dst}];
                (is_before ? change.before : change.after) = row.traffic;
            }
        }
    }

    std::vector<ConnectivityChange> rows() {
        for (const auto& [names, change] : inside_) emit(names.first, names.second, change);
        for (const auto& [key, sides] : outside_) compare_ranges(key, sides.first, sides.second);
        std::sort(rows_.begin(), rows_.end(), [](const auto& a, const auto& b) {
            return std::tie(a.src, a.dst) < std::tie(b.src, b.dst);
        });
        return std::move(rows_);
    }

private:
    void emit(const std::string& src, const std::string& dst, const Change& change) {
        using Type = ConnectivityChange::Type;
        if (change.before == change.after) return;
        const Type type = change.before.empty()  ? Type::added
                          : change.after.empty() ? Type::removed
                                                 : Type::changed;
        rows_.push_back({type, src, dst, change.before, change.after});
    }

    /// On the common refinement of both sides' ranges.
    void compare_ranges(const OutsideKey& key, const Ranges& before, const Ranges& after) {
        std::map<Change, IpSet> changes;
        IpSet untouched_after;
        for (const auto& [range, traffic] : after) untouched_after.insert(range);
        for (const auto& [range, was] : before) {
            IpSet rest{range};
            for (const auto& [other, is] : after) {
                const IpSet common = IpSet{range} & IpSet{other};
                changes[{was, is}] = changes[{was, is}] | common;
                rest = rest - common;
            }
            changes[{was, {}}] = changes[{was, {}}] | rest;
            untouched_after = untouched_after - IpSet{range};
        }
        for (const auto& [range, is] : after) {
            changes[{{}, is}] = changes[{{}, is}] | (IpSet{range} & untouched_after);
        }
        for (const auto& [change, set] : changes) {
            for (const IpRange& range : set.intervals()) {
                const std::string name = to_string(range);
                emit(key.second ? name : key.first, key.second ? key.first : name, change);
            }
        }
    }

    std::map<Names, Change> inside_;
    std::map<OutsideKey, std::pair<Ranges, Ranges>> outside_;
    std::vector<ConnectivityChange> rows_;
};

std::vector<std::string> only_in(const std::vector<std::string>& a,
                                 const std::vector<std::string>& b) {
    std::vector<std::string> rest;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(rest));
    return rest;
}

}  // namespace

std::string_view to_string(ConnectivityChange::Type type) {
    switch (type) {
        case ConnectivityChange::Type::added:
            return "added";
        case ConnectivityChange::Type::removed:
            return "removed";
        case ConnectivityChange::Type::changed:
            break;
    }
    return "changed";
}

ConnectivityDiff diff(const Connectivity& before, const Connectivity& after) {
    Comparison comparison;
    comparison.add(before, true);
    comparison.add(after, false);
    return {only_in(after.peers, before.peers), only_in(before.peers, after.peers),
            comparison.rows()};
}

}  // namespace nspect::analyzer
