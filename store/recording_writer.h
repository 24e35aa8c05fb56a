// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "model/batch.h"
#include "model/result.h"
#include "store/sighting_writer.h"
#include "store/sqlite_db.h"

namespace nspect::store {

/// Writes batches into the tables of docs/recording-format.md, each in one transaction.
class RecordingWriter {
public:
    /// `db` is open for writing, made by create_recording(), and outlives the writer.
    static Result<RecordingWriter> on(SqliteDb& db);

    Status write(const Batch& batch);

private:
    explicit RecordingWriter(SqliteDb& db) : db_(&db) {}
    Status prepare();
    bool write_rows(const Batch& batch);
    bool add(const RecordingInfo& info);
    bool add(const TargetInfo& target);
    bool add_parts(const TargetInfo& target);
    bool add(const InterfaceInfo& interface, std::uint32_t target, std::size_t position);
    bool add(const AddressSeen& address);
    bool add(const SocketOwner& owner);
    bool add(const Vantage& vantage);
    bool add(const NameSeen& name);
    bool add(const NameFailure& failure);
    bool add(const Loss& loss);
    bool add(const PacketCount& count);
    template <class Values>
    bool add_all(const Values& values);

    SqliteDb* db_;
    Statement begin_, commit_, rollback_;
    Statement info_, target_, label_, pid_, interface_, interface_address_, interface_broadcast_;
    Statement forget_labels_, forget_pids_, forget_interfaces_, forget_interface_addresses_,
        forget_interface_broadcasts_;
    Statement address_, socket_owner_, vantage_, name_, name_failure_, loss_, packet_count_;
    SightingWriter sightings_;
};

}  // namespace nspect::store
