// SPDX-License-Identifier: Apache-2.0
#include "tests/store/recording_world.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include "store/recording_file.h"

namespace nspect::test {

Folder::Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "nspect-store-XXXXXX").string();
    path_ = mkdtemp(name.data());
}

Folder::~Folder() {
    std::filesystem::remove_all(path_);
}

std::uint64_t RandomWorld::number(std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(0, most)(random_);
}

std::string RandomWorld::text() {
    using namespace std::string_literals;
    static const std::string hostile[] = {"",
                                          "web",
                                          "'; DROP TABLE sighting; --",
                                          "\"quoted\"",
                                          "a\0b"s,
                                          "\xff\xfe",
                                          "\x1b[31mred",
                                          "%s%n",
                                          "ünï",
                                          "line\nbreak",
                                          "<script>",
                                          "=cmd()",
                                          std::string(3000, 'x'),
                                          "NULL",
                                          "1e9"};
    return hostile[number(std::size(hostile) - 1)];
}

IpAddress RandomWorld::address() {
    if (coin()) return IpAddress::v4(static_cast<std::uint32_t>(number(0xffffffff)));
    return IpAddress::v6(number(std::numeric_limits<std::uint64_t>::max()),
                         number(std::numeric_limits<std::uint64_t>::max()));
}

Timestamp RandomWorld::time() {
    return Timestamp(Duration(static_cast<std::int64_t>(number(4'000'000'000'000'000'000))));
}

TlsSeen RandomWorld::tls() {
    TlsSeen tls;
    tls.version = static_cast<std::uint16_t>(number(0xffff));
    tls.cipher = static_cast<std::uint16_t>(number(0xffff));
    tls.sni = text();
    tls.alpn = text();
    tls.ja4 = text();
    tls.client_cert = static_cast<ClientCert>(number(3));
    tls.evidence = static_cast<TlsEvidence>(number(4));
    tls.confidence = static_cast<Confidence>(number(3));
    tls.resumed = coin();
    tls.hello_retry = coin();
    tls.encrypted_hello = coin();
    tls.client_alert = static_cast<std::uint8_t>(number(255));
    tls.server_alert = static_cast<std::uint8_t>(number(255));
    for (auto n = number(3); n > 0; --n) tls.server_identity.push_back(text());
    for (auto n = number(3); n > 0; --n) tls.client_identity.push_back(text());
    tls.transport = static_cast<TlsTransport>(number(2));
    tls.quic_version = static_cast<std::uint32_t>(number(0xffffffff));
    tls.early_data = static_cast<EarlyData>(number(3));
    tls.acceptance = static_cast<Acceptance>(number(2));
    for (bool* flag : {&tls.external_psk, &tls.raw_public_key, &tls.post_handshake_auth, &tls.asked,
                       &tls.none_presented}) {
        *flag = coin();
    }
    for (auto n = number(3); n > 0; --n) tls.alpn_offered.push_back(text());
    for (auto n = number(8); n > 0; --n) {
        tls.client_records.push_back(static_cast<std::uint16_t>(number(0xffff)));
    }
    for (auto n = number(2); n > 0; --n) tls.server_chain.push_back(certificate());
    for (auto n = number(2); n > 0; --n) tls.client_chain.push_back(certificate());
    return tls;
}

CertificateSeen RandomWorld::certificate() {
    CertificateSeen seen{.fingerprint = text(),
                         .subject = text(),
                         .issuer = text(),
                         .names = {},
                         .not_before = time(),
                         .not_after = time(),
                         .key = text(),
                         .key_bits = static_cast<std::uint32_t>(number(0xffffffff)),
                         .signature = text(),
                         .self_signed = coin(),
                         .authority = coin()};
    for (auto n = number(3); n > 0; --n) seen.names.push_back(text());
    return seen;
}

InterfaceInfo RandomWorld::interface() {
    InterfaceInfo interface;
    interface.index = static_cast<std::uint32_t>(number(0xffffffff));
    interface.name = text();
    interface.kind = text();
    interface.mac = text();
    interface.up = coin();
    interface.peer_index = static_cast<std::uint32_t>(number(0xffffffff));
    interface.peer_netns = number(std::numeric_limits<std::uint64_t>::max());
    interface.peer_name = text();
    for (auto n = number(3); n > 0; --n) interface.addresses.push_back(address());
    for (auto n = number(2); n > 0; --n) interface.broadcasts.push_back(address());
    return interface;
}

TargetInfo RandomWorld::target(std::uint32_t id) {
    TargetInfo target;
    target.id = id;
    target.netns = number(std::numeric_limits<std::uint64_t>::max());
    target.is_host = coin();
    for (auto* each : {&target.runtime, &target.container, &target.name, &target.image, &target.pod,
                       &target.namespace_name, &target.pod_uid}) {
        *each = text();
    }
    for (auto n = number(4); n > 0; --n) target.labels.set(text(), text());
    for (auto n = number(3); n > 0; --n) target.interfaces.push_back(interface());
    for (auto n = number(3); n > 0; --n) {
        target.pids.push_back(static_cast<std::uint32_t>(number(0xffffffff)));
    }
    target.from = time();
    if (coin()) target.to = time();
    return target;
}

