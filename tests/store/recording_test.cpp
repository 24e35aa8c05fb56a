// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "store/recording_file.h"
#include "tests/store/recording_world.h"

using namespace nspect;
using namespace nspect::test;
using store::create_recording;
using store::open_recording;

namespace {

void write(store::FlowStore& store, const Batch& batch) {
    const auto written = store.write(batch);
    if (!written) FAIL(to_string(written.error()));
}

Recording read(store::FlowStore& store) {
    auto recording = store.read_all();
    if (!recording) FAIL(to_string(recording.error()));
    return std::move(*recording);
}

std::unique_ptr<store::FlowStore> opened(const std::string& path) {
    auto store = open_recording(path);
    if (!store) FAIL(to_string(store.error()));
    return std::move(*store);
}

std::unique_ptr<store::FlowStore> created(const std::string& path) {
    auto store = create_recording(path);
    if (!store) FAIL(to_string(store.error()));
    return std::move(*store);
}

void check_equal(const Recording& read, const Recording& expected) {
    CHECK((read.info == expected.info));
    CHECK((read.targets == expected.targets));
    CHECK((read.addresses == expected.addresses));
    CHECK((read.socket_owners == expected.socket_owners));
    CHECK((read.vantages == expected.vantages));
    CHECK((read.sightings == expected.sightings));
    CHECK((read.names == expected.names));
    CHECK((read.name_failures == expected.name_failures));
    CHECK((read.losses == expected.losses));
    CHECK((read.packet_counts == expected.packet_counts));
}

}  // namespace

TEST_CASE("every field of a recording comes back as it was written", "[store]") {
    const auto seed = GENERATE(take(20, random(1U, 0xffffffffU)));
    CAPTURE(seed);
    const Folder folder;
    const Batch batch = RandomWorld(seed).batch(1, 50);
    {
        auto store = created(folder.file("a.nspect"));
        write(*store, batch);
        check_equal(read(*store), as_recording(batch));
        CHECK(store->close());
    }
    auto store = opened(folder.file("a.nspect"));
    check_equal(read(*store), as_recording(batch));
    CHECK(store->warnings().empty());
}

TEST_CASE("a closed recording is one plain file", "[store]") {
    const Folder folder;
    auto store = created(folder.file("a.nspect"));
    write(*store, RandomWorld(1).batch(1, 10));
    REQUIRE(store->close());
    CHECK(std::filesystem::exists(folder.file("a.nspect")));
    CHECK(!std::filesystem::exists(folder.file("a.nspect-wal")));
    CHECK(!std::filesystem::exists(folder.file("a.nspect-shm")));
    CHECK(store->close());
    CHECK(!store->write(RandomWorld(1).batch(1, 1)));
    CHECK(!store->read_all());
}

TEST_CASE("what has the same id is replaced, with all that belongs to it", "[store]") {
    const Folder folder;
    auto store = created(folder.file("a.nspect"));
    RandomWorld world(7);
    Batch before = world.batch(1, 20);
    write(*store, before);
    Batch after = world.batch(1, 20);
    after.addresses = before.addresses;
    for (auto& address : after.addresses) address.to = Timestamp(Duration(42));
    after.socket_owners = before.socket_owners;
    for (auto& owner : after.socket_owners) owner.to = Timestamp(Duration(42));
    write(*store, after);

    Recording expected = as_recording(after);
    for (auto* both : {&before, &after}) {
        if (both == &before) {
            expected.names.clear();
            expected.name_failures.clear();
            expected.losses.clear();
        }
        expected.name_failures.insert(expected.name_failures.end(), both->name_failures.begin(),
                                      both->name_failures.end());
        expected.names.insert(expected.names.end(), both->names.begin(), both->names.end());
        expected.losses.insert(expected.losses.end(), both->losses.begin(), both->losses.end());
    }
    check_equal(read(*store), expected);
}

TEST_CASE("whatever way a sighting took, the last word on it is what counts", "[store]") {
    const Folder folder;
    const std::string path = folder.file("a.nspect");
    auto store = created(path);
    Batch other;
    other.sightings = {plain_sighting(2)};
    write(*store, other);
    const auto say = [&](std::uint64_t packets, bool finished, bool final = false) {
        Batch batch;
        batch.sightings = {plain_sighting(1)};
        batch.sightings[0].sent.packets = packets;
        batch.sightings[0].finished = finished;
        batch.sightings_are_final = final;
        write(*store, batch);
        const auto all = read(*store).sightings;
        REQUIRE(all.size() == 2);
        CHECK((all[0] == batch.sightings[0]));
        CHECK((all[1] == other.sightings[0]));
        CHECK(sql(path, "SELECT sent_packets FROM sighting WHERE id = 1") ==
              std::to_string(packets));
    };
    const auto rows = [&] { return sql(path, "SELECT count(*) FROM sighting_block WHERE id < 0"); };
    say(1, false);
    say(2, false);
    CHECK(rows() == "1");
    SECTION("it ended") {
        say(3, true);
        CHECK(rows() == "0");
        say(4, true);
        CHECK(rows() == "1");
        say(5, false);
        say(6, true);
        CHECK(rows() == "0");
    }
    SECTION("it is open, and will not change") {
        say(3, false, true);
        CHECK(rows() == "0");
    }
}

