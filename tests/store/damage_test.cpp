// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <random>

#include <catch2/catch.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "store/recording_file.h"
#include "tests/store/recording_world.h"

using namespace nspect;
using namespace nspect::test;
using store::create_recording;
using store::open_recording;

namespace {

enum class Ended : std::uint8_t { yes, no };

/// A closed recording of plain sightings 1..count, ended or all open, and one target.
std::string plain_recording(const Folder& folder, std::uint64_t count, Ended ended = Ended::yes) {
    Batch batch;
    batch.targets.push_back(RandomWorld(1).target(1));
    batch.vantages.push_back({1, "veth1", 4026531840, VantageSide::host_end, 1, "any@host"});
    for (std::uint64_t id = 1; id <= count; ++id) {
        batch.sightings.push_back(plain_sighting(id));
        batch.sightings.back().finished = ended == Ended::yes;
    }
    return recording_of(folder, batch, "plain.nspect");
}

bool all_plain(const std::vector<Sighting>& sightings, Ended ended = Ended::yes) {
    return std::all_of(sightings.begin(), sightings.end(), [&](const Sighting& flow) {
        Sighting expected = plain_sighting(flow.id);
        expected.finished = ended == Ended::yes;
        return flow == expected;
    });
}

/// Writes batches of `batch_size` sightings until it is killed, telling through the pipe how many
/// batches were acknowledged.
[[noreturn]] void write_until_killed(const std::string& path, int pipe, std::uint64_t batch_size) {
    auto store = create_recording(path);
    for (std::uint64_t next = 1; store; next += batch_size) {
        Batch batch;
        for (std::uint64_t i = 0; i < batch_size; ++i)
            batch.sightings.push_back(plain_sighting(next + i));
        const char byte = 1;
        if (!(*store)->write(batch) || ::write(pipe, &byte, 1) != 1) break;
    }
    _exit(1);
}

std::uint64_t bytes_in(int pipe) {
    std::uint64_t count = 0;
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; (n = ::read(pipe, buffer.data(), buffer.size())) > 0;) {
        count += static_cast<std::uint64_t>(n);
    }
    return count;
}

}  // namespace

TEST_CASE("a writer killed at any instant loses at most the batch it was writing", "[store]") {
    constexpr std::uint64_t batch_size = 200;
    std::mt19937 random(std::random_device{}());
    for (int round = 0; round < 25; ++round) {
        const Folder folder;
        const std::string path = folder.file("killed.nspect");
        std::array<int, 2> ends{};
        REQUIRE(pipe(ends.data()) == 0);
        const pid_t child = fork();
        if (child == 0) write_until_killed(path, ends[1], batch_size);
        ::close(ends[1]);
        const unsigned delay = std::uniform_int_distribution<unsigned>(0, 120000)(random);
        CAPTURE(round, delay);
        usleep(delay);
        REQUIRE(kill(child, SIGKILL) == 0);
        REQUIRE(waitpid(child, nullptr, 0) == child);
        const std::uint64_t acknowledged = bytes_in(ends[0]);
        ::close(ends[0]);
        if (!std::filesystem::exists(path)) {
            CHECK(acknowledged == 0);
            continue;
        }
        auto store = open_recording(path);
        REQUIRE(store);
        const auto recording = (*store)->read_all();
        REQUIRE(recording);
        CHECK(recording->sightings.size() % batch_size == 0);
        CHECK(recording->sightings.size() / batch_size >= acknowledged);
        CHECK(recording->sightings.size() / batch_size <= acknowledged + 1);
        CHECK(all_plain(recording->sightings));
        CHECK((*store)->warnings().empty());
        CHECK(sql(path, "PRAGMA integrity_check") == "ok");
    }
}

TEST_CASE("a recording cut off anywhere opens with what was whole, or says why not", "[store]") {
    const auto ended = GENERATE(Ended::yes, Ended::no);
    const Folder folder;
    const std::string bytes = read_bytes(plain_recording(folder, 20000, ended));
    const std::string path = folder.file("cut.nspect");
    std::size_t most = 0;
    for (std::size_t part = 0; part <= 100; ++part) {
        const std::size_t size = bytes.size() * part / 100 + (part % 3 == 1 ? 100 : 0);
        CAPTURE(part, size, bytes.size());
        write_bytes(path, bytes.substr(0, size));
        auto store = open_recording(path);
        if (!store) {
            CHECK(!store.error().message.empty());
            CHECK(part < 10);
            continue;
        }
        const auto recording = (*store)->read_all();
        REQUIRE(recording);
        CHECK(all_plain(recording->sightings, ended));
        CHECK((*store)->warnings().empty() == (size >= bytes.size()));
        CHECK(recording->losses.empty() == (size >= bytes.size()));
        most = std::max(most, recording->sightings.size());
        if (part == 50) CHECK(recording->sightings.size() > 5000);
    }
    CHECK(most == 20000);
}

