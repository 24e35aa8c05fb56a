// SPDX-License-Identifier: Apache-2.0
// However many threads work on it, conversations are the same.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "analyzer/audit.h"
#include "analyzer/identity.h"
#include "analyzer/stitch.h"
#include "analyzer/stitch_join.h"
#include "model/hash_seed.h"
#include "tests/analyzer/recording_builder.h"
#include "tests/analyzer/worlds.h"

using namespace nspect;
using namespace nspect::analyzer;
using namespace nspect::test;
using namespace nspect::worlds;

namespace {

IpAddress pod(std::uint64_t number) {
    return IpAddress::v4(0x0a000001U + static_cast<std::uint32_t>(number % 40));
}

Sighting some_sighting(std::mt19937& random) {
    Sighting s;
    s.protocol = random() % 3 == 0 ? Protocol::udp : Protocol::tcp;
    s.ip_protocol = s.protocol == Protocol::tcp ? 6 : 17;
    s.client = {pod(random()), Port{static_cast<std::uint16_t>(40'000 + random() % 200)}};
    s.server = {pod(random()), Port{static_cast<std::uint16_t>(random() % 2 == 0 ? 5432 : 80)}};
    s.first = at(Duration{std::chrono::milliseconds{random() % 100'000}});
    s.last = s.first + std::chrono::milliseconds{random() % 50};
    s.sent = {4, 400};
    s.outcome = random() % 5 == 0 ? Outcome::unanswered : Outcome::established;
    if (s.outcome == Outcome::established) s.received = {3, 300};
    if (s.protocol == Protocol::udp) {
        s.fingerprint = random() % 3'000;
    } else if (random() % 8 != 0) {
        s.client_isn = static_cast<std::uint32_t>(random() % 20'000);
        if (random() % 4 != 0) s.server_isn = static_cast<std::uint32_t>(random() % 3);
    }
    if (random() % 9 == 0) s.app = "an application of a long name";
    if (random() % 7 == 0) s.tls.emplace().sni = "db.example";
    return s;
}

/// Pods that talk, each flow seen at one to four places, some translated on the way: enough for a
/// second thread, and small enough that much is alike.
Recording crowd(std::size_t flows, unsigned seed, bool at_one_moment = false) {
    std::mt19937 random(seed);
    RecordingBuilder builder;
    builder.host("10.255.255.254");
    for (std::uint64_t i = 0; i < 30; ++i) {
        builder.container("pod-" + std::to_string(i), to_string(pod(i)));
    }
    Recording made = std::move(builder.recording());
    for (std::size_t i = 0; i < flows; ++i) {
        Sighting s = some_sighting(random);
        if (at_one_moment) s.first = s.last = at(1s);
        for (auto places = 1 + random() % 4; places > 0; --places) {
            s.id = made.sightings.size() + 1;
            s.vantage = made.vantages[random() % made.vantages.size()].id;
            made.sightings.push_back(s);
            if (!at_one_moment) s.first += std::chrono::microseconds{1};
            if (random() % 6 == 0) s.server.ip = pod(random());
        }
    }
    return made;
}

std::string words(const Conversation& each) {
    std::string text = to_string(each.client.socket) + ' ' + to_string(each.server.socket) + ' ' +
                       std::string(to_string(each.outcome)) + ' ' + to_string(each.first) + ' ' +
                       to_string(each.last) + ' ' + each.app + ' ' + each.server.name;
    const auto add = [&](auto number) { text += ' ' + std::to_string(number); };
    add(static_cast<int>(each.protocol));
    add(each.client.endpoint.value_or(99));
    add(each.server.endpoint.value_or(99));
    add(each.sent.packets);
    add(each.received.packets);
    for (const auto& point : each.vantages) {
        add(point.vantage);
        add(static_cast<int>(point.role));
    }
    if (each.dialled) text += " dialled " + to_string(*each.dialled);
    if (each.translated) text += " translated " + to_string(*each.translated);
    if (each.tls) text += " TLS " + each.tls->sni;
    if (each.lost_between) add(each.lost_between->second);
    return text;
}

std::vector<std::string> words(const std::vector<Conversation>& all) {
    std::vector<std::string> texts;
    for (const auto& each : all) texts.push_back(words(each));
    return texts;
}

}  // namespace

TEST_CASE("sightings are joined alike by any number of threads", "[stitch][threads]") {
    const auto recording = crowd(30'000, GENERATE(1U, 2U));
    const auto inventory = with_recording({}, recording);
    const auto alone = join_sightings(recording, inventory, 1);
    const auto most = *std::max_element(alone.begin(), alone.end());
    CHECK(most > 10'000);
    CHECK(most < recording.sightings.size() - 10'000);
    CHECK(join_sightings(recording, inventory, 2) == alone);
    CHECK(join_sightings(recording, inventory, 5) == alone);
}

TEST_CASE("sightings are joined alike where all hashes are equal", "[stitch]") {
    const auto recording = crowd(3'000, 9);
    const auto joined = [&] { return join_sightings(recording, with_recording({}, recording)); };
    const auto expected = joined();
    const HashSeed usual = hash_seed();
    set_hash_seed({~0ULL, 0});
    REQUIRE(seeded_hash(1, 2) == seeded_hash(3, 4));
    const auto found = joined();
    set_hash_seed(usual);
    CHECK(found == expected);
}

TEST_CASE("conversations are the same, and in one order, by any number of threads",
          "[stitch][threads]") {
    const bool at_one_moment = GENERATE(false, true);
    const auto recording = crowd(10'000, 3, at_one_moment);
    const auto inventory = with_recording({}, recording);
    const auto alone = words(stitch(recording, inventory, {}, 1));
    REQUIRE(alone.size() > 1'000);
    CHECK(words(stitch(recording, inventory, {}, 2)) == alone);
    CHECK(words(stitch(recording, inventory, {}, 4)) == alone);
}

TEST_CASE("what conversations are is not what others before them were", "[stitch][threads]") {
    const auto recording = crowd(5'000, 4);
    const auto inventory = with_recording({}, recording);
    const auto kept = words(stitch(recording, inventory, {}, 1));  // none of these is made anew
    const unsigned threads = GENERATE(1U, 3U);
    std::vector<std::string> shown;
    const auto look = [&](const Conversation& each) {
        shown.push_back(words(each));
        return true;
    };
    stitch_each(recording, inventory, look, {}, threads);
    CHECK(shown == kept);
}

TEST_CASE("one conversation after another is shown to the caller until it has enough",
          "[stitch][threads]") {
    const auto recording = crowd(5'000, 5);
    const auto inventory = with_recording({}, recording);
    const unsigned threads = GENERATE(1U, 2U, 4U);
    const auto caller = std::this_thread::get_id();
    std::size_t shown = 0;
    std::size_t told = 0;
    std::size_t all = 0;
    stitch_each(
        recording, inventory,
        [&](const Conversation&) {
            CHECK(std::this_thread::get_id() == caller);
            return ++shown < 700;
        },
        [&](std::size_t done, std::size_t total) {
            told = done;
            all = total;
        },
        threads);
    CHECK(shown == 700);
    CHECK(told < 1'000);
    CHECK(all > 1'000);
}

TEST_CASE("an exception of who is shown conversations ends it and is passed on",
          "[stitch][threads]") {
    const auto recording = crowd(5'000, 6);
    const auto inventory = with_recording({}, recording);
    const unsigned threads = GENERATE(1U, 2U, 4U);
    std::size_t shown = 0;
    const auto fail = [&](const Conversation&) -> bool {
        if (++shown == 600) throw std::runtime_error("disk full");
        return true;
    };
    CHECK_THROWS_WITH(stitch_each(recording, inventory, fail, {}, threads), "disk full");
    CHECK(shown == 600);
}

TEST_CASE("parts are prepared by any thread, and used whole and in order", "[stitch][threads]") {
    const auto recording = crowd(5'000, 7);
    const auto inventory = with_recording({}, recording);
    const auto kept = words(stitch(recording, inventory, {}, 1));
    const unsigned threads = GENERATE(1U, 2U, 4U);
    std::vector<std::vector<std::string>> prepared(Ahead::most_slots);
    std::vector<std::string> used;
    InParts work;
    work.prepare = [&](std::span<Conversation> part, std::size_t slot) {
        prepared[slot].clear();
        for (const auto& each : part) prepared[slot].push_back(words(each));
    };
    work.use = [&](std::span<Conversation> part, std::size_t slot) {
        CHECK(part.size() == prepared[slot].size());
        used.insert(used.end(), prepared[slot].begin(), prepared[slot].end());
        return true;
    };
    stitch_in_parts(recording, inventory, work, {}, threads);
    CHECK(used == kept);
    work.prepare = [&](std::span<Conversation> part, std::size_t) {
        if (words(part.front()) != used.front()) throw std::runtime_error("not the first");
    };
    std::size_t parts = 0;
    work.use = [&](std::span<Conversation>, std::size_t) { return ++parts > 0; };
    CHECK_THROWS_WITH(stitch_in_parts(recording, inventory, work, {}, threads), "not the first");
    CHECK(parts == 1);
}

TEST_CASE("an audit finds the same with one thread and with two", "[audit][threads]") {
    const auto recording = crowd(5'000, 8);
    World world;
    world.inventory = with_recording({}, recording);
    world.policies = {network_policy("default", "closed", {}, true, false)};
    const auto conversations = stitch(recording, world.inventory);
    const PolicyEngine engine(world);
    const auto alone = audit(engine, conversations, recording, {}, {.threads = 1});
    const auto two = audit(engine, conversations, recording, {}, {.threads = 2});
    REQUIRE(alone.findings.size() > 100);
    CHECK(two.findings == alone.findings);
    CHECK(two.graph == alone.graph);
    CHECK(two.edge_of == alone.edge_of);
    CHECK(two.edges_by_state == alone.edges_by_state);
}

TEST_CASE("no conversations are made of no sightings", "[stitch][threads]") {
    const Recording nothing;
    CHECK(stitch(nothing, {}, {}, GENERATE(1U, 2U)).empty());
}
