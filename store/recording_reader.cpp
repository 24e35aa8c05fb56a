// SPDX-License-Identifier: Apache-2.0
#include "store/recording_reader.h"

namespace nspect::store {

namespace {

/// Index by id into what was read before, for rows that belong to others.
using Places = std::unordered_map<std::uint32_t, std::size_t>;

Places places_of(const std::vector<TargetInfo>& targets) {
    Places places;
    for (std::size_t i = 0; i < targets.size(); ++i) places.emplace(targets[i].id, i);
    return places;
}

TargetInfo* find(const Places& places, std::vector<TargetInfo>& targets, std::uint32_t id) {
    const auto found = places.find(id);
    return found == places.end() ? nullptr : &targets[found->second];
}

}  // namespace

std::vector<std::string> Damage::sentences() const {
    std::vector<std::string> all = notes;
    for (const auto& [name, table] : tables) {
        if (table.incomplete) {
            all.push_back("part of table " + name + " is missing or damaged; the rest was read");
        }
        if (table.invalid_rows > 0) {
            const char* const what = name == "sighting_block" ? " sightings" : " rows";
            all.push_back(std::to_string(table.invalid_rows) + what + " of table " + name +
                          " are not valid and were left out");
        }
    }
    return all;
}

std::vector<Loss> Damage::losses(const RecordingInfo& info) const {
    std::uint64_t invalid = 0;
    for (const auto& [name, table] : tables) invalid += table.invalid_rows;
    std::vector<Loss> all;
    for (auto& sentence : sentences()) {
        all.push_back({.from = info.started,
                       .to = info.ended.value_or(info.started),
                       .source = "recording",
                       .kind = loss_kind::damaged,
                       .count = 1,
                       .note = std::move(sentence)});
    }
    if (invalid > 0) all.back().count = invalid;
    return all;
}

Status RecordingReader::scan(const std::string& table, const std::string& columns,
                             const std::function<bool(std::int64_t, Row&)>& use) {
    auto statement =
        db_->prepare("SELECT rowid, " + columns + " FROM " + table + " ORDER BY rowid");
    if (!statement) return std::move(statement).error();
    std::optional<std::int64_t> last;
    Step step = statement->step();
    for (; step == Step::row; step = statement->step()) {
        Row row(*statement);
        const std::int64_t rowid = row.integer();
        // Pages of a forged file may refer to each other in circles.
        if (last && rowid <= *last) {
            step = Step::damaged;
            break;
        }
        last = rowid;
        if (!use(rowid, row)) ++damage_->tables[table].invalid_rows;
    }
    if (step == Step::failed) return db_->error("cannot read the recording");
    if (step == Step::damaged) damage_->tables[table].incomplete = true;
    return done;
}

Result<Recording> RecordingReader::context() {
    Recording recording;
    // One snapshot of all tables, while somebody else writes.
    if (auto begun = db_->exec("BEGIN"); !begun) return std::move(begun).error();
    Status read = read_info(recording);
    if (read) read = read_targets(recording);
    if (read) read = read_flows_around(recording);
    if (read) read = read_counts(recording);
    const Status ended = db_->exec("COMMIT");
    if (!read) return std::move(read).error();
    if (!ended) return ended.error();
    for (auto& loss : damage_->losses(recording.info)) recording.losses.push_back(std::move(loss));
    return recording;
}

Status RecordingReader::read_info(Recording& recording) {
    return scan("recording",
                "host, boot_id, tool_version, origin, started_ns, ended_ns, asked_for_ns, packets",
                [&](std::int64_t, Row& row) {
                    RecordingInfo info{.host = row.text(),
                                       .boot_id = row.text(),
                                       .tool_version = row.text(),
                                       .origin = row.text(),
                                       .started = row.time(),
                                       .ended = row.time_or_none(),
                                       .asked_for = row.duration_or_none(),
                                       .packets = row.number<std::uint64_t>()};
                    if (row.ok()) recording.info = std::move(info);
                    return row.ok();
                });
}

Status RecordingReader::read_targets(Recording& recording) {
    const auto read = scan(
        "target",
        "netns, is_host, runtime, container, name, image, namespace, pod, pod_uid, from_ns, to_ns",
        [&](std::int64_t id, Row& row) {
            TargetInfo target;
            if (!std::in_range<std::uint32_t>(id)) return false;
            target.id = static_cast<std::uint32_t>(id);
            target.netns = row.number<std::uint64_t>();
            target.is_host = row.boolean();
            target.runtime = row.text();
            target.container = row.text();
            target.name = row.text();
            target.image = row.text();
            target.namespace_name = row.text();
            target.pod = row.text();
            target.pod_uid = row.text();
            target.from = row.time();
            target.to = row.end_time();
            if (row.ok()) recording.targets.push_back(std::move(target));
            return row.ok();
        });
    if (!read) return read;
    const auto parts = read_target_parts(recording.targets);
    return parts ? read_interfaces(recording.targets) : parts;
}

Status RecordingReader::read_target_parts(std::vector<TargetInfo>& targets) {
    const Places places = places_of(targets);
    const auto labels = scan("target_label", "target, key, value", [&](std::int64_t, Row& row) {
        TargetInfo* target = find(places, targets, row.number<std::uint32_t>());
        std::string key = row.text();
        std::string value = row.text();
        if (!row.ok() || target == nullptr) return false;
        target->labels.set(std::move(key), std::move(value));
        return true;
    });
    if (!labels) return labels;
    return scan("target_pid", "target, pid", [&](std::int64_t, Row& row) {
        TargetInfo* target = find(places, targets, row.number<std::uint32_t>());
        const auto pid = row.number<std::uint32_t>();
        if (!row.ok() || target == nullptr) return false;
        target->pids.push_back(pid);
        return true;
    });
}

Status RecordingReader::read_interfaces(std::vector<TargetInfo>& targets) {
    const Places places = places_of(targets);
    const auto interfaces =
        scan("interface",
             "target, position, if_index, name, kind, mac, up, peer_index, peer_netns, peer_name",
             [&](std::int64_t, Row& row) {
                 TargetInfo* target = find(places, targets, row.number<std::uint32_t>());
                 const auto position = row.number<std::uint32_t>();
                 InterfaceInfo interface;
                 interface.index = row.number<std::uint32_t>();
                 interface.name = row.text();
                 interface.kind = row.text();
                 interface.mac = row.text();
                 interface.up = row.boolean();
                 interface.peer_index = row.number<std::uint32_t>();
                 interface.peer_netns = row.number<std::uint64_t>();
                 interface.peer_name = row.text();
                 if (!row.ok() || target == nullptr || position != target->interfaces.size())
                     return false;
                 target->interfaces.push_back(std::move(interface));
                 return true;
             });
    if (!interfaces) return interfaces;
    const auto addresses =
        scan("interface_address", "target, position, address", [&](std::int64_t, Row& row) {
            TargetInfo* target = find(places, targets, row.number<std::uint32_t>());
            const auto position = row.number<std::uint32_t>();
            const IpAddress address = row.address();
            if (!row.ok() || target == nullptr || position >= target->interfaces.size())
                return false;
            target->interfaces[position].addresses.push_back(address);
            return true;
        });
    if (!addresses || !db_->prepare("SELECT target FROM interface_broadcast LIMIT 0")) {
        return addresses;  // before version 5
    }
    return scan("interface_broadcast", "target, position, address", [&](std::int64_t, Row& row) {
        TargetInfo* target = find(places, targets, row.number<std::uint32_t>());
        const auto position = row.number<std::uint32_t>();
        const IpAddress address = row.address();
        if (!row.ok() || target == nullptr || position >= target->interfaces.size()) return false;
        target->interfaces[position].broadcasts.push_back(address);
        return true;
    });
}

Status RecordingReader::read_flows_around(Recording& recording) {
    const auto addresses =
        scan("address", "address, target, from_ns, to_ns", [&](std::int64_t, Row& row) {
            const AddressSeen seen{.address = row.address(),
                                   .target = row.number<std::uint32_t>(),
                                   .from = row.time(),
                                   .to = row.end_time()};
            if (row.ok()) recording.addresses.push_back(seen);
            return row.ok();
        });
    if (!addresses) return addresses;
    const auto vantages =
        scan("vantage", "interface, netns, side, target, source", [&](std::int64_t id, Row& row) {
            if (!std::in_range<std::uint32_t>(id)) return false;
            Vantage vantage{.id = static_cast<std::uint32_t>(id),
                            .interface_name = row.text(),
                            .netns = row.number<std::uint64_t>(),
                            .side = row.one_up_to(VantageSide::file),
                            .target = row.number_or_none<std::uint32_t>(),
                            .source = row.text()};
            if (row.ok()) recording.vantages.push_back(std::move(vantage));
            return row.ok();
        });
    if (!vantages) return vantages;
    const auto names =
        scan("name", "at_ns, vantage, asked_by, name, address, ttl", [&](std::int64_t, Row& row) {
            NameSeen seen{.at = row.time(),
                          .vantage = row.number<std::uint32_t>(),
                          .asked_by = row.address(),
                          .name = row.text(),
                          .address = row.address(),
                          .ttl = row.number<std::uint32_t>()};
            if (row.ok()) recording.names.push_back(std::move(seen));
            return row.ok();
        });
    if (!names) return names;
    if (auto owners = read_socket_owners(recording); !owners) return owners;
    return read_name_failures(recording);
}

/// Since version 4.
Status RecordingReader::read_socket_owners(Recording& recording) {
    if (!db_->prepare("SELECT network FROM socket_owner LIMIT 0")) return done;
    return scan("socket_owner", "target, network, protocol, address, port, from_ns, to_ns",
                [&](std::int64_t, Row& row) {
                    SocketOwner owner{.target = row.number<std::uint32_t>(),
                                      .network = row.number<std::uint32_t>(),
                                      .protocol = row.one_up_to(Protocol::other),
                                      .local = {},
                                      .from = {},
                                      .to = {}};
                    owner.local.ip = row.address();
                    owner.local.port = row.port();
                    owner.from = row.time();
                    owner.to = row.end_time();
                    if (row.ok()) recording.socket_owners.push_back(owner);
                    return row.ok();
                });
}

/// Since version 3.
Status RecordingReader::read_name_failures(Recording& recording) {
    if (!db_->prepare("SELECT problem FROM name_failure LIMIT 0")) return done;
    return scan("name_failure", "at_ns, vantage, asked_by, server, name, problem",
                [&](std::int64_t, Row& row) {
                    NameFailure seen{.at = row.time(),
                                     .vantage = row.number<std::uint32_t>(),
                                     .asked_by = row.address(),
                                     .server = row.address(),
                                     .name = row.text(),
                                     .problem = row.one_up_to(NameProblem::unanswered)};
                    if (row.ok()) recording.name_failures.push_back(std::move(seen));
                    return row.ok();
                });
}

Status RecordingReader::read_counts(Recording& recording) {
    const auto losses =
        scan("loss", "from_ns, to_ns, source, kind, count, note", [&](std::int64_t, Row& row) {
            Loss loss{.from = row.time(),
                      .to = row.time(),
                      .source = row.text(),
                      .kind = row.text(),
                      .count = row.number<std::uint64_t>(),
                      .note = row.text()};
            if (row.ok()) recording.losses.push_back(std::move(loss));
            return row.ok();
        });
    if (!losses) return losses;
    return scan("packet_count", "kind, count", [&](std::int64_t, Row& row) {
        PacketCount count{.kind = row.text(), .count = row.number<std::uint64_t>()};
        if (row.ok()) recording.packet_counts.push_back(std::move(count));
        return row.ok();
    });
}

}  // namespace nspect::store
