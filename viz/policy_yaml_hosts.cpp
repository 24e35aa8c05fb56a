// SPDX-License-Identifier: Apache-2.0
#include "viz/policy_yaml_hosts.h"

#include <set>
#include <string_view>
#include <vector>

#include "viz/escape.h"
#include "viz/policy_yaml_parts.h"
#include "viz/yaml_text.h"

namespace nspect::viz {

namespace {

std::string elements(const std::vector<std::string>& items, std::size_t indent) {
    if (items.empty()) return {};
    const std::string space(indent, ' ');
    std::string text = space + "elements = {\n";
    for (const auto& item : items) text += space + "    " + item + ",\n";
    return text + space + "}\n";
}

std::string address_text(const IpPrefix& prefix) {
    const bool single = prefix.length() == prefix.address().bits();
    return single ? to_string(prefix.address()) : to_string(prefix);
}

const char* protocol_text(Protocol protocol) {
    if (protocol == Protocol::tcp) return "tcp";
    return protocol == Protocol::udp ? "udp" : "sctp";
}

std::string pass_text(const analyzer::HostPass& pass) {
    std::string ports = std::to_string(pass.ports.first.number);
    if (pass.ports.first != pass.ports.last) {
        ports += "-" + std::to_string(pass.ports.last.number);
    }
    return address_text(pass.from) + " . " + address_text(pass.to) + " . " +
           protocol_text(pass.protocol) + " . " + ports;
}

/// The sets of one family: who is isolated, and what may pass.
std::string sets(const analyzer::HostRules& rules, IpFamily family) {
    const bool v4 = family == IpFamily::v4;
    const std::string version = v4 ? "4" : "6";
    const std::string type = v4 ? "ipv4_addr" : "ipv6_addr";
    std::vector<std::string> covered;
    std::vector<std::string> passes;
    for (const auto& [address, _] : rules.covered) {
        if (address.family() == family) covered.push_back(to_string(address));
    }
    for (const auto& pass : rules.passes) {
        if (pass.from.address().family() == family) passes.push_back(pass_text(pass));
    }
    return "    set covered" + version + " {\n        type " + type + "\n" + elements(covered, 8) +
           "    }\n    set pass" + version + " {\n        type " + type + " . " + type +
           " . inet_proto . inet_service\n        flags interval\n" + elements(passes, 8) +
           "    }\n";
}

std::string port_text(const PortRange& ports) {
    const auto first = std::to_string(ports.first.number);
    return ports.first == ports.last ? first : first + "-" + std::to_string(ports.last.number);
}

/// A kernel takes nearly any bytes, and a recording may hold any; in quotes nft would end at a '"'
/// and take '*' for many. What is not plain is left to the rules by address.
bool is_plain(const std::string& interface) {
    constexpr std::size_t longest = 15;  // IFNAMSIZ
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    return !interface.empty() && interface.size() <= longest &&
           interface.find_first_not_of(plain) == std::string::npos;
}

/// REQUIRES: is_plain(name).
std::string quoted(const std::string& name) {
    return '"' + name + '"';
}

/// The sets by interface: whose is what, and what may pass.
std::string veth_sets(const analyzer::HostRules& rules) {
    std::set<std::string> names;
    std::vector<std::string> own4;
    std::vector<std::string> own6;
    for (const auto& [veth, address] : rules.veths) {
        if (!is_plain(veth)) continue;
        names.insert(quoted(veth));
        (address.is_v4() ? own4 : own6).push_back(quoted(veth) + " . " + to_string(address));
    }
    std::vector<std::string> passes;
    for (const auto& pass : rules.veth_passes) {
        if (!is_plain(pass.from) || !is_plain(pass.to)) continue;
        passes.push_back(quoted(pass.from) + " . " + quoted(pass.to) + " . " +
                         protocol_text(pass.protocol) + " . " + port_text(pass.ports));
    }
    return "    set veths {\n        type ifname\n" + elements({names.begin(), names.end()}, 8) +
           "    }\n    set own4 {\n        type ifname . ipv4_addr\n" + elements(own4, 8) +
           "    }\n    set own6 {\n        type ifname . ipv6_addr\n" + elements(own6, 8) +
           "    }\n    set pass_veths {\n        type ifname . ifname . inet_proto . inet_service\n"
           "        flags interval\n" +
           elements(passes, 8) + "    }\n";
}

constexpr const char* untracked_veth_replies =
    R"(        oifname . iifname . meta l4proto . th sport @pass_veths tcp flags & (syn | ack) != syn accept
        oifname . iifname . meta l4proto . th sport @pass_veths meta l4proto != tcp accept
)";

// Between two of them interfaces decide; addresses say what may pass with everyone else.
constexpr const char* veth_decisions =
    R"(        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept
        iifname . oifname . meta l4proto . th dport @pass_veths accept
        iifname @veths oifname @veths meta protocol { ip, ip6 } counter drop
)";

