// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <utility>

#include "viz/target_words.h"
#include "viz/view_wiring.h"
#include "viz/views.h"
#include "viz/words.h"

namespace nspect::viz {

std::string target_name(const TargetInfo& target) {
    if (target.is_host) return "(host)";
    if (!target.pod.empty()) return target.namespace_name + "/" + target.pod;
    if (!target.name.empty() && !target.namespace_name.empty())
        return target.namespace_name + "/" + target.name;
    if (!target.name.empty()) return target.name;
    return target.container.empty() ? "-" : target.container.substr(0, 12);
}

namespace {

/// Finds what others point to, by namespace and index.
class Places {
public:
    Places(const std::vector<TargetInfo>& targets, const std::vector<Attachment>& attachments) {
        for (const TargetInfo& target : targets) {
            targets_[target.netns] = &target;
            for (const auto& each : target.interfaces)
                names_[{target.netns, each.index}] = each.name;
        }
        for (const Attachment& each : attachments) attachments_[{each.netns, each.index}] = each;
    }
    std::string target(std::uint64_t netns) const {
        const auto found = targets_.find(netns);
        return found == targets_.end() ? std::string() : target_name(*found->second);
    }
    std::string interface(std::uint64_t netns, std::uint32_t index) const {
        const auto found = names_.find({netns, index});
        return found == names_.end() ? "#" + std::to_string(index) : found->second;
    }
    Attachment attachment(std::uint64_t netns, std::uint32_t index) const {
        const auto found = attachments_.find({netns, index});
        return found == attachments_.end() ? Attachment{} : found->second;
    }

private:
    using Key = std::pair<std::uint64_t, std::uint32_t>;
    std::map<std::uint64_t, const TargetInfo*> targets_;
    std::map<Key, std::string> names_;
    std::map<Key, Attachment> attachments_;
};

std::string peer_words(const InterfaceInfo& interface, const Places& places) {
    if (interface.peer_index == 0) return "-";
    const std::string where =
        interface.peer_netns != 0 ? places.target(interface.peer_netns) : std::string();
    const std::string name = interface.peer_name.empty()
                                 ? "#" + std::to_string(interface.peer_index)
                                 : interface.peer_name;
    return where.empty() ? name : name + " in " + where;
}

/// "br0", "eth0 in (host)".
std::string joined_words(std::uint64_t netns, std::uint32_t index, const Places& places) {
    const Attachment found = places.attachment(netns, index);
    std::string text;
    if (found.master_index != 0) text = places.interface(netns, found.master_index);
    if (found.lower_index != 0) {
        text += (text.empty() ? "" : ", ") + places.interface(found.lower_netns, found.lower_index);
        const std::string where = places.target(found.lower_netns);
        if (found.lower_netns != netns && !where.empty()) text += " in " + where;
    }
    return text.empty() ? "-" : text;
}

std::string address_words(const InterfaceInfo& interface) {
    std::string text;
    for (const IpAddress& each : interface.addresses) {
        if (each.is_link_local()) continue;
        text += (text.empty() ? "" : " ") + to_string(each);
    }
    return text.empty() ? "-" : text;
}

}  // namespace

std::string shared_name(const SharingContainer& container) {
    std::string name = container.name.empty() ? container.container.substr(0, 12) : container.name;
    if (container.sandbox) name += " (sandbox)";
    if (!container.pod.empty()) name = container.pod + "/" + name;
    return container.namespace_name.empty() ? name : container.namespace_name + "/" + name;
}

std::string listening_words(const SharingContainer& container) {
    std::string text;
    for (const ListeningSocket& each : container.listens) {
        if (!text.empty()) text += ' ';
        const auto ip = to_string(each.address);
        const std::string port = std::to_string(each.port.number);
        text += std::string(to_string(each.protocol)) + " " +
                (each.address.is_v4() ? ip : "[" + ip + "]") + ":" + port;
    }
    return text.empty() ? "-" : text;
}

namespace {

/// Several containers with one network: which of them listens where.
Table sharing_table(const std::vector<TargetInfo>& targets) {
    Table table{"sharing",
                "Containers that share a network namespace",
                {"Netns", "Runtime", "Container", "Image", "Listens"},
                {},
                {}};
    for (const TargetInfo& target : targets) {
        for (const SharingContainer& each : target.sharing) {
            table.rows.push_back({std::to_string(target.netns), each.runtime, shared_name(each),
                                  each.image.empty() ? "-" : each.image, listening_words(each)});
        }
    }
    return table;
}

}  // namespace

View targets_view(const std::vector<TargetInfo>& targets,
                  const std::vector<Attachment>& attachments) {
    const Places places(targets, attachments);
    View view;
    view.title = "Targets";
    Table table{"targets",
                "",
                {"Netns", "Runtime", "Name", "Interface", "Kind", "Peer", "Joined to", "Addresses"},
                {},
                {}};
    for (const TargetInfo& target : targets) {
        bool first = true;
        for (const InterfaceInfo& each : target.interfaces) {
            if (each.kind == "loopback") continue;
            table.rows.push_back(
                {first ? std::to_string(target.netns) : "", first ? target.runtime : "",
                 first ? target_name(target) : "", each.name, each.kind, peer_words(each, places),
                 joined_words(target.netns, each.index, places), address_words(each)});
            first = false;
        }
        if (first) {
            table.rows.push_back({std::to_string(target.netns), target.runtime, target_name(target),
                                  "-", "-", "-", "-", "-"});
        }
    }
    view.summary = {counted(targets.size(), "network namespace") + "."};
    view.tables = {std::move(table)};
    if (auto sharing = sharing_table(targets); !sharing.rows.empty())
        view.tables.push_back(std::move(sharing));
    add_wiring(targets, attachments, view);
    return view;
}

}  // namespace nspect::viz
