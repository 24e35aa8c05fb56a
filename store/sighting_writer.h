// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/hash_seed.h"
#include "model/sighting.h"
#include "store/id_set.h"
#include "store/sqlite_db.h"
#include "store/tls_writer.h"

namespace nspect::store {

/// Writes sightings: those that ended into blocks, in the order in which they come; one that may
/// change into a block of its own, which is replaced by its later ones and goes when it ends. Each
/// is in one block only: should one that ended change all the same, it is taken out of the block it
/// is in.
class SightingWriter {
public:
    /// `db` outlives it.
    Status prepare(SqliteDb& db);
    /// `final`: what is still open will not change either.
    bool write(const std::vector<Sighting>& sightings, bool final);
    /// All writes since the last call are in the file.
    void committed() { changes_.clear(); }
    /// None of them is.
    void rolled_back();

private:
    struct Ended {
        const Sighting* sighting = nullptr;
        std::int64_t app = 0;
        std::optional<std::int64_t> tls;
    };
    struct Change {
        IdSet* set = nullptr;
        std::uint64_t id = 0;
    };

    std::optional<Ended> with_rows(const Sighting& sighting);
    bool write_open(const Sighting& sighting);
    bool write_ended(const Sighting& sighting);
    bool write_block();
    bool take_from_block(const Sighting& sighting);
    std::optional<std::int64_t> app(const std::string& name);
    void flip(IdSet& set, std::uint64_t id);

    SqliteDb* db_ = nullptr;
    Statement block_, close_, take_out_, take_out_anywhere_, app_;
    TlsWriter tls_;
    IdSet open_;   ///< in blocks of their own
    IdSet ended_;  ///< in blocks of many
    std::vector<Change> changes_;
    std::vector<Ended> next_;  ///< block
    std::int64_t in_blocks_ = 0;
    std::unordered_map<std::string, std::int64_t, SeededTextHash> apps_;  ///< bounded
    std::int64_t next_app_ = 1;
};

}  // namespace nspect::store
