// SPDX-License-Identifier: Apache-2.0
#include "viz/views.h"
#include "viz/words.h"

namespace nspect::viz {

namespace {

std::string target_name(const TargetInfo& target) {
    if (target.is_host) return "(host)";
    if (!target.pod.empty()) return target.namespace_name + "/" + target.pod;
    if (!target.name.empty() && !target.namespace_name.empty())
        return target.namespace_name + "/" + target.name;
    if (!target.name.empty()) return target.name;
    return target.container.empty() ? "-" : target.container.substr(0, 12);
}

std::string peer_words(const InterfaceInfo& interface, const std::vector<TargetInfo>& targets) {
    if (interface.peer_index == 0) return "-";
    std::string where;
    for (const TargetInfo& each : targets) {
        if (each.netns == interface.peer_netns && interface.peer_netns != 0)
            where = target_name(each);
    }
    const std::string name = interface.peer_name.empty()
                                 ? "#" + std::to_string(interface.peer_index)
                                 : interface.peer_name;
    return where.empty() ? name : name + " in " + where;
}

std::string address_words(const InterfaceInfo& interface) {
    std::string text;
    for (const IpAddress& each : interface.addresses) {
        if (each.is_link_local()) continue;
        text += (text.empty() ? "" : " ") + to_string(each);
    }
    return text.empty() ? "-" : text;
}

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

View targets_view(const std::vector<TargetInfo>& targets) {
    View view;
    view.title = "Targets";
    Table table{"targets",
                "",
                {"Netns", "Runtime", "Name", "Interface", "Kind", "Peer", "Addresses"},
                {},
                {}};
    for (const TargetInfo& target : targets) {
        bool first = true;
        for (const InterfaceInfo& each : target.interfaces) {
            if (each.kind == "loopback") continue;
            table.rows.push_back({first ? std::to_string(target.netns) : "",
                                  first ? target.runtime : "", first ? target_name(target) : "",
                                  each.name, each.kind, peer_words(each, targets),
                                  address_words(each)});
            first = false;
        }
        if (first) {
            table.rows.push_back({std::to_string(target.netns), target.runtime, target_name(target),
                                  "-", "-", "-", "-"});
        }
    }
    view.summary = {counted(targets.size(), "network namespace") + "."};
    view.tables = {std::move(table)};
    if (auto sharing = sharing_table(targets); !sharing.rows.empty())
        view.tables.push_back(std::move(sharing));
    return view;
}

}  // namespace nspect::viz
