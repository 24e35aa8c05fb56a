// SPDX-License-Identifier: Apache-2.0
#include "viz/view_wiring.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "viz/target_words.h"

namespace nspect::viz {

namespace {

using Key = std::pair<std::uint64_t, std::uint32_t>;  // netns, ifindex

/// One box for each namespace: two may have the same name.
std::string group_name(const TargetInfo& target) {
    const std::string netns = std::to_string(target.netns);
    if (target.is_host) return target_name(target) + " " + netns;
    const std::string runtime = target.runtime.empty() ? "netns" : target.runtime;
    return target_name(target) + " (" + runtime + " " + netns + ")";
}

/// "veth, 10.0.0.2, fd00::2": the small print below the name.
std::string small_print(const InterfaceInfo& interface) {
    std::string text = interface.kind;
    for (const IpAddress& each : interface.addresses) {
        if (!each.is_link_local()) text += ", " + to_string(each);
    }
    return interface.up ? text : text + ", down";
}

bool joins_others(const InterfaceInfo& interface) {
    return interface.kind == "bridge" || interface.kind == "bond" || interface.kind == "team" ||
           interface.kind == "vrf" || interface.kind == "openvswitch";
}

GraphNode node(const std::string& group, const std::string& label, const std::string& print,
               GraphNode::Kind kind) {
    GraphNode made;
    made.id = group + " " + label + "[" + print + "]";
    made.label = label;
    made.group = group;
    made.kind = kind;
    made.judged = false;
    return made;
}

class Wiring {
public:
    explicit Wiring(View& view) : view_(view) {}

    void add(const TargetInfo& target) {
        const std::string group = group_name(target);
        add_interfaces(target, group);
        for (const SharingContainer& each : target.sharing) {
            const std::string listens = each.listens.empty() ? "" : ", " + listening_words(each);
            view_.graph.nodes.push_back(
                node(group, shared_name(each), each.runtime + listens, GraphNode::Kind::node));
        }
    }
    /// Once for both ends, from the one met first.
    void join_pair(const TargetInfo& target, const InterfaceInfo& interface) {
        if (interface.peer_index == 0) return;
        const Key here{target.netns, interface.index};
        const Key there{interface.peer_netns, interface.peer_index};
        const auto other = nodes_.find(there);
        const auto own = nodes_.find(here);
        if (own == nodes_.end() || other == nodes_.end() || own->second >= other->second) return;
        join(here, there, Wire::Kind::pair);
    }
    void join(const Attachment& each) {
        const Key here{each.netns, each.index};
        if (each.master_index != 0) join(here, {each.netns, each.master_index}, Wire::Kind::port);
        if (each.lower_index != 0)
            join(here, {each.lower_netns, each.lower_index}, Wire::Kind::upon);
    }

private:
    /// A loopback says nothing, but where it is all there is.
    void add_interfaces(const TargetInfo& target, const std::string& group) {
        const auto& all = target.interfaces;
        const bool alone = std::all_of(all.begin(), all.end(), [](const InterfaceInfo& each) {
            return each.kind == "loopback";
        });
        for (const InterfaceInfo& each : all) {
            if (each.kind == "loopback" && !alone) continue;
            nodes_[{target.netns, each.index}] = view_.graph.nodes.size();
            view_.graph.nodes.push_back(
                node(group, each.name, small_print(each),
                     joins_others(each) ? GraphNode::Kind::external : GraphNode::Kind::workload));
        }
        if (all.empty() && target.sharing.empty()) {
            view_.graph.nodes.push_back(
                node(group, "no interface", "may not be seen", GraphNode::Kind::workload));
        }
    }
    void join(const Key& from, const Key& to, Wire::Kind kind) {
        const auto start = nodes_.find(from);
        const auto end = nodes_.find(to);
        if (start == nodes_.end() || end == nodes_.end()) return;
        view_.wires.push_back({start->second, end->second, kind});
    }

    View& view_;
    std::map<Key, std::size_t> nodes_;
};

}  // namespace

void add_wiring(const std::vector<TargetInfo>& targets, const std::vector<Attachment>& attachments,
                View& view) {
    Wiring wiring(view);
    for (const TargetInfo& target : targets) wiring.add(target);
    for (const TargetInfo& target : targets) {
        for (const InterfaceInfo& each : target.interfaces) wiring.join_pair(target, each);
    }
    for (const Attachment& each : attachments) wiring.join(each);
}

}  // namespace nspect::viz
