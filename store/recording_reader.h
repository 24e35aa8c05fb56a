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

/// Reads the tables of docs/recording-format.md back. Rows that are not whole are left out and
/// counted.
class RecordingReader {
public:
    /// `db` and `damage` outlive the reader.
    RecordingReader(SqliteDb& db, Damage& damage) : db_(&db), damage_(&damage) {}

    Result<Recording> context();
    /// In order of their first packet, from `since` on.
    Status sightings(Timestamp since, const std::function<bool(const Sighting&)>& visit);
    /// All of them in the order in which they lie in the file, which is quicker. False: it is
    /// damaged; what was visited up to there counts for nothing.
    Result<bool> sightings_by_id(const std::function<bool(const Sighting&)>& visit);

private:
    using Key = std::pair<std::int64_t, std::int64_t>;  ///< (first_ns, id)
    using Visit = std::function<bool(const Sighting&)>;
    enum class End { complete, stopped, damaged };

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
    void look_for_columns();
    Result<End> walk(Statement& statement, bool by_time, const Visit& visit,
                     std::optional<Key>& last);
    Result<End> in_time_order(Timestamp since, const Visit& visit, std::optional<Key>& last);
    Status salvage(Timestamp since, const Visit& visit, const std::optional<Key>& after);
    Result<std::vector<Key>> whole_rows();
    Result<Step> read_run(std::int64_t from, std::vector<Key>& keys);
    Result<std::optional<std::int64_t>> next_readable(std::int64_t from);
    /// Fills `sighting` and says whether the row is valid.
    Result<bool> take(Row& row, Sighting& sighting);
    /// A statement that is prepared once, ready for its parameters.
    Result<Statement*> prepared(const std::string& sql);
    Result<Shared<TlsSeen>> tls(std::int64_t id);
    Result<Shared<TlsSeen>> read_tls(std::int64_t id);
    static void take_later_columns(Row& row, TlsSeen& tls);
    static void take_later_columns(Row& row, Sighting& sighting);
    std::string columns() const;  ///< of table sighting
    Status read_parts(const std::string& table, const std::string& columns, const std::string& of,
                      std::int64_t id, const std::function<bool(std::int64_t, Row&)>& use);
    Status read_identities(std::int64_t id, TlsSeen& tls);
    Status read_offers(std::int64_t id, TlsSeen& tls);
    Status read_certificates(std::int64_t id, TlsSeen& tls);

    SqliteDb* db_;
    Damage* damage_;
    bool has_later_columns_ = false;   ///< table sighting is one of version 2
    bool has_latest_columns_ = false;  ///< and of version 3
    bool has_newest_columns_ = false;  ///< and of version 5
    std::unordered_map<std::int64_t, Shared<TlsSeen>> tls_known_;
    std::unordered_map<std::string, Statement> statements_;
};

}  // namespace nspect::store