Sighting RandomWorld::sighting(std::uint64_t id) {
    Sighting flow;
    flow.id = id;
    flow.vantage = static_cast<std::uint32_t>(number(0xffffffff));
    flow.protocol = static_cast<Protocol>(number(5));
    flow.ip_protocol = static_cast<std::uint8_t>(number(255));
    flow.client = {address(), {static_cast<std::uint16_t>(number(65535))}};
    flow.server = {address(), {static_cast<std::uint16_t>(number(65535))}};
    flow.direction = static_cast<DirectionEvidence>(number(2));
    flow.first = time();
    flow.last = time();
    flow.sent = {number(std::numeric_limits<std::uint64_t>::max()), number(1U << 30U)};
    flow.received = {number(1U << 30U), number(std::numeric_limits<std::uint64_t>::max())};
    flow.outcome = static_cast<Outcome>(number(5));
    flow.retransmits = static_cast<std::uint32_t>(number(0xffffffff));
    if (coin()) flow.client_isn = static_cast<std::uint32_t>(number(0xffffffff));
    if (coin()) flow.server_isn = static_cast<std::uint32_t>(number(0xffffffff));
    flow.fingerprint = number(std::numeric_limits<std::uint64_t>::max());
    flow.handshake_time = Duration(static_cast<std::int64_t>(number(1U << 30U)));
    flow.think_time = Duration(static_cast<std::int64_t>(number(1U << 30U)));
    flow.reordered = static_cast<std::uint32_t>(number(0xffffffff));
    flow.zero_windows = static_cast<std::uint32_t>(number(0xffffffff));
    for (auto* each : {&flow.client_mss, &flow.server_mss, &flow.path_mtu, &flow.icmp_errors,
                       &flow.largest_sent, &flow.largest_received, &flow.vlan, &flow.outer_vlan}) {
        *each = static_cast<std::uint16_t>(number(0xffff));
    }
    if (coin()) {
        flow.tunnel = TunnelSeen{.kind = static_cast<TunnelKind>(1 + number(11)),
                                 .depth = static_cast<std::uint8_t>(number(255)),
                                 .id = static_cast<std::uint32_t>(number(0xffffffff)),
                                 .client = address(),
                                 .server = address()};
    }
    flow.finished = coin();
    flow.broadcast = coin();
    flow.app = text();
    if (coin()) flow.tls = tls();
    return flow;
}

Batch RandomWorld::batch(std::uint64_t first_id, std::size_t sightings) {
    const auto small = static_cast<std::uint32_t>(first_id);
    Batch batch;
    batch.info = RecordingInfo{
        text(), text(),       text(),       text(),
        time(), std::nullopt, std::nullopt, number(std::numeric_limits<std::uint64_t>::max())};
    if (coin()) batch.info->ended = time();
    if (coin()) batch.info->asked_for = Duration(static_cast<std::int64_t>(number(1U << 30U)));
    for (std::uint32_t i = 0; i < 5; ++i) {
        batch.targets.push_back(target(small + i));
        batch.addresses.push_back({address(), small + i, time(), coin() ? time() : forever});
        batch.socket_owners.push_back({small + i,
                                       small,
                                       static_cast<Protocol>(number(2)),
                                       {address(), {static_cast<std::uint16_t>(number(0xffff))}},
                                       time(),
                                       coin() ? time() : forever});
        batch.vantages.push_back({small + i, text(), number(1U << 30U),
                                  static_cast<VantageSide>(number(3)), std::nullopt, text()});
        if (coin()) batch.vantages.back().target = small + i;
        batch.name_failures.push_back(
            {time(), small + i, address(), address(), text(), static_cast<NameProblem>(number(3))});
        batch.names.push_back({time(), small + i, address(), text(), address(),
                               static_cast<std::uint32_t>(number(0xffffffff))});
        batch.losses.push_back({time(), time(), text(), text(), number(1U << 30U), text()});
        batch.packet_counts.push_back({"kind " + std::to_string(small + i), number(1U << 30U)});
    }
    for (std::size_t i = 0; i < sightings; ++i) batch.sightings.push_back(sighting(first_id + i));
    return batch;
}

Sighting plain_sighting(std::uint64_t id) {
    Sighting flow;
    flow.id = id;
    flow.vantage = 1;
    flow.client = {IpAddress::v4(0x0a010005), {static_cast<std::uint16_t>(1024 + id % 60000)}};
    flow.server = {IpAddress::v4(0x0a010009), {5432}};
    flow.first = Timestamp(std::chrono::milliseconds(id));
    flow.last = flow.first + std::chrono::milliseconds(5);
    flow.client_isn = static_cast<std::uint32_t>(id * 2654435761U);
    flow.outcome = Outcome::established;
    flow.sent = {3, 300};
    flow.received = {2, 200};
    flow.finished = true;
    flow.app = "postgres";
    return flow;
}

Recording as_recording(const Batch& batch) {
    Recording recording{batch.info.value_or(RecordingInfo{}),
                        batch.targets,
                        batch.addresses,
                        batch.socket_owners,
                        batch.vantages,
                        batch.sightings,
                        batch.names,
                        batch.name_failures,
                        batch.losses,
                        batch.packet_counts};
    const auto by_time = [](const Sighting& a, const Sighting& b) {
        return std::pair(a.first, a.id) < std::pair(b.first, b.id);
    };
    std::sort(recording.sightings.begin(), recording.sightings.end(), by_time);
    return recording;
}

std::string recording_of(const Folder& folder, const Batch& batch, const std::string& name) {
    const std::string path = folder.file(name);
    auto store = store::create_recording(path);
    REQUIRE(store);
    REQUIRE((*store)->write(batch));
    REQUIRE((*store)->close());
    return path;
}

std::string sql(const std::string& path, const std::string& statement) {
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
    std::string answer;
    const auto collect = [](void* to, int columns, char** values, char**) {
        for (int i = 0; i < columns; ++i)
            *static_cast<std::string*>(to) += values[i] ? values[i] : "-";
        return 0;
    };
    char* message = nullptr;
    sqlite3_exec(db, statement.c_str(), collect, &answer, &message);
    if (message != nullptr) answer += message;
    sqlite3_free(message);
    sqlite3_close(db);
    return answer;
}

std::string read_bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace nspect::test
