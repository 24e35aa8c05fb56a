// SPDX-License-Identifier: Apache-2.0
// The views a person queries, on a recording small enough to say by hand what they must show.
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include "store/recording_file.h"
#include "tests/store/recording_world.h"

using namespace nspect;
using namespace nspect::test;

namespace {

using Rows = std::vector<std::string>;

/// One line a row, columns joined by '|', NULL as "-".
Rows query(const std::string& path, const std::string& statement) {
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
    Rows rows;
    const auto collect = [](void* to, int columns, char** values, char**) {
        std::string row;
        for (int i = 0; i < columns; ++i) {
            row += (i > 0 ? "|" : "") + std::string(values[i] != nullptr ? values[i] : "-");
        }
        static_cast<Rows*>(to)->push_back(row);
        return 0;
    };
    char* message = nullptr;
    sqlite3_exec(db, statement.c_str(), collect, &rows, &message);
    if (message != nullptr) rows.emplace_back(message);
    sqlite3_free(message);
    sqlite3_close(db);
    return rows;
}

IpAddress ip(const char* text) {
    return *IpAddress::parse(text);
}
Timestamp at(std::int64_t milliseconds) {
    return Timestamp(std::chrono::milliseconds(1767261600000 + milliseconds));
}

TargetInfo pod(std::uint32_t id, const char* name) {
    TargetInfo target;
    target.id = id;
    target.netns = 4026532000 + id;
    target.runtime = "containerd";
    target.container = std::string(64, 'a');
    target.pod = name;
    target.namespace_name = "shop";
    target.labels = {{"app", name}};
    target.from = at(-5000);
    return target;
}

Sighting flow(std::uint64_t id, std::uint32_t vantage, std::int64_t start, Socket client,
              Socket server) {
    Sighting sighting;
    sighting.id = id;
    sighting.vantage = vantage;
    sighting.client = client;
    sighting.server = server;
    sighting.first = at(start);
    sighting.last = at(start + 100);
    sighting.sent = {5, 500};
    sighting.received = {4, 4000};
    sighting.outcome = Outcome::established;
    sighting.finished = true;
    return sighting;
}

/// web (target 1) asks a Service address, which is db (target 2); its port is rewritten on the way.
void add_stitched(Batch& batch) {
    auto near = flow(1, 1, 0, {ip("10.1.0.5"), {43210}}, {ip("10.96.0.7"), {80}});
    near.client_isn = 7;
    auto far = flow(2, 2, 1, {ip("10.1.0.5"), {43210}}, {ip("10.1.0.9"), {5432}});
    far.client_isn = 7;
    far.tls.emplace();
    far.tls->version = 0x0304;
    far.tls->cipher = 0x1301;
    far.tls->sni = "db.shop";
    far.tls->client_cert = ClientCert::presented;
    far.tls->server_identity = {"spiffe://shop/db", "db.shop"};
    // The same numbers an hour later are another connection.
    auto later = flow(3, 1, 3600000, {ip("10.1.0.5"), {43210}}, {ip("10.96.0.7"), {80}});
    later.client_isn = 7;
    later.outcome = Outcome::unanswered;
    batch.sightings = {near, far, later};
}

void add_datagrams(Batch& batch) {
    auto asked = flow(4, 1, 50, {ip("10.1.0.5"), {5353}}, {ip("203.0.113.9"), {53}});
    asked.protocol = Protocol::udp;
    asked.ip_protocol = 17;
    asked.fingerprint = 99;
    asked.outcome = Outcome::one_way;
    auto again = asked;  // the next one on the same vantage is not the same one seen twice
    again.id = 5;
    again.first = at(60);
    batch.sightings.insert(batch.sightings.end(), {asked, again});
}

std::string small_recording(const Folder& folder) {
    Batch batch;
    batch.targets = {pod(1, "web"), pod(2, "db"), pod(3, "old")};
    batch.targets[2].to = at(-1000);
    batch.addresses = {{ip("10.1.0.5"), 1, at(-1000), forever},
                       {ip("10.1.0.5"), 3, at(-5000), at(-1000)},
                       {ip("10.1.0.9"), 2, at(-5000), forever}};
    batch.vantages = {{1, "veth12ab", 4026531840, VantageSide::host_end, 1, "any@host"},
                      {2, "veth98cd", 4026531840, VantageSide::host_end, 2, "any@host"}};
    add_stitched(batch);
    add_datagrams(batch);
    batch.names = {{at(10), 1, ip("10.1.0.5"), "dns.example", ip("203.0.113.9"), 60},
                   {at(20), 1, ip("10.1.0.5"), "dns.example", ip("203.0.113.9"), 60}};
    batch.losses = {{at(0), at(1000), "any@host", "kernel", 17, "ring full"}};
    return recording_of(folder, batch);
}

}  // namespace

