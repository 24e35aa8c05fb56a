// SPDX-License-Identifier: Apache-2.0
#include "ingest/live/pod_book.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "model/workload.h"

namespace nspect::ingest {
namespace {

using Json = nlohmann::json;

const Json& member(const Json& object, const char* key) {
    static const Json nothing;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() ? *found : nothing;
}

std::string text(const Json& object, const char* key) {
    const auto& value = member(object, key);
    return value.is_string() ? value.get<std::string>() : std::string{};
}

void set(Labels& labels, std::string_view key, std::string value) {
    if (!value.empty()) labels.set(std::string(key), std::move(value));
}

/// "kind" and "name" of the one that controls it.
std::pair<std::string, std::string> controller_of(const Json& metadata) {
    for (const auto& owner : member(metadata, "ownerReferences")) {
        const auto& controls = member(owner, "controller");
        if (controls.is_boolean() && controls.get<bool>())
            return {text(owner, "kind"), text(owner, "name")};
    }
    return {};
}

std::set<IpAddress> addresses_of(const Json& pod) {
    std::set<IpAddress> all;
    const auto& shared = member(member(pod, "spec"), "hostNetwork");
    if (shared.is_boolean() && shared.get<bool>()) return all;
    const auto& status = member(pod, "status");
    const auto add = [&](const std::string& written) {
        if (const auto address = IpAddress::parse(written)) all.insert(*address);
    };
    add(text(status, "podIP"));
    for (const auto& each : member(status, "podIPs")) add(text(each, "ip"));
    return all;
}

bool has_ended(const Json& pod) {
    const auto phase = text(member(pod, "status"), "phase");
    return phase == "Succeeded" || phase == "Failed";
}

Timestamp start_of(const Json& pod, Timestamp now) {
    const auto started = parse_timestamp(text(member(pod, "status"), "startTime"));
    return started ? std::min(*started, now) : now;
}

TargetInfo describe(const Json& pod) {
    const auto& metadata = member(pod, "metadata");
    const auto& spec = member(pod, "spec");
    TargetInfo target;
    target.runtime = "kubernetes";
    target.pod = text(metadata, "name");
    target.namespace_name = text(metadata, "namespace");
    target.pod_uid = text(metadata, "uid");
    for (const auto& [key, value] : member(metadata, "labels").items()) {
        if (value.is_string()) target.labels.set(key, value.get<std::string>());
    }
    set(target.labels, node_key, text(spec, "nodeName"));
    set(target.labels, service_account_key, text(spec, "serviceAccountName"));
    return target;
}

/// A Deployment's ReplicaSet is called after it and the hash of the template.
std::string without_template_hash(const std::string& replica_set, const Labels& labels) {
    const auto* hash = labels.find("pod-template-hash");
    if (hash == nullptr || hash->empty() || !replica_set.ends_with("-" + *hash)) return {};
    return "Deployment/" + replica_set.substr(0, replica_set.size() - hash->size() - 1);
}

}  // namespace

bool PodBook::wants(std::string_view kind) {
    return kind == "Pod" || kind == "ReplicaSet" || kind == "Job";
}

void PodBook::take(std::string_view kind, const std::string& key, std::string_view json,
                   Timestamp now) {
    if (kind == "Pod") return take_pod(key, json, now);
    if (wants(kind)) take_controller(std::string(kind) + "/" + key, json);
}

/// Pods outlive what controls them by a moment, so that is remembered as long as it lives.
void PodBook::take_controller(const std::string& name, std::string_view json) {
    if (json.empty()) {
        controllers_.erase(name);
        return;
    }
    const auto object = Json::parse(json, nullptr, false);
    const auto [kind, owner] = controller_of(member(object, "metadata"));
    if (kind.empty()) return;
    controllers_[name] = kind + "/" + owner;
    const auto [first, last] = unexplained_.equal_range(name);
    for (auto waiting = first; waiting != last; ++waiting) {
        const auto pod = pods_.find(waiting->second);
        if (pod == pods_.end() || pod->second.controller != name) continue;
        name_owner(pod->first, pod->second);
        changed(pod->second);
    }
    unexplained_.erase(name);
}

void PodBook::name_owner(const std::string& key, Pod& pod) {
    if (pod.controller.empty()) return;
    const auto known = controllers_.find(pod.controller);
    const auto first = pod.controller.find('/');
    const auto last = pod.controller.rfind('/');
    std::string owner;
    if (known != controllers_.end()) {
        owner = known->second;
    } else {
        const auto kind = pod.controller.substr(0, first);
        if (wants(kind)) unexplained_.emplace(pod.controller, key);
        const auto name = pod.controller.substr(last + 1);
        if (kind == "ReplicaSet") owner = without_template_hash(name, pod.target.labels);
        if (owner.empty()) owner = kind + "/" + name;
    }
    pod.target.labels.set(std::string(owner_key), owner);
}

void PodBook::take_pod(const std::string& key, std::string_view json, Timestamp now) {
    const auto object = json.empty() ? Json() : Json::parse(json, nullptr, false);
    auto known = pods_.find(key);
    const bool gone = !object.is_object() || has_ended(object);
    TargetInfo target = gone ? TargetInfo{} : describe(object);
    // A pod that is made again under its name is another one.
    if (known != pods_.end() && (gone || known->second.target.pod_uid != target.pod_uid)) {
        close(known, now);
        known = pods_.end();
    }
    if (gone) return;
    const bool fresh = known == pods_.end();
    Pod& pod = pods_[key];
    const auto from = start_of(object, now);
    target.id = fresh ? ++last_id_ : pod.target.id;
    target.from = fresh ? from : pod.target.from;
    const auto [kind, owner] = controller_of(member(object, "metadata"));
    if (!kind.empty()) pod.controller = kind + "/" + target.namespace_name + "/" + owner;
    const auto before = std::exchange(pod.target, std::move(target));
    name_owner(key, pod);
    if (fresh || before != pod.target) changed(pod);
    move_addresses(pod, addresses_of(object), pod.addresses.empty() ? from : now, now);
}

void PodBook::move_addresses(Pod& pod, const std::set<IpAddress>& current, Timestamp from,
                             Timestamp now) {
    for (auto each = pod.addresses.begin(); each != pod.addresses.end();) {
        if (current.contains(each->first)) {
            ++each;
            continue;
        }
        addresses_.push_back({each->first, pod.target.id, each->second, now});
        freed_[each->first] = now;
        each = pod.addresses.erase(each);
    }
    for (const auto& address : current) {
        if (pod.addresses.contains(address)) continue;
        // A pod may have waited long for the address that another one still had.
        const auto freed = freed_.find(address);
        const auto since = freed != freed_.end() ? std::max(from, freed->second) : from;
        pod.addresses.emplace(address, since);
        addresses_.push_back({address, pod.target.id, since, forever});
    }
}

void PodBook::close(std::map<std::string, Pod>::iterator pod, Timestamp now) {
    move_addresses(pod->second, {}, now, now);
    pod->second.target.to = now;
    changed(pod->second);
    pods_.erase(pod);
}

Batch PodBook::take_changes() {
    Batch batch;
    for (auto& [id, target] : targets_) batch.targets.push_back(std::move(target));
    targets_.clear();
    batch.addresses = std::exchange(addresses_, {});
    return batch;
}

}  // namespace nspect::ingest