TEST_CASE("sightings come in order of their first packet", "[store]") {
    const Folder folder;
    auto store = created(folder.file("a.nspect"));
    Batch batch;
    for (const std::uint64_t id : {5U, 3U, 9U, 1U}) {
        Sighting flow = plain_sighting(id);
        flow.first = Timestamp(Duration(static_cast<std::int64_t>(100 - id / 2)));
        batch.sightings.push_back(flow);
    }
    write(*store, batch);
    std::vector<std::uint64_t> seen;
    for (const Sighting& flow : read(*store).sightings) seen.push_back(flow.id);
    CHECK(seen == std::vector<std::uint64_t>{9, 5, 3, 1});
}

TEST_CASE("sightings since a time are those that began then or later", "[store]") {
    const Folder folder;
    auto store = created(folder.file("a.nspect"));
    Batch batch;
    for (const std::uint64_t id : {5U, 3U, 9U, 1U}) {
        Sighting flow = plain_sighting(id);
        flow.first = Timestamp(Duration(static_cast<std::int64_t>(100 * id)));
        batch.sightings.push_back(flow);
    }
    write(*store, batch);
    const auto since = [&](std::int64_t time) {
        auto recording = store->read_all(Timestamp(Duration(time)));
        REQUIRE(recording);
        std::vector<std::uint64_t> ids;
        for (const auto& flow : recording->sightings) ids.push_back(flow.id);
        return ids;
    };
    CHECK(since(0) == std::vector<std::uint64_t>{1, 3, 5, 9});
    CHECK(since(300) == std::vector<std::uint64_t>{3, 5, 9});
    CHECK(since(301) == std::vector<std::uint64_t>{5, 9});
    CHECK(since(901).empty());
}

TEST_CASE("a recording is readable while it is being written", "[store]") {
    const Folder folder;
    auto writer = created(folder.file("a.nspect"));
    auto reader = opened(folder.file("a.nspect"));
    for (std::uint64_t id = 1; id <= 5; ++id) {
        Batch batch;
        batch.sightings = {plain_sighting(id)};
        write(*writer, batch);
        CHECK(read(*reader).sightings.size() == id);
    }
    SECTION("the writer closing does not disturb the reader") {
        CHECK(writer->close());
        CHECK(read(*reader).sightings.size() == 5);
    }
    SECTION("and reading is all the reader can do") {
        const auto refused = reader->write(RandomWorld(1).batch(1, 1));
        REQUIRE(!refused);
        CHECK(refused.error().kind == Error::Kind::unsupported);
    }
}

TEST_CASE("a recording is never written over what is none", "[store]") {
    const Folder folder;
    const std::string path = folder.file("precious");
    write_bytes(path, "my thesis");
    const auto refused = create_recording(path, {.overwrite = true});
    REQUIRE(!refused);
    CHECK(refused.error().message == "the file exists and is not a recording");
    CHECK(read_bytes(path) == "my thesis");
}

TEST_CASE("an existing recording is replaced only when that is allowed", "[store]") {
    const Folder folder;
    const std::string path = folder.file("a.nspect");
    auto first = created(path);
    write(*first, RandomWorld(1).batch(1, 3));
    SECTION("not while somebody uses it") {
        const auto refused = create_recording(path, {.overwrite = true});
        REQUIRE(!refused);
        CHECK(refused.error().message == "the recording is in use by another process");
        CHECK(read(*first).sightings.size() == 3);
    }
    SECTION("after it was closed") {
        REQUIRE(first->close());
        const auto refused = create_recording(path);
        REQUIRE(!refused);
        CHECK(refused.error().message == "the recording exists already");
        auto second = create_recording(path, {.overwrite = true});
        REQUIRE(second);
        CHECK(read(**second).sightings.empty());
    }
}

TEST_CASE("a folder that is not there is an error", "[store]") {
    const auto refused = create_recording("/nonexistent/folder/a.nspect");
    REQUIRE(!refused);
    CHECK(refused.error().kind == Error::Kind::not_found);
}

TEST_CASE("a full disk fails the batch as a whole, and writing goes on when there is room",
          "[store]") {
    const Folder folder;
    auto store = create_recording(folder.file("a.nspect"), {.max_bytes = 512 * 1024});
    REQUIRE(store);
    RandomWorld world(3);
    const Batch small = world.batch(1, 5);
    write(**store, small);
    const auto refused = (*store)->write(world.batch(1000, 5000));
    REQUIRE(!refused);
    CHECK(refused.error().hint == "free some space; what was written before is safe");
    check_equal(read(**store), as_recording(small));

    Batch more;
    more.sightings = {plain_sighting(6)};
    write(**store, more);
    CHECK(read(**store).sightings.size() == 6);
    CHECK((*store)->close());
}

TEST_CASE("text past the bound is cut when it is written", "[store]") {
    const Folder folder;
    auto store = created(folder.file("a.nspect"));
    Batch batch;
    batch.sightings = {plain_sighting(1)};
    batch.sightings[0].app = std::string(100000, 'a');
    write(*store, batch);
    CHECK(read(*store).sightings.at(0).app.size() == 16384);
}