TEST_CASE("a damaged place costs the rows in it and no others", "[store]") {
    const auto ended = GENERATE(Ended::yes, Ended::no);
    const Folder folder;
    const std::string whole = read_bytes(plain_recording(folder, 20000, ended));
    const std::string path = folder.file("damaged.nspect");
    std::string bytes = whole;
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 8192 * 4096), 4096,
                '\xa5');
    write_bytes(path, bytes);
    auto store = open_recording(path);
    REQUIRE(store);
    const auto recording = (*store)->read_all();
    REQUIRE(recording);
    CHECK(all_plain(recording->sightings, ended));
    const std::size_t lost = 20000 - recording->sightings.size();
    if (ended == Ended::yes) {
        CHECK(lost <= 100);  // one block
    } else {
        CHECK(lost < 100);
    }
    CHECK(std::is_sorted(recording->sightings.begin(), recording->sightings.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; }));
}

TEST_CASE("random damage never crashes the reader", "[store]") {
    const Folder folder;
    const std::string whole = read_bytes(plain_recording(folder, 2000));
    const std::string path = folder.file("damaged.nspect");
    const auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 200; ++round) {
        std::string bytes = whole;
        for (int i = 0; i < 20; ++i) {
            bytes[100 + random() % (bytes.size() - 100)] = static_cast<char>(random());
        }
        write_bytes(path, bytes);
        auto store = open_recording(path);
        if (store && (*store)->read_all()) CHECK((*store)->warnings().size() < 100);
    }
}

TEST_CASE("of a block what makes no sense is left out and counted", "[store]") {
    struct Change {
        std::string to;    ///< of a block of three sightings
        std::size_t left;  ///< sightings
    };
    const auto change = GENERATE(
        Change{"'[[1,2,3]]'", 0}, Change{"''", 0}, Change{"'['", 0}, Change{"'[[]]'", 0},
        Change{"x'00'", 0}, Change{"17", 0}, Change{"'{}'", 0},
        Change{"replace(rows, '[2,', '[\"2\",')", 2}, Change{"replace(rows, '[2,', '[null,')", 2},
        Change{"replace(rows, '[2,', '[2 ,')", 2}, Change{"replace(rows, '[2,', '[-,')", 2},
        Change{"replace(rows, '[2,', '[99999999999999999999,')", 2},
        Change{"replace(rows, '\"10.1.0.5\",1026', '\"10.1.0.256\",1026')", 2},
        Change{"replace(rows, '\"10.1.0.5\",1026', '\"10.1.0.5,1026')", 2},
        Change{"replace(rows, '\"10.1.0.5\",1026', '5,1026')", 2},
        Change{"replace(rows, ',1026,', ',65536,')", 2}, Change{"replace(rows, '],[2', '][2')", 1},
        Change{"rows || 'x'", 3}, Change{"substr(rows, 1, length(rows) - 1)", 3},
        Change{"substr(rows, 1, length(rows) - 2)", 2},
        Change{"substr(rows, 1, length(rows) - 10)", 2});
    CAPTURE(change.to);
    const Folder folder;
    const std::string path = plain_recording(folder, 3);
    sql(path, "UPDATE sighting_block SET rows=" + change.to);
    const auto store = open_recording(path);
    REQUIRE(store);
    const auto recording = (*store)->read_all();
    REQUIRE(recording);
    CHECK(recording->sightings.size() == change.left);
    REQUIRE((*store)->warnings().size() == 1);
    CHECK((*store)->warnings()[0] ==
          "1 sightings of table sighting_block are not valid and were left out");
    REQUIRE(recording->losses.size() == 1);
    CHECK(recording->losses[0].kind == "damaged");
    CHECK(recording->losses[0].note == (*store)->warnings()[0]);
}

TEST_CASE("what is no recording says so when it is opened", "[store]") {
    const Folder folder;
    const std::string path = folder.file("file");
    SECTION("nothing there") {
        CHECK(open_recording(path).error().message == "no such file");
    }
    SECTION("an empty file") {
        write_bytes(path, "");
        CHECK(open_recording(path).error().message == "not a recording: the file is empty");
    }
    SECTION("another format") {
        write_bytes(path, std::string(5000, 'x'));
        CHECK(open_recording(path).error().message == "not a recording: not an SQLite file");
    }
    SECTION("a folder") {
        CHECK(open_recording("/").error().message == "not a recording: not a regular file");
    }
    SECTION("another program's database") {
        sql(path, "CREATE TABLE t(a)");
        CHECK(open_recording(path).error().message ==
              "not a recording: an SQLite file of another program");
    }
    SECTION("a header and nothing else") {
        write_bytes(path, read_bytes(plain_recording(folder, 1)).substr(0, 100));
        CHECK(!open_recording(path));
    }
    if (std::filesystem::exists(path))
        CHECK(store::looks_like_recording(path) == (std::filesystem::file_size(path) == 100));
}

TEST_CASE("a view in the place of a table is refused", "[store]") {
    const Folder folder;
    const std::string path = plain_recording(folder, 1);
    sql(path,
        "DROP TABLE name; CREATE VIEW name AS WITH RECURSIVE n(at_ns) AS "
        "(SELECT 1 UNION ALL SELECT at_ns + 1 FROM n) SELECT * FROM n");
    const auto refused = open_recording(path);
    REQUIRE(!refused);
    CHECK(refused.error().message == "the recording has no table name");
}

TEST_CASE("a recording without its indices is read all the same", "[store]") {
    const Folder folder;
    const std::string path = plain_recording(folder, 100);
    sql(path, "DROP INDEX sighting_block_to");
    auto store = open_recording(path);
    REQUIRE(store);
    CHECK((*store)->read_all()->sightings.size() == 100);
    CHECK((*store)->warnings().empty());
}
