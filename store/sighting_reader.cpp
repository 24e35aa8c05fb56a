// SPDX-License-Identifier: Apache-2.0
// The sightings half of RecordingReader: the fast ways, and the way around damage.
#include <algorithm>
#include <limits>
#include <utility>

#include "store/recording_reader.h"

namespace nspect::store {

namespace {

constexpr std::size_t max_gaps = 1000;

const std::string& sighting_columns() {
    static const std::string columns =
        "rowid, first_ns, last_ns, vantage, protocol, ip_protocol, client_ip, client_port, "
        "server_ip, "
        "server_port, direction, outcome, finished, sent_packets, sent_bytes, received_packets, "
        "received_bytes, retransmits, client_isn, server_isn, fingerprint, handshake_ns, app, tls";
    return columns;
}

/// Since version 2.
const std::string& later_columns() {
    static const std::string columns =
        ", think_ns, reordered, zero_windows, client_mss, server_mss, path_mtu, icmp_errors, "
        "tunnel, tunnel_depth, tunnel_number, tunnel_client, tunnel_server";
    return columns;
}

/// Since version 3.
constexpr const char* latest_columns = ", largest_sent, largest_received";

/// Since version 5.
constexpr const char* newest_columns = ", broadcast";

}  // namespace

std::string RecordingReader::columns() const {
    return sighting_columns() + (has_latest_columns_ ? latest_columns : "") +
           (has_newest_columns_ ? newest_columns : "") +
           (has_later_columns_ ? later_columns() : std::string());
}

void RecordingReader::look_for_columns() {
    has_later_columns_ = bool{db_->prepare("SELECT tunnel FROM sighting LIMIT 0")};
    has_latest_columns_ = bool{db_->prepare("SELECT largest_sent FROM sighting LIMIT 0")};
    has_newest_columns_ = bool{db_->prepare("SELECT broadcast FROM sighting LIMIT 0")};
}

Status RecordingReader::sightings(Timestamp since, const Visit& visit) {
    look_for_columns();
    std::optional<Key> last;
    const auto end = in_time_order(since, visit, last);
    if (!end) return end.error();
    return *end == End::damaged ? salvage(since, visit, last) : Status(done);
}

Result<RecordingReader::End> RecordingReader::in_time_order(Timestamp since, const Visit& visit,
                                                            std::optional<Key>& last) {
    // Times before 1970 are read as 1970.
    const bool all = since <= Timestamp{};
    auto statement =
        db_->prepare("SELECT " + columns() + " FROM sighting INDEXED BY sighting_first " +
                     (all ? "" : "WHERE first_ns >= ? ") + "ORDER BY first_ns, rowid");
    if (!statement) return End::damaged;  // no such index: the other way does without
    if (!all) statement->put(since);
    return walk(*statement, true, visit, last);
}

Result<bool> RecordingReader::sightings_by_id(const Visit& visit) {
    look_for_columns();
    const Damage before = *damage_;
    auto statement = db_->prepare("SELECT " + columns() + " FROM sighting ORDER BY rowid");
    if (!statement) return std::move(statement).error();
    std::optional<Key> last;
    const auto end = walk(*statement, false, visit, last);
    if (!end) return end.error();
    if (*end == End::damaged) *damage_ = before;
    return *end != End::damaged;
}

/// Rows in order of (first_ns, id), or of (0, id).
Result<RecordingReader::End> RecordingReader::walk(Statement& statement, bool by_time,
                                                   const Visit& visit, std::optional<Key>& last) {
    Sighting sighting;
    Step step = statement.step();
    for (; step == Step::row; step = statement.step()) {
        Row key_of(statement);
        const std::int64_t id = key_of.integer();
        const Key key{by_time ? key_of.integer() : 0, id};
        if (last && key <= *last) return End::damaged;  // pages that refer to each other in circles
        last = key;
        Row row(statement);
        const auto valid = take(row, sighting);
        if (!valid) return valid.error();
        if (*valid && !visit(sighting)) return End::stopped;
    }
    if (step == Step::failed) return db_->error("cannot read the recording");
    return step == Step::done ? End::complete : End::damaged;
}

Status RecordingReader::salvage(Timestamp since, const Visit& visit,
                                const std::optional<Key>& after) {
    auto keys = whole_rows();
    if (!keys) return std::move(keys).error();
    std::sort(keys->begin(), keys->end());
    auto statement = db_->prepare("SELECT " + columns() + " FROM sighting WHERE rowid = ?");
    if (!statement) return std::move(statement).error();
    Sighting sighting;
    for (const Key& key : *keys) {
        if (after && key <= *after) continue;
        if (since > Timestamp{} && key.first < since.time_since_epoch().count()) continue;
        statement->reset();
        const Step step = statement->put(key.second).step();
        if (step == Step::failed) return db_->error("cannot read the recording");
        if (step != Step::row) {
            ++damage_->tables["sighting"].invalid_rows;
            continue;
        }
        Row row(*statement);
        const auto valid = take(row, sighting);
        if (!valid) return valid.error();
        if (*valid && !visit(sighting)) return done;
    }
    return done;
}

/// The keys of every row that can be reached, over missing pages.
Result<std::vector<RecordingReader::Key>> RecordingReader::whole_rows() {
    std::vector<Key> keys;
    std::int64_t from = std::numeric_limits<std::int64_t>::min();
    for (std::size_t gap = 0; gap < max_gaps; ++gap) {
        const auto step = read_run(from, keys);
        if (!step) return step.error();
        if (*step == Step::done) return keys;
        damage_->tables["sighting"].incomplete = true;
        if (!keys.empty()) from = std::max(from, keys.back().second);
        const auto next = next_readable(from);
        if (!next) return next.error();
        if (!*next) return keys;
        from = **next;
    }
    return keys;
}

/// Appends rows from an id on, up to the end or to the next damage.
Result<Step> RecordingReader::read_run(std::int64_t from, std::vector<Key>& keys) {
    auto statement =
        db_->prepare("SELECT rowid, first_ns FROM sighting WHERE rowid >= ? ORDER BY rowid");
    if (!statement) return std::move(statement).error();
    statement->put(from);
    Step step = statement->step();
    for (; step == Step::row; step = statement->step()) {
        Row row(*statement);
        const std::int64_t id = row.integer();
        if (id < from || (!keys.empty() && id <= keys.back().second)) return Step::damaged;
        keys.emplace_back(row.integer(), id);
    }
    if (step == Step::failed) return db_->error("cannot read the recording");
    return step;
}

/// The smallest id behind `from` at which reading works again, by doubling and then halving the
/// distance.
Result<std::optional<std::int64_t>> RecordingReader::next_readable(std::int64_t from) {
    auto statement =
        db_->prepare("SELECT rowid FROM sighting WHERE rowid >= ? ORDER BY rowid LIMIT 1");
    if (!statement) return std::move(statement).error();
    const auto base = static_cast<std::uint64_t>(from);
    const auto readable = [&](std::uint64_t distance) {
        statement->reset();
        const Step step = statement->put(static_cast<std::int64_t>(base + distance)).step();
        return step == Step::row || step == Step::done;
    };
    const std::uint64_t farthest =
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) - base;
    std::uint64_t good = 1;
    while (good <= farthest && !readable(good)) {
        if (good > farthest / 2) return std::optional<std::int64_t>{};
        good *= 2;
    }
    if (good > farthest) return std::optional<std::int64_t>{};
    std::uint64_t bad = good / 2;
    while (good - bad > 1) {
        const std::uint64_t middle = bad + (good - bad) / 2;
        (readable(middle) ? good : bad) = middle;
    }
    return std::optional<std::int64_t>(static_cast<std::int64_t>(base + good));
}

