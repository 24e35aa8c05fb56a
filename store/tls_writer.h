// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "model/hash_seed.h"
#include "model/tls_seen.h"
#include "store/sqlite_db.h"

namespace nspect::store {

/// Writes TLS facts. Connections to one service mostly show the same ones: each set is stored once.
class TlsWriter {
public:
    Status prepare(SqliteDb& db);
    /// The row that holds these facts, a new one where none is remembered; nothing when it failed.
    std::optional<std::int64_t> row(const TlsSeen& tls);
    /// What was remembered is not in the file any more.
    void forget() { rows_.clear(); }

private:
    bool add(const TlsSeen& tls, std::int64_t id);
    bool add_names(const TlsSeen& tls, std::int64_t id);
    bool add(const CertificateSeen& certificate, std::int64_t tls, const char* side);

    Statement tls_, identity_, offer_, certificate_, certificate_name_;
    /// Bounded; what is forgotten here is stored again.
    std::unordered_map<std::string, std::int64_t, SeededTextHash> rows_;
    std::int64_t next_tls_ = 1;
    std::int64_t next_certificate_ = 1;
};

}  // namespace nspect::store
