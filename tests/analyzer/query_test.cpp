// SPDX-License-Identifier: Apache-2.0
// Parts of connectivity, counts of it, parts of an explanation, and remedies: each held against the
// whole of random worlds.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "analyzer/connectivity.h"
#include "analyzer/explain_parts.h"
#include "analyzer/remedy.h"
#include "analyzer/units.h"
#include "tests/analyzer/random_world.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::worlds;

namespace {

unsigned seed() {
    const char* given = std::getenv("NSPECT_SEED");
    const unsigned chosen =
        given != nullptr ? static_cast<unsigned>(std::atol(given)) : std::random_device{}();
    std::cout << "queries: NSPECT_SEED=" << chosen << std::endl;
    return chosen;
}

std::vector<ConnectivityRow> rows_of(const PolicyEngine& engine, const ConnectivityQuery& query) {
    std::vector<ConnectivityRow> rows;
    connectivity(engine, query, [&](const ConnectivityRow& row) {
        rows.push_back(row);
        return true;
    });
    return rows;
}

std::set<std::string> names_of(const PolicyEngine& engine, const RowEnds& ends) {
    std::set<std::string> names;
    for (const Unit& unit : units_of(engine, Level::pod)) {
        for (const std::size_t endpoint : unit.endpoints) {
            if (std::count(ends.endpoints.begin(), ends.endpoints.end(), endpoint) > 0)
                names.insert(unit.name);
        }
    }
    return names;
}

bool is_pod(const std::string& name) {
    return name.ends_with("[Pod]");
}

}  // namespace

TEST_CASE("a query gives just the rows of the whole that it asks for") {
    std::mt19937 random(seed());
    for (int i = 0; i < 200; ++i) {
        const World world = RandomWorld(static_cast<unsigned>(random())).make();
        const PolicyEngine engine(world);
        const auto some = [&] {
            RowEnds ends;
            for (std::size_t e = 0; e < world.inventory.endpoints().size(); ++e) {
                if (random() % 2 == 0) ends.endpoints.push_back(e);
            }
            if (random() % 2 == 0) ends.addresses = all_addresses();
            return ends;
        };
        ConnectivityQuery query{Level::pod, Scope::all_traffic};
        if (random() % 2 == 0) query.from = some();
        if (random() % 2 == 0) query.to = some();
        if (random() % 2 == 0) query.either = some();
        if (random() % 2 == 0) query.traffic = TrafficSet::of(Protocol::tcp, {Port{80}, Port{81}});
        const auto holds = [&](const std::optional<RowEnds>& ends, const std::string& name) {
            if (!ends) return true;
            return is_pod(name) ? names_of(engine, *ends).contains(name) : !ends->addresses.empty();
        };
        // Ranges are merged after the filter: compared address class by address class by total.
        std::map<std::pair<std::string, std::string>, TrafficSet> expected;
        for (auto row : connectivity(engine, Level::pod, Scope::all_traffic).rows) {
            const bool either =
                !query.either || holds(query.either, row.src) || holds(query.either, row.dst);
            if (!holds(query.from, row.src) || !holds(query.to, row.dst) || !either) continue;
            if (query.traffic) row.traffic = row.traffic & *query.traffic;
            if (row.traffic.empty() || !is_pod(row.src) || !is_pod(row.dst)) continue;
            expected[{row.src, row.dst}] = row.traffic;
        }
        std::map<std::pair<std::string, std::string>, TrafficSet> given;
        const auto rows = rows_of(engine, query);
        for (const auto& row : rows) {
            CHECK(holds(query.from, row.src));
            CHECK(holds(query.to, row.dst));
            if (is_pod(row.src) && is_pod(row.dst)) given[{row.src, row.dst}] = row.traffic;
        }
        CHECK(given == expected);
        CHECK(std::is_sorted(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
            return std::tie(a.src, a.dst) < std::tie(b.src, b.dst);
        }));

        const auto summary = summarize(engine, query);
        const TrafficSet whole = query.traffic.value_or(TrafficSet::all());
        std::uint64_t open = 0;
        for (const auto& [pair, traffic] : given) open += traffic == whole ? 1 : 0;
        CHECK(summary.open == open);
        CHECK(summary.restricted == given.size() - open);
        CHECK(summary.pairs >= given.size());
        std::set<std::string> entered;
        std::set<std::string> leaving;
        for (const auto& row : rows) {
            if (!is_pod(row.src)) entered.insert(row.dst);
            if (!is_pod(row.dst)) leaving.insert(row.src);
        }
        CHECK(summary.from_outside == entered.size());
        CHECK(summary.to_outside == leaving.size());
    }
}