Result<bool> RecordingReader::take(Row& row, Sighting& sighting) {
    sighting.id = row.number<std::uint64_t>();
    sighting.first = row.time();
    sighting.last = row.time();
    sighting.vantage = row.number<std::uint32_t>();
    sighting.protocol = row.one_up_to(Protocol::other);
    sighting.ip_protocol = row.number<std::uint8_t>();
    sighting.client.ip = row.address();
    sighting.client.port = row.port();
    sighting.server.ip = row.address();
    sighting.server.port = row.port();
    sighting.direction = row.one_up_to(DirectionEvidence::port_numbers);
    sighting.outcome = row.one_up_to(Outcome::mid_stream);
    sighting.finished = row.boolean();
    sighting.sent.packets = row.number<std::uint64_t>();
    sighting.sent.bytes = row.number<std::uint64_t>();
    sighting.received.packets = row.number<std::uint64_t>();
    sighting.received.bytes = row.number<std::uint64_t>();
    sighting.retransmits = row.number<std::uint32_t>();
    sighting.client_isn = row.number_or_none<std::uint32_t>();
    sighting.server_isn = row.number_or_none<std::uint32_t>();
    sighting.fingerprint = row.number<std::uint64_t>();
    sighting.handshake_time = row.duration();
    sighting.app = row.text();
    sighting.tls.reset();
    const auto session = row.number_or_none<std::int64_t>();
    sighting.tunnel.reset();
    sighting.largest_sent = has_latest_columns_ ? row.number<std::uint16_t>() : 0;
    sighting.largest_received = has_latest_columns_ ? row.number<std::uint16_t>() : 0;
    sighting.broadcast = has_newest_columns_ && row.boolean();
    if (has_later_columns_) take_later_columns(row, sighting);
    if (!row.ok()) ++damage_->tables["sighting"].invalid_rows;
    if (!row.ok() || !session) return row.ok();
    auto facts = tls(*session);
    if (!facts) return std::move(facts).error();
    sighting.tls = std::move(*facts);
    return true;
}

void RecordingReader::take_later_columns(Row& row, Sighting& sighting) {
    sighting.think_time = row.duration();
    sighting.reordered = row.number<std::uint32_t>();
    sighting.zero_windows = row.number<std::uint32_t>();
    sighting.client_mss = row.number<std::uint16_t>();
    sighting.server_mss = row.number<std::uint16_t>();
    sighting.path_mtu = row.number<std::uint16_t>();
    sighting.icmp_errors = row.number<std::uint16_t>();
    TunnelSeen tunnel;
    tunnel.kind = row.one_up_to(last_tunnel_kind);
    if (tunnel.kind == TunnelKind::none) return;
    tunnel.depth = row.number<std::uint8_t>();
    tunnel.id = row.number<std::uint32_t>();
    tunnel.client = row.address();
    tunnel.server = row.address();
    sighting.tunnel = tunnel;
}

}  // namespace nspect::store
