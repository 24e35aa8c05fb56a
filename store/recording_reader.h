// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/recording.h"
#include "model/result.h"
#include "store/block_decoder.h"
#include "store/sighting_row.h"
#include "store/sqlite_db.h"

namespace nspect::store {

/// What of a recording could not be read, by table.
struct Damage {
    struct Table {
        std::uint64_t invalid_rows = 0;  ///< whole, but a value is none that nspect writes
        bool incomplete = false;         ///< pages are missing or make no sense
    };
    std::map<std::string, Table> tables;
    std::vector<std::string> notes;  ///< about the file as a whole

    std::vector<std::string> sentences() const;
    std::vector<Loss> losses(const RecordingInfo& info) const;
};

/// Which sightings are read, and where they go.
struct SightingsWanted {
    Timestamp since;
    const std::function<void(std::size_t)>& progress;
    std::vector<Sighting>& all;

    void tell() const;
};

/// Reads the tables of docs/recording-format.md back. Rows that are not whole are left out and
/// counted.
class RecordingReader {
public:
    /// `db` and `damage` outlive the reader.
    RecordingReader(SqliteDb& db, Damage& damage) : db_(&db), damage_(&damage) {}

    Result<Recording> context();
    /// Those that began at `since` or later, as they lie in the file. `progress` is told now and
    /// then how many there are.
    Status sightings(Timestamp since, std::vector<Sighting>& all,
                     const std::function<void(std::size_t)>& progress);

private:
    Status scan(const std::string& table, const std::string& columns,
                const std::function<bool(std::int64_t, Row&)>& use);
    Status read_info(Recording& recording);
    Status read_targets(Recording& recording);
    Status read_target_parts(std::vector<TargetInfo>& targets);
    Status read_interfaces(std::vector<TargetInfo>& targets);
    Status read_flows_around(Recording& recording);
    Status read_socket_owners(Recording& recording);
    Status read_name_failures(Recording& recording);
    Status read_counts(Recording& recording);
    using UseRow = std::function<Status(Row&)>;
    Status each_row(const std::string& table, const std::string& columns, const std::string& where,
                    const UseRow& use, const std::function<void()>& start_over);
    Result<Step> walk(const std::string& sql, const UseRow& use);
    Status salvage(const std::string& table, const std::string& columns, const UseRow& use);
    Result<std::vector<std::int64_t>> whole_rows(const std::string& table);
    Result<Step> read_run(const std::string& table, std::int64_t from,
                          std::vector<std::int64_t>& keys);
    Result<std::optional<std::int64_t>> next_readable(const std::string& table, std::int64_t from);
    Status read_rows(SightingsWanted& wanted);
    Status read_blocks(SightingsWanted& wanted);
    Status take(BlockDecoder::Decoded& decoded, SightingsWanted& wanted);
    Result<AppNames> read_apps();
    Status find_tls(std::int64_t row, Sighting& sighting);
    /// A statement that is prepared once, ready for its parameters.
    Result<Statement*> prepared(const std::string& sql);
    Result<Shared<TlsSeen>> tls(std::int64_t id);
    Result<Shared<TlsSeen>> read_tls(std::int64_t id);
    static void take_later_columns(Row& row, TlsSeen& tls);
    Status read_parts(const std::string& table, const std::string& columns, const std::string& of,
                      std::int64_t id, const std::function<bool(std::int64_t, Row&)>& use);
    Status read_identities(std::int64_t id, TlsSeen& tls);
    Status read_offers(std::int64_t id, TlsSeen& tls);
    Status read_certificates(std::int64_t id, TlsSeen& tls);

    SqliteDb* db_;
    Damage* damage_;
    std::unordered_map<std::int64_t, Shared<TlsSeen>> tls_known_;
    std::unordered_map<std::string, Statement> statements_;
};

}  // namespace nspect::store
