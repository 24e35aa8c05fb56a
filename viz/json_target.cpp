// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "viz/json.h"
#include "viz/json_value.h"

namespace nspect::viz {

namespace {

Json interface_json(const InterfaceInfo& interface) {
    Json json;
    json["name"] = interface.name;
    json["index"] = interface.index;
    json["kind"] = interface.kind;
    if (!interface.mac.empty()) json["mac"] = interface.mac;
    json["up"] = interface.up;
    if (interface.peer_index != 0) {
        json["peer"] = {{"index", interface.peer_index}};
        if (!interface.peer_name.empty()) json["peer"]["name"] = interface.peer_name;
        if (interface.peer_netns != 0) json["peer"]["netns"] = interface.peer_netns;
    } else {
        json["peer"] = nullptr;
    }
    json["addresses"] = Json::array();
    for (const IpAddress& each : interface.addresses) json["addresses"].push_back(to_string(each));
    return json;
}

Json sharing_json(const SharingContainer& container) {
    Json json;
    json["runtime"] = container.runtime;
    json["container"] = container.container;
    json["name"] = container.name;
    json["image"] = container.image;
    json["pod"] = container.pod;
    json["namespace"] = container.namespace_name;
    json["sandbox"] = container.sandbox;
    json["pids"] = container.pids;
    json["listens"] = Json::array();
    for (const ListeningSocket& each : container.listens) {
        json["listens"].push_back({{"protocol", std::string(to_string(each.protocol))},
                                   {"address", to_string(each.address)},
                                   {"port", each.port.number}});
    }
    return json;
}

using Attachments = std::map<std::pair<std::uint64_t, std::uint32_t>, Attachment>;

void add_attachment(const Attachment& attachment, Json& json) {
    if (attachment.master_index != 0) json["master"] = {{"index", attachment.master_index}};
    if (attachment.lower_index == 0) return;
    json["lower"] = {{"index", attachment.lower_index}};
    if (attachment.lower_netns != 0) json["lower"]["netns"] = attachment.lower_netns;
}

Json target_json(const TargetInfo& target, const Attachments& attachments) {
    Json json;
    json["netns"] = target.netns;
    json["host"] = target.is_host;
    json["runtime"] = target.runtime;
    json["container"] = target.container;
    json["name"] = target.name;
    json["image"] = target.image;
    json["labels"] = Json::object();
    for (const auto& [key, value] : target.labels.entries()) json["labels"][key] = value;
    json["pod"] = target.pod;
    json["namespace"] = target.namespace_name;
    json["pids"] = target.pids;
    json["interfaces"] = Json::array();
    for (const InterfaceInfo& each : target.interfaces) {
        json["interfaces"].push_back(interface_json(each));
        const auto attachment = attachments.find({target.netns, each.index});
        if (attachment != attachments.end())
            add_attachment(attachment->second, json["interfaces"].back());
    }
    if (target.sharing.empty()) return json;
    json["sharing"] = Json::array();
    for (const SharingContainer& each : target.sharing)
        json["sharing"].push_back(sharing_json(each));
    return json;
}

}  // namespace

std::string to_json(const std::vector<TargetInfo>& targets,
                    const std::vector<Attachment>& attachments) {
    Attachments by_interface;
    for (const Attachment& each : attachments) by_interface[{each.netns, each.index}] = each;
    Json json;
    json["schema"] = 1;
    json["targets"] = Json::array();
    for (const TargetInfo& each : targets)
        json["targets"].push_back(target_json(each, by_interface));
    return dumped(json) + "\n";
}

}  // namespace nspect::viz