// What a container sends comes from its own address, or from none yet.
constexpr const char* own_addresses = R"(    chain own {
        type filter hook prerouting priority -150; policy accept;
        ip saddr 0.0.0.0 udp dport 67 accept
        ip6 saddr { ::, fe80::/10 } accept
        iifname @veths meta protocol ip iifname . ip saddr != @own4 counter drop
        iifname @veths meta protocol ip6 iifname . ip6 saddr != @own6 counter drop
    }
)";

constexpr const char* tracked_replies = "        ct state established,related accept\n";

// Many kernels track no connections on bridges: an answer is known by its ports and, in TCP, by not
// asking for a connection.
constexpr const char* untracked_replies =
    R"(        icmp type { destination-unreachable, time-exceeded, parameter-problem } accept
        icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept
        ip daddr . ip saddr . meta l4proto . th sport @pass4 tcp flags & (syn | ack) != syn accept
        ip daddr . ip saddr . meta l4proto . th sport @pass4 meta l4proto != tcp accept
        ip6 daddr . ip6 saddr . meta l4proto . th sport @pass6 tcp flags & (syn | ack) != syn accept
        ip6 daddr . ip6 saddr . meta l4proto . th sport @pass6 meta l4proto != tcp accept
)";

constexpr const char* decisions =
    R"(        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept
        ip saddr . ip daddr . meta l4proto . th dport @pass4 accept
        ip6 saddr . ip6 daddr . meta l4proto . th dport @pass6 accept
        ip saddr @covered4 counter drop
        ip daddr @covered4 counter drop
        ip6 saddr @covered6 counter drop
        ip6 daddr @covered6 counter drop
    }
)";

std::string table(const std::string& family, const analyzer::HostRules& rules,
                  const std::vector<std::string>& hooks) {
    const std::string name = "table " + family + " nspect";
    const bool by_veth = !rules.veths.empty();
    const bool bridge = family == "bridge";
    std::string text = name + "\ndelete " + name + "\n" + name + " {\n" +
                       sets(rules, IpFamily::v4) + sets(rules, IpFamily::v6) +
                       (by_veth ? veth_sets(rules) : "") + "    chain decide {\n";
    // Replies by interface come first: those by address would let a forged one pass.
    if (bridge) text += (by_veth ? untracked_veth_replies : "");
    text += bridge ? untracked_replies : tracked_replies;
    text += (by_veth ? veth_decisions : "");
    text += decisions;
    for (const auto& hook : hooks) {
        text += "    chain " + hook + " {\n        type filter hook " + hook +
                " priority 0; policy accept;\n        jump decide\n    }\n";
    }
    if (by_veth) text += own_addresses;
    return text + "}\n";
}

}  // namespace

std::string to_nftables(const analyzer::HostRules& rules) {
    std::string text =
        "#!/usr/sbin/nft -f\n"
        "# Lets pass what was recorded, and nothing else to or from these:\n";
    for (const auto& [address, who] : rules.covered) {
        text += "#   " + to_string(address) + " " + for_terminal(who) + "\n";
    }
    if (!rules.veths.empty()) {
        text += "# By interface; the names are of these containers while they run:\n";
        for (const auto& [veth, address] : rules.veths) {
            text += "#   " + for_terminal(veth) + " " + to_string(address) + "\n";
        }
    }
    // What crosses a bridge is not routed, and is seen in that family alone.
    return text + table("inet", rules, {"forward", "input"}) + table("bridge", rules, {"forward"});
}

std::string to_compose(const analyzer::NetworkSplit& split) {
    YamlLines out;
    out.comments(
        0,
        {"WARNING: needs Docker Compose 2.24.4 or newer, which knows !override and !reset; without "
         "them services stay in the networks that they share today",
         "Project " + split.project + ": docker compose -f compose.yaml -f THIS up",
         "Only services that were seen talking share a network. Networks know no ports: "
         "for these use --dialect nftables."});
    out.line(0, "services:");
    const auto network = [](std::size_t index) { return "nspect-" + std::to_string(index + 1); };
    for (const auto& service : split.services) {
        out.line(1, yaml_scalar(service) + ":");
        std::string names;
        for (std::size_t i = 0; i < split.networks.size(); ++i) {
            if (!split.networks[i].contains(service)) continue;
            names += (names.empty() ? "" : ", ") + network(i);
        }
        if (split.outside.contains(service)) {
            names += (names.empty() ? "" : ", ") + yaml_scalar("nspect-outside-" + service);
        }
        if (names.empty()) {
            out.line(2, "networks: !reset null");
            out.line(2, "network_mode: none");
        } else {
            out.line(2, "networks: !override [" + names + "]");
        }
    }
    if (!split.networks.empty() || !split.outside.empty()) out.line(0, "networks:");
    for (std::size_t i = 0; i < split.networks.size(); ++i) {
        out.line(1, network(i) + ": {internal: true}");
    }
    for (const auto& service : split.outside) {
        out.line(1, yaml_scalar("nspect-outside-" + service) + ": {}");
    }
    return out.take();
}

}  // namespace nspect::viz
