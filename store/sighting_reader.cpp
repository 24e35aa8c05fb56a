// SPDX-License-Identifier: Apache-2.0
// The sightings half of RecordingReader: rows, blocks, and the way around damage.
#include <algorithm>
#include <limits>
#include <utility>

#include "store/recording_reader.h"
#include "store/sighting_block.h"

namespace nspect::store {

namespace {

constexpr std::size_t max_gaps = 1000;
constexpr std::size_t told_every = 1024;

const std::string block_table = "sighting_block";

}  // namespace

void SightingsWanted::tell() const {
    if (progress && all.size() % told_every == 0) progress(all.size());
}

Status RecordingReader::sightings(Timestamp since, std::vector<Sighting>& all,
                                  const std::function<void(std::size_t)>& progress) {
    SightingsWanted wanted{.since = since, .progress = progress, .all = all};
    return db_->prepare("SELECT rows FROM " + block_table + " LIMIT 0") ? read_blocks(wanted)
                                                                        : read_rows(wanted);
}

/// Before version 6.
Status RecordingReader::read_rows(SightingsWanted& wanted) {
    const std::string table = "sighting";
    const auto has = [&](const char* column) {
        return bool{db_->prepare(std::string("SELECT ") + column + " FROM " + table + " LIMIT 0")};
    };
    const SightingColumns columns{.has_2 = has("tunnel"),
                                  .has_3 = has("largest_sent"),
                                  .has_5 = has("broadcast"),
                                  .has_6 = false};
    const auto use = [&](Row& row) -> Status {
        Sighting sighting;
        const auto tls = take_sighting(row, columns, sighting);
        if (!row.ok()) ++damage_->tables[table].invalid_rows;
        if (!row.ok() || sighting.first < wanted.since) return done;
        if (tls) {
            if (auto found = find_tls(*tls, sighting); !found) return found;
        }
        wanted.all.push_back(std::move(sighting));
        wanted.tell();
        return done;
    };
    return each_row(table, columns.names(), "", use, [&] { wanted.all.clear(); });
}

Status RecordingReader::read_blocks(SightingsWanted& wanted) {
    const auto apps = read_apps();
    if (!apps) return apps.error();
    std::optional<BlockDecoder> decoder;
    const auto begin = [&] {
        wanted.all.clear();
        decoder.emplace(*apps, wanted.since,
                        [&](BlockDecoder::Decoded& decoded) { return take(decoded, wanted); });
    };
    begin();
    const auto use = [&](Row& row) -> Status {
        row.integer();  // its key
        const Timestamp from = row.time();
        const std::string_view text = row.whole_text_view();
        if (row.ok()) return decoder->add(text, from);
        ++damage_->tables[block_table].invalid_rows;
        return done;
    };
    const std::string since = std::to_string(wanted.since.time_since_epoch().count());
    const auto read = each_row(block_table, "id, from_ns, rows",
                               wanted.since > Timestamp{} ? "to_ns >= " + since : "", use, begin);
    return read ? decoder->finish() : read;
}

Status RecordingReader::take(BlockDecoder::Decoded& decoded, SightingsWanted& wanted) {
    if (decoded.invalid > 0) damage_->tables[block_table].invalid_rows += decoded.invalid;
    for (const auto& [place, row] : decoded.tls) {
        if (auto found = find_tls(row, decoded.sightings[place]); !found) return found;
    }
    for (Sighting& each : decoded.sightings) {
        wanted.all.push_back(std::move(each));
        wanted.tell();
    }
    return done;
}

Result<AppNames> RecordingReader::read_apps() {
    AppNames apps{{0, ""}};
    const auto read = scan("app", "name", [&](std::int64_t id, Row& row) {
        auto name = row.text();
        if (row.ok()) apps.emplace(id, std::move(name));
        return row.ok();
    });
    if (!read) return read.error();
    return apps;
}

Status RecordingReader::find_tls(std::int64_t row, Sighting& sighting) {
    auto facts = tls(row);
    if (!facts) return std::move(facts).error();
    sighting.tls = std::move(*facts);
    return done;
}

/// Uses every row, the key first in `columns`, in order of the key. Where that meets damage: from
/// the start, by what can be reached.
Status RecordingReader::each_row(const std::string& table, const std::string& columns,
                                 const std::string& where, const UseRow& use,
                                 const std::function<void()>& start_over) {
    const Damage before = *damage_;
    const auto end = walk("SELECT " + columns + " FROM " + table +
                              (where.empty() ? "" : " WHERE " + where) + " ORDER BY rowid",
                          use);
    if (!end) return end.error();
    if (*end != Step::damaged) return done;
    *damage_ = before;
    start_over();
    return salvage(table, columns, use);
}

Result<Step> RecordingReader::walk(const std::string& sql, const UseRow& use) {
    auto statement = db_->prepare(sql);
    if (!statement) return std::move(statement).error();
    std::optional<std::int64_t> last;
    Step step = statement->step();
    for (; step == Step::row; step = statement->step()) {
        const std::int64_t key = Row(*statement).integer();
        if (last && key <= *last)
            return Step::damaged;  // pages that refer to each other in circles
        last = key;
        Row row(*statement);
        if (auto used = use(row); !used) return used.error();
    }
    if (step == Step::failed) return db_->error("cannot read the recording");
    return step;
}

Status RecordingReader::salvage(const std::string& table, const std::string& columns,
                                const UseRow& use) {
    const auto keys = whole_rows(table);
    if (!keys) return keys.error();
    auto statement = db_->prepare("SELECT " + columns + " FROM " + table + " WHERE rowid = ?");
    if (!statement) return std::move(statement).error();
    for (const std::int64_t key : *keys) {
        statement->reset();
        const Step step = statement->put(key).step();
        if (step == Step::failed) return db_->error("cannot read the recording");
        if (step != Step::row) {
            ++damage_->tables[table].invalid_rows;
            continue;
        }
        Row row(*statement);
        if (auto used = use(row); !used) return used;
    }
    return done;
}

/// The keys of every row that can be reached, over missing pages.
Result<std::vector<std::int64_t>> RecordingReader::whole_rows(const std::string& table) {
    std::vector<std::int64_t> keys;
    std::int64_t from = std::numeric_limits<std::int64_t>::min();
    for (std::size_t gap = 0; gap < max_gaps; ++gap) {
        const auto step = read_run(table, from, keys);
        if (!step) return step.error();
        if (*step == Step::done) return keys;
        damage_->tables[table].incomplete = true;
        if (!keys.empty()) from = std::max(from, keys.back());
        const auto next = next_readable(table, from);
        if (!next) return next.error();
        if (!*next) return keys;
        from = **next;
    }
    return keys;
}

/// Appends keys from one on, up to the end or to the next damage.
Result<Step> RecordingReader::read_run(const std::string& table, std::int64_t from,
                                       std::vector<std::int64_t>& keys) {
    auto statement =
        db_->prepare("SELECT rowid FROM " + table + " WHERE rowid >= ? ORDER BY rowid");
    if (!statement) return std::move(statement).error();
    statement->put(from);
    Step step = statement->step();
    for (; step == Step::row; step = statement->step()) {
        const std::int64_t key = Row(*statement).integer();
        if (key < from || (!keys.empty() && key <= keys.back())) return Step::damaged;
        keys.push_back(key);
    }
    if (step == Step::failed) return db_->error("cannot read the recording");
    return step;
}

/// The smallest key behind `from` at which reading works again, by doubling and then halving the
/// distance.
Result<std::optional<std::int64_t>> RecordingReader::next_readable(const std::string& table,
                                                                   std::int64_t from) {
    auto statement =
        db_->prepare("SELECT rowid FROM " + table + " WHERE rowid >= ? ORDER BY rowid LIMIT 1");
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

}  // namespace nspect::store
