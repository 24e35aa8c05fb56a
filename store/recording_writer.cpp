// SPDX-License-Identifier: Apache-2.0
#include "store/recording_writer.h"

#include <utility>

namespace nspect::store {

namespace {

/// NULL means forever.
std::optional<Timestamp> end_of(Timestamp to) {
    if (to == forever) return std::nullopt;
    return to;
}

}  // namespace

Result<RecordingWriter> RecordingWriter::on(SqliteDb& db) {
    RecordingWriter writer(db);
    if (auto prepared = writer.prepare(); !prepared) return std::move(prepared).error();
    return writer;
}

Status RecordingWriter::prepare() {
    const std::pair<Statement*, const char*> statements[] = {
        {&begin_, "BEGIN IMMEDIATE"},
        {&commit_, "COMMIT"},
        {&rollback_, "ROLLBACK"},
        {&info_, "INSERT OR REPLACE INTO recording VALUES(1,?,?,?,?,?,?,?,?)"},
        {&target_, "INSERT OR REPLACE INTO target VALUES(?,?,?,?,?,?,?,?,?,?,?,?)"},
        {&label_, "INSERT INTO target_label VALUES(?,?,?)"},
        {&pid_, "INSERT INTO target_pid VALUES(?,?)"},
        {&interface_, "INSERT INTO interface VALUES(?,?,?,?,?,?,?,?,?,?)"},
        {&interface_address_, "INSERT INTO interface_address VALUES(?,?,?)"},
        {&interface_broadcast_, "INSERT INTO interface_broadcast VALUES(?,?,?)"},
        {&forget_labels_, "DELETE FROM target_label WHERE target=?"},
        {&forget_pids_, "DELETE FROM target_pid WHERE target=?"},
        {&forget_interfaces_, "DELETE FROM interface WHERE target=?"},
        {&forget_interface_addresses_, "DELETE FROM interface_address WHERE target=?"},
        {&forget_interface_broadcasts_, "DELETE FROM interface_broadcast WHERE target=?"},
        {&address_,
         "INSERT INTO address VALUES(?,?,?,?) "
         "ON CONFLICT(address, target, from_ns) DO UPDATE SET to_ns=excluded.to_ns"},
        {&socket_owner_,
         "INSERT INTO socket_owner VALUES(?,?,?,?,?,?,?) "
         "ON CONFLICT(target, network, protocol, address, port, from_ns) "
         "DO UPDATE SET to_ns=excluded.to_ns"},
        {&vantage_, "INSERT OR REPLACE INTO vantage VALUES(?,?,?,?,?,?)"},
        {&name_, "INSERT INTO name VALUES(?,?,?,?,?,?)"},
        {&name_failure_, "INSERT INTO name_failure VALUES(?,?,?,?,?,?)"},
        {&loss_, "INSERT INTO loss VALUES(?,?,?,?,?,?)"},
        {&packet_count_,
         "INSERT INTO packet_count VALUES(?,?) "
         "ON CONFLICT(kind) DO UPDATE SET count=excluded.count"},
    };
    for (const auto& [statement, sql] : statements) {
        auto prepared = db_->prepare(sql);
        if (!prepared) return std::move(prepared).error();
        *statement = std::move(*prepared);
    }
    return sightings_.prepare(*db_);
}

Status RecordingWriter::write(const Batch& batch) {
    if (batch.empty()) return done;
    if (begin_.run() && write_rows(batch) && commit_.run()) {
        sightings_.committed();
        return done;
    }
    Error error = db_->error("cannot write to the recording");
    if (db_->in_transaction()) rollback_.run();
    sightings_.rolled_back();
    return error;
}

template <class Values>
bool RecordingWriter::add_all(const Values& values) {
    for (const auto& value : values) {
        if (!add(value)) return false;
    }
    return true;
}

bool RecordingWriter::write_rows(const Batch& batch) {
    return (!batch.info || add(*batch.info)) && add_all(batch.targets) &&
           add_all(batch.addresses) && add_all(batch.socket_owners) && add_all(batch.vantages) &&
           sightings_.write(batch.sightings, batch.sightings_are_final) && add_all(batch.names) &&
           add_all(batch.name_failures) && add_all(batch.losses) && add_all(batch.packet_counts);
}

bool RecordingWriter::add(const RecordingInfo& info) {
    return info_.put(info.host)
        .put(info.boot_id)
        .put(info.tool_version)
        .put(info.origin)
        .put(info.started)
        .put(info.ended)
        .put(info.asked_for)
        .put(info.packets)
        .run();
}

bool RecordingWriter::add(const TargetInfo& target) {
    for (Statement* forget : {&forget_labels_, &forget_pids_, &forget_interfaces_,
                              &forget_interface_addresses_, &forget_interface_broadcasts_}) {
        if (!forget->put(target.id).run()) return false;
    }
    return target_.put(target.id)
               .put(target.netns)
               .put(target.is_host)
               .put(target.runtime)
               .put(target.container)
               .put(target.name)
               .put(target.image)
               .put(target.namespace_name)
               .put(target.pod)
               .put(target.pod_uid)
               .put(target.from)
               .put(end_of(target.to))
               .run() &&
           add_parts(target);
}

bool RecordingWriter::add_parts(const TargetInfo& target) {
    for (const auto& [key, value] : target.labels.entries()) {
        if (!label_.put(target.id).put(key).put(value).run()) return false;
    }
    for (const std::uint32_t pid : target.pids) {
        if (!pid_.put(target.id).put(pid).run()) return false;
    }
    for (std::size_t i = 0; i < target.interfaces.size(); ++i) {
        if (!add(target.interfaces[i], target.id, i)) return false;
    }
    return true;
}

bool RecordingWriter::add(const InterfaceInfo& interface, std::uint32_t target,
                          std::size_t position) {
    for (const auto& address : interface.addresses) {
        const std::string text = to_string(address);
        if (!interface_address_.put(target).put(position).put(text).run()) return false;
    }
    for (const auto& address : interface.broadcasts) {
        const std::string text = to_string(address);
        if (!interface_broadcast_.put(target).put(position).put(text).run()) return false;
    }
    return interface_.put(target)
        .put(position)
        .put(interface.index)
        .put(interface.name)
        .put(interface.kind)
        .put(interface.mac)
        .put(interface.up)
        .put(interface.peer_index)
        .put(interface.peer_netns)
        .put(interface.peer_name)
        .run();
}

bool RecordingWriter::add(const AddressSeen& seen) {
    const std::string text = to_string(seen.address);
    return address_.put(text).put(seen.target).put(seen.from).put(end_of(seen.to)).run();
}

bool RecordingWriter::add(const SocketOwner& owner) {
    const std::string address = to_string(owner.local.ip);
    return socket_owner_.put(owner.target)
        .put(owner.network)
        .put(owner.protocol)
        .put(address)
        .put(owner.local.port)
        .put(owner.from)
        .put(end_of(owner.to))
        .run();
}

bool RecordingWriter::add(const Vantage& vantage) {
    return vantage_.put(vantage.id)
        .put(vantage.interface_name)
        .put(vantage.netns)
        .put(vantage.side)
        .put(vantage.target)
        .put(vantage.source)
        .run();
}

bool RecordingWriter::add(const NameSeen& seen) {
    const std::string asked_by = to_string(seen.asked_by);
    const std::string address = to_string(seen.address);
    return name_.put(seen.at)
        .put(seen.vantage)
        .put(asked_by)
        .put(seen.name)
        .put(address)
        .put(seen.ttl)
        .run();
}

bool RecordingWriter::add(const NameFailure& failure) {
    const std::string asked_by = to_string(failure.asked_by);
    const std::string server = to_string(failure.server);
    return name_failure_.put(failure.at)
        .put(failure.vantage)
        .put(asked_by)
        .put(server)
        .put(failure.name)
        .put(failure.problem)
        .run();
}

bool RecordingWriter::add(const Loss& loss) {
    return loss_.put(loss.from)
        .put(loss.to)
        .put(loss.source)
        .put(loss.kind)
        .put(loss.count)
        .put(loss.note)
        .run();
}

bool RecordingWriter::add(const PacketCount& count) {
    return packet_count_.put(count.kind).put(count.count).run();
}

}  // namespace nspect::store
