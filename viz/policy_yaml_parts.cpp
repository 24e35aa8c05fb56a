// SPDX-License-Identifier: Apache-2.0
#include "viz/policy_yaml_parts.h"

#include <algorithm>

#include "viz/escape.h"
#include "viz/yaml_text.h"

namespace nspect::viz {

void YamlLines::line(std::size_t indent, const std::string& text) {
    text_ += std::string(indent * 2, ' ') + text + "\n";
}

void YamlLines::comments(std::size_t indent, const std::vector<std::string>& notes) {
    for (const auto& note : notes) line(indent, "# " + for_terminal(note));
}

void YamlLines::item(std::size_t indent, std::string body) {
    if (body.empty()) return line(indent, "- {}");
    body[indent * 2] = '-';
    text_ += body;
}

void write_head(YamlLines& out, const analyzer::GeneratedPolicy& generated,
                const std::string& api_version, const std::string& kind) {
    out.comments(0, generated.notes);
    out.line(0, "apiVersion: " + api_version);
    out.line(0, "kind: " + kind);
    out.line(0, "metadata:");
    out.line(1, "name: " + yaml_scalar(generated.policy.name));
    const auto& place = generated.policy.namespace_name;
    if (!place.empty()) out.line(1, "namespace: " + yaml_scalar(place));
    out.line(0, "spec:");
}

const std::vector<std::string>& notes_of(const analyzer::GeneratedPolicy& generated,
                                         Direction direction, std::size_t rule) {
    static const std::vector<std::string> none;
    const auto& notes =
        direction == Direction::ingress ? generated.ingress_notes : generated.egress_notes;
    return rule < notes.size() ? notes[rule] : none;
}

std::vector<WrittenPort> written_ports(const Rule& rule) {
    std::vector<WrittenPort> ports;
    for (const PortMatch& each : rule.ports) {
        if (!each.name.empty()) {
            ports.push_back({each.name_protocol.value_or(Protocol::tcp), all_ports, each.name});
            continue;
        }
        for (const Protocol protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
            for (const PortRange& range : each.traffic.ports(protocol).intervals()) {
                ports.push_back({protocol, range, ""});
            }
        }
    }
    return ports;
}

bool names_anyone(const Rule& rule) {
    return std::any_of(rule.peers.begin(), rule.peers.end(),
                       [](const Peer& each) { return std::holds_alternative<AnyPeer>(each); });
}

}  // namespace nspect::viz