TEST_CASE("a connection seen at two vantages is one row of conversations", "[store]") {
    const Folder folder;
    const std::string path = small_recording(folder);
    CHECK(
        query(
            path,
            "SELECT id, protocol, client, client_ip, client_port, server, server_ip, server_port, "
            "dialled, outcome, vantages, tls FROM conversations ORDER BY id") ==
        Rows{"1|TCP|shop/web|10.1.0.5|43210|shop/db|10.1.0.9|5432|10.96.0.7 80|established|"
             "veth12ab > veth98cd|1",
             "3|TCP|shop/web|10.1.0.5|43210|10.96.0.7|10.96.0.7|80|-|unanswered|veth12ab|-",
             "4|UDP|shop/web|10.1.0.5|5353|dns.example|203.0.113.9|53|-|one-way|veth12ab|-",
             "5|UDP|shop/web|10.1.0.5|5353|dns.example|203.0.113.9|53|-|one-way|veth12ab|-"});
    CHECK(query(path, "SELECT first, last FROM conversations WHERE id = 1") ==
          Rows{"2026-01-01T10:00:00.000000000Z|2026-01-01T10:00:00.101000000Z"});
}

TEST_CASE("edges count conversations by outcome", "[store]") {
    const Folder folder;
    CHECK(
        query(
            small_recording(folder),
            "SELECT client, server, protocol, server_port, conversations, established, unanswered, "
            "one_way, sent_bytes, tls FROM edges ORDER BY server") ==
        Rows{"shop/web|10.96.0.7|TCP|80|1|0|1|0|500|0",
             "shop/web|dns.example|UDP|53|2|0|0|2|1000|0",
             "shop/web|shop/db|TCP|5432|1|1|0|0|500|1"});
}

TEST_CASE("endpoints, names, losses and TLS sessions are readable as they are", "[store]") {
    const Folder folder;
    const std::string path = small_recording(folder);
    CHECK(
        query(
            path,
            "SELECT endpoint, labels, address, \"from\", \"to\" FROM endpoints ORDER BY target") ==
        Rows{"shop/web|app=web|10.1.0.5|2026-01-01T09:59:59.000000000Z|-",
             "shop/db|app=db|10.1.0.9|2026-01-01T09:59:55.000000000Z|-",
             "shop/"
             "old|app=old|10.1.0.5|2026-01-01T09:59:55.000000000Z|2026-01-01T09:59:59.000000000Z"});
    CHECK(query(path, "SELECT name, address, asked_by, answers, first FROM names") ==
          Rows{"dns.example|203.0.113.9|10.1.0.5|2|2026-01-01T10:00:00.010000000Z"});
    CHECK(query(path, "SELECT * FROM losses") ==
          Rows{"2026-01-01T10:00:00.000000000Z|2026-01-01T10:00:01.000000000Z|any@host|kernel|17|"
               "ring full"});
    CHECK(query(path,
                "SELECT version, cipher, sni, client_cert, server_identity FROM tls_sessions") ==
          Rows{"TLSv1.3|0x1301|db.shop|presented|spiffe://shop/db db.shop"});
}

