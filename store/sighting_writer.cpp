// SPDX-License-Identifier: Apache-2.0
#include "store/sighting_writer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/sighting_block.h"

namespace nspect::store {

namespace {

constexpr std::size_t most_known_apps = 4096;

/// Negative, as those of blocks of many are not; ascending, so that the file grows at its end.
std::int64_t block_of_its_own(std::uint64_t id) {
    return std::numeric_limits<std::int64_t>::min() + static_cast<std::int64_t>(id);
}

/// Leaves the sighting with id ?1 out of the block it is in.
std::string take_out(const std::string& blocks) {
    return "UPDATE sighting_block SET rows = (SELECT '[' || coalesce(group_concat(value), '') || "
           "']'"
           " FROM json_each(rows) WHERE json_extract(value, '$[0]') <> ?1) WHERE id > 0 AND " +
           blocks +
           " EXISTS (SELECT 1 FROM json_each(rows) WHERE json_extract(value, '$[0]') = ?1)";
}

}  // namespace

Status SightingWriter::prepare(SqliteDb& db) {
    db_ = &db;
    const std::pair<Statement*, std::string> statements[] = {
        {&block_, "INSERT OR REPLACE INTO sighting_block VALUES(?,?,?,?)"},
        {&close_, "DELETE FROM sighting_block WHERE id=?"},
        {&take_out_, take_out("from_ns <= ?2 AND to_ns >= ?2 AND")},
        {&take_out_anywhere_, take_out("")},
        {&app_, "INSERT INTO app VALUES(?,?)"},
    };
    for (const auto& [statement, sql] : statements) {
        auto prepared = db.prepare(sql);
        if (!prepared) return std::move(prepared).error();
        *statement = std::move(*prepared);
    }
    return tls_.prepare(db);
}

void SightingWriter::flip(IdSet& set, std::uint64_t id) {
    set.flip(id);
    changes_.push_back({&set, id});
}

void SightingWriter::rolled_back() {
    for (const Change& each : changes_) each.set->flip(each.id);
    changes_.clear();
    next_.clear();
    apps_.clear();
    tls_.forget();
}

bool SightingWriter::write(const std::vector<Sighting>& sightings, bool final) {
    for (const Sighting& each : sightings) {
        const bool ended = (final || each.finished) && !ended_.contains(each.id);
        if (!(ended ? write_ended(each) : write_open(each))) return false;
    }
    return write_block();
}

std::optional<SightingWriter::Ended> SightingWriter::with_rows(const Sighting& sighting) {
    const auto name = app(sighting.app);
    if (!name) return std::nullopt;
    Ended ended{.sighting = &sighting, .app = *name, .tls = std::nullopt};
    if (sighting.tls && !(ended.tls = tls_.row(*sighting.tls))) return std::nullopt;
    return ended;
}

bool SightingWriter::write_open(const Sighting& sighting) {
    if (ended_.contains(sighting.id) && !take_from_block(sighting)) return false;
    const auto rows = with_rows(sighting);
    if (!rows) return false;
    if (!open_.contains(sighting.id)) flip(open_, sighting.id);
    BlockText text(sighting.first);
    text.add(sighting, rows->app, rows->tls);
    return block_.put(block_of_its_own(sighting.id))
        .put(sighting.first)
        .put(sighting.first)
        .put_whole(text.finish())
        .run();
}

/// Which is rare: a straggler of a connection that was over.
bool SightingWriter::take_from_block(const Sighting& sighting) {
    flip(ended_, sighting.id);
    if (!write_block() || !take_out_.put(sighting.id).put(sighting.first).run()) return false;
    return db_->changes() > 0 || take_out_anywhere_.put(sighting.id).run();
}

bool SightingWriter::write_ended(const Sighting& sighting) {
    const auto rows = with_rows(sighting);
    if (!rows) return false;
    if (open_.contains(sighting.id)) {
        if (!close_.put(block_of_its_own(sighting.id)).run()) return false;
        flip(open_, sighting.id);
    }
    flip(ended_, sighting.id);
    next_.push_back(*rows);
    return next_.size() < BlockText::most_sightings || write_block();
}

bool SightingWriter::write_block() {
    if (next_.empty()) return true;
    const auto [earliest, latest] = std::minmax_element(
        next_.begin(), next_.end(),
        [](const Ended& a, const Ended& b) { return a.sighting->first < b.sighting->first; });
    const Timestamp from = earliest->sighting->first;
    const Timestamp to = latest->sighting->first;
    BlockText text(from);
    for (const Ended& each : next_) text.add(*each.sighting, each.app, each.tls);
    in_blocks_ += static_cast<std::int64_t>(next_.size());
    next_.clear();
    return block_.put(in_blocks_).put(from).put(to).put_whole(text.finish()).run();
}

/// The number that stands for the name, 0 for none.
std::optional<std::int64_t> SightingWriter::app(const std::string& name) {
    if (name.empty()) return 0;
    if (const auto known = apps_.find(name); known != apps_.end()) return known->second;
    if (apps_.size() >= most_known_apps) apps_.clear();
    const std::int64_t id = next_app_++;
    if (!app_.put(id).put(name).run()) return std::nullopt;
    apps_.emplace(name, id);
    return id;
}

}  // namespace nspect::store
