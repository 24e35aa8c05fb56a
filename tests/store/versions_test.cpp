// SPDX-License-Identifier: Apache-2.0
// Recordings of other schemas than today's. Of each earlier one there is a way to it, by SQL, from
// the next.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "store/recording_file.h"
#include "store/sighting_row.h"
#include "tests/store/recording_world.h"

using namespace nspect;
using namespace nspect::test;
using store::open_recording;

namespace {

Batch plain_batch(std::uint64_t count) {
    Batch batch;
    for (std::uint64_t id = 1; id <= count; ++id) batch.sightings.push_back(plain_sighting(id));
    return batch;
}

/// Of a recording that has nothing to warn of.
std::vector<Sighting> sightings_of(const std::string& path) {
    auto store = open_recording(path);
    REQUIRE(store);
    auto recording = (*store)->read_all();
    REQUIRE(recording);
    CHECK((*store)->warnings().empty());
    return std::move(recording->sightings);
}

std::string columns_of_fifth() {
    const std::string all = store::SightingColumns{.has_6 = false}.names();
    return all.substr(all.find(',') + 2);
}

// Answers of the statements count: nothing may have gone wrong.
void to_fifth(const std::string& path) {
    CHECK(sql(path,
              "CREATE TABLE row AS SELECT * FROM sighting; ALTER TABLE row DROP COLUMN vlan;"
              "ALTER TABLE row DROP COLUMN outer_vlan; DROP VIEW edges;"
              "DROP VIEW conversations; DROP VIEW sightings; DROP VIEW sighting;"
              "DROP TABLE sighting_block; DROP TABLE app;"
              "CREATE TABLE sighting(id INTEGER PRIMARY KEY, " +
                  columns_of_fifth() +
                  ");"
                  "INSERT INTO sighting SELECT * FROM row; DROP TABLE row; PRAGMA user_version=5")
              .empty());
}

void to_fourth(const std::string& path) {
    CHECK(sql(path,
              "DROP VIEW tls_sessions; ALTER TABLE tls DROP COLUMN quic_version;"
              "ALTER TABLE sighting DROP COLUMN broadcast; DROP TABLE interface_broadcast;"
              "PRAGMA user_version=4")
              .empty());
}

void to_first(const std::string& path) {
    std::string columns;
    for (const char* column :
         {"transport", "early_data", "acceptance", "external_psk", "raw_public_key",
          "post_handshake_auth", "asked", "none_presented", "client_records"}) {
        columns += std::string("ALTER TABLE tls DROP COLUMN ") + column + ";";
    }
    for (const char* column :
         {"largest_sent", "largest_received", "think_ns", "reordered", "zero_windows", "client_mss",
          "server_mss", "path_mtu", "icmp_errors", "tunnel", "tunnel_depth", "tunnel_number",
          "tunnel_client", "tunnel_server"}) {
        columns += std::string("ALTER TABLE sighting DROP COLUMN ") + column + ";";
    }
    CHECK(sql(path,
              "DROP VIEW certificates; DROP VIEW socket_owners; DROP TABLE socket_owner;"
              "DROP VIEW name_failures; DROP TABLE name_failure;" +
                  columns +
                  "DROP TABLE tls_offer; DROP TABLE certificate; DROP TABLE certificate_name;"
                  "PRAGMA user_version=1")
              .empty());
}

}  // namespace

TEST_CASE("a recording of a newer schema names both versions", "[store]") {
    const Folder folder;
    const std::string path = recording_of(folder, RandomWorld(1).batch(1, 1));
    sql(path, "PRAGMA user_version=7");
    CHECK(store::looks_like_recording(path));
    const auto refused = open_recording(path);
    REQUIRE(!refused);
    CHECK(refused.error().kind == Error::Kind::unsupported);
    CHECK(refused.error().message ==
          "the recording has schema version 7, this nspect reads up to version 6");
}

TEST_CASE("blocks and rows say the same through SQL as they do when read", "[store]") {
    const auto seed = GENERATE(take(10, random(1U, 0xffffffffU)));
    CAPTURE(seed);
    const Folder folder;
    const std::string path = recording_of(folder, RandomWorld(seed).batch(1, 250));
    auto now = sightings_of(path);
    REQUIRE(now.size() == 250);
    to_fifth(path);
    for (auto& each : now) each.vlan = each.outer_vlan = 0;
    CHECK((sightings_of(path) == now));
}

TEST_CASE("of rows of the fifth schema what makes no sense is left out and counted", "[store]") {
    const Folder folder;
    const auto change =
        GENERATE(as<std::string>{}, "outcome=6", "protocol=-1", "client_port=65536",
                 "client_ip='10.0.0.256'", "app=x'00'", "sent_bytes='many'",
                 "app=printf('%.*c', 16385, 'x')", "app=printf('%.*c', 2000000, 'x')");
    CAPTURE(change);
    const std::string path = recording_of(folder, plain_batch(3));
    to_fifth(path);
    sql(path, "UPDATE sighting SET " + change + " WHERE id=2");
    const auto store = open_recording(path);
    REQUIRE(store);
    const auto recording = (*store)->read_all();
    REQUIRE(recording);
    CHECK(recording->sightings.size() == 2);
    REQUIRE((*store)->warnings().size() == 1);
    CHECK((*store)->warnings()[0] == "1 rows of table sighting are not valid and were left out");
    REQUIRE(recording->losses.size() == 1);
    CHECK(recording->losses[0].kind == "damaged");
    CHECK(recording->losses[0].note == (*store)->warnings()[0]);
}

TEST_CASE("recordings of the fourth and the first schema are read", "[store]") {
    const Folder folder;
    Batch batch = plain_batch(20);
    batch.sightings[7].tls.emplace().sni = "db.shop";
    const std::string path = recording_of(folder, batch);
    const auto now = sightings_of(path);
    REQUIRE(now.size() == 20);
    to_fifth(path);
    to_fourth(path);
    CHECK((sightings_of(path) == now));
    to_first(path);
    CHECK((sightings_of(path) == now));
}