TEST_CASE("the counts of all pods by class are those of the rows") {
    std::mt19937 random(seed());
    for (int i = 0; i < 100; ++i) {
        const World world = RandomWorld(static_cast<unsigned>(random())).make();
        const PolicyEngine engine(world);
        const ConnectivityQuery query{Level::pod, Scope::connections};
        const auto summary = summarize(engine, query);
        std::uint64_t open = 0;
        std::uint64_t restricted = 0;
        for (const auto& row : rows_of(engine, query)) {
            if (!is_pod(row.src) || !is_pod(row.dst)) continue;
            ++(row.traffic == TrafficSet::all() ? open : restricted);
        }
        CHECK(summary.open == open);
        CHECK(summary.restricted == restricted);
    }
}

TEST_CASE("the parts of an end share it out, and each member gets its part's answer") {
    std::mt19937 random(seed());
    for (int i = 0; i < 60; ++i) {
        const World world = RandomWorld(static_cast<unsigned>(random())).make();
        const PolicyEngine engine(world);
        RowEnds all;
        for (std::size_t e = 0; e < world.inventory.endpoints().size(); ++e) {
            all.endpoints.push_back(e);
        }
        all.addresses = all_addresses();
        std::size_t endpoints = 0;
        IpSet addresses;
        for (const Part& part : parts_of(engine, all)) {
            endpoints += part.endpoints.size();
            CHECK((addresses & part.addresses).empty());
            addresses = addresses | part.addresses;
        }
        CHECK(endpoints == all.endpoints.size());
        CHECK(addresses == all_addresses());

        const TrafficPoint point{Protocol::tcp, Port{80}};
        std::size_t left_out = 0;
        for (const auto& answer : explain_parts(engine, all, all, point, 10'000, left_out)) {
            REQUIRE(answer.explanation.blocks.size() == 1);
            const bool allowed = answer.explanation.blocks.front().verdict.allowed();
            for (const std::size_t from : answer.from.endpoints) {
                for (const std::size_t to : answer.to.endpoints) {
                    if (from == to) continue;
                    CHECK(engine.allowed(Who::of_endpoint(from), Who::of_endpoint(to))
                              .contains(point) == allowed);
                }
            }
        }
        CHECK(left_out == 0);
    }
}

TEST_CASE("a remedy that is said to be enough opens the point and closes nothing") {
    std::mt19937 random(seed());
    std::size_t enough = 0;
    for (int i = 0; i < 150; ++i) {
        const World world = RandomWorld(static_cast<unsigned>(random())).make();
        const PolicyEngine engine(world);
        const std::size_t pods = world.inventory.endpoints().size();
        const Who from = Who::of_endpoint(random() % pods);
        const Who to = Who::of_endpoint(random() % pods);
        const TrafficPoint point{Protocol::tcp, Port{80}};
        const Remedies found = remedies(engine, from, to, point, {});
        if (engine.decide(from, to, point).allowed()) {
            CHECK(found.additions.empty());
            continue;
        }
        CHECK_FALSE((found.additions.empty() && found.in_the_way.empty()));
        if (!found.sufficient) continue;
        ++enough;
        World changed = world;
        for (const Remedy& each : found.additions) {
            changed.policies.insert(changed.policies.begin(), each.policy);
        }
        const PolicyEngine after(changed);
        CHECK(after.allowed(from, to).contains(point));
        for (std::size_t a = 0; a < pods; ++a) {
            for (std::size_t b = 0; b < pods; ++b) {
                const Who x = Who::of_endpoint(a);
                const Who y = Who::of_endpoint(b);
                CHECK(after.allowed(x, y).contains(engine.allowed(x, y)));
            }
        }
    }
    CHECK(enough > 5);
}