TEST_CASE("a loopback address is only ever the vantage's own", "[store]") {
    const Folder folder;
    Batch batch;
    batch.targets = {pod(1, "web"), pod(2, "db")};
    batch.addresses = {{ip("127.0.0.1"), 1, at(-1), forever},
                       {ip("127.0.0.1"), 2, at(-1), forever}};
    batch.vantages = {{1, "lo", 1, VantageSide::inside, 1, "lo"},
                      {2, "lo", 2, VantageSide::inside, 2, "lo"},
                      {3, "lo", 3, VantageSide::host, std::nullopt, "lo"}};
    for (std::uint32_t i = 1; i <= 3; ++i) {
        batch.sightings.push_back(
            flow(i, i, i * 10000, {ip("127.0.0.1"), {1}}, {ip("127.0.0.1"), {2}}));
    }
    const std::string path = recording_of(folder, batch);
    CHECK(query(path, "SELECT client, server FROM conversations ORDER BY id") ==
          Rows{"shop/web|shop/web", "shop/db|shop/db", "127.0.0.1|127.0.0.1"});
}

TEST_CASE("VLANs are told, and two of one interface are two places", "[store]") {
    const Folder folder;
    Batch batch;
    batch.vantages = {{1, "trunk", 1, VantageSide::host, std::nullopt, "trunk"}};
    const auto add = [&](std::optional<std::uint32_t> isn, std::uint16_t vlan,
                         std::uint16_t outer) {
        const auto id = static_cast<std::uint32_t>(batch.sightings.size() + 1);
        auto made = flow(id, 1, id, {ip("10.1.0.5"), {43210}}, {ip("10.1.0.9"), {80}});
        made.client_isn = isn;
        made.vlan = vlan;
        made.outer_vlan = outer;
        batch.sightings.push_back(made);
    };
    add(7, 10, 0);  // routed to another one
    add(7, 20, 5);
    add(8, 10, 0);   // once more, not routed
    add({}, 30, 0);  // two networks, nothing joins them
    add({}, 40, 0);
    const std::string path = recording_of(folder, batch);
    CHECK(query(path, "SELECT vlan, outer_vlan FROM sightings ORDER BY id") ==
          Rows{"10|0", "20|5", "10|0", "30|0", "40|0"});
    CHECK(query(path, "SELECT id, vantages FROM conversations ORDER BY id") ==
          Rows{"1|trunk > trunk", "3|trunk", "4|trunk", "5|trunk"});
}

TEST_CASE("the views name every code as the program does", "[store]") {
    const Folder folder;
    Batch batch;
    Rows outcomes;
    Rows protocols;
    Rows sides;
    Rows tls;
    for (std::uint8_t code = 0; code < 6; ++code) {
        auto sighting = flow(code, code, code, {ip("::1"), {1}}, {ip("::2"), {2}});
        sighting.outcome = static_cast<Outcome>(code);
        sighting.protocol = static_cast<Protocol>(code);
        sighting.tls.emplace();
        sighting.tls->client_cert = static_cast<ClientCert>(code % 4);
        sighting.tls->evidence = static_cast<TlsEvidence>(code % 5);
        sighting.tls->confidence = static_cast<Confidence>(code % 4);
        sighting.tls->version = static_cast<std::uint16_t>(0x0300 + code);
        outcomes.emplace_back(to_string(sighting.outcome));
        protocols.emplace_back(to_string(sighting.protocol));
        tls.push_back(std::string(to_string(sighting.tls->client_cert)) + "|" +
                      std::string(to_string(sighting.tls->evidence)) + "|" +
                      std::string(to_string(sighting.tls->confidence)) + "|" +
                      tls_version_name(sighting.tls->version));
        batch.sightings.push_back(sighting);
        batch.vantages.push_back(
            {code, "i", 0, static_cast<VantageSide>(code % 4), std::nullopt, ""});
        sides.emplace_back(to_string(batch.vantages.back().side));
    }
    const std::string path = recording_of(folder, batch);
    CHECK(query(path, "SELECT outcome FROM sightings ORDER BY id") == outcomes);
    CHECK(query(path, "SELECT protocol FROM sightings ORDER BY id") == protocols);
    CHECK(query(path, "SELECT side FROM sightings ORDER BY id") == sides);
    CHECK(query(path, "SELECT client_cert, evidence, confidence, version FROM tls_sessions") ==
          tls);
}
