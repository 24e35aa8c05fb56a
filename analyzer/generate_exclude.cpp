// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_exclude.h"

#include <algorithm>
#include <optional>

namespace nspect::analyzer {
namespace {

using Condition = std::pair<std::string, std::string>;

/// "22" is any protocol with ports, "udp/53" one.
struct PortCondition {
    std::optional<Protocol> protocol;
    PortSet ports;
};

std::optional<PortCondition> parse_port(std::string_view text) {
    PortCondition made;
    if (const auto slash = text.find('/'); slash != std::string_view::npos) {
        made.protocol = parse_protocol(text.substr(0, slash));
        if (!made.protocol) return std::nullopt;
        text = text.substr(slash + 1);
    }
    const auto ports = parse_port_set(text);
    if (!ports || ports->empty()) return std::nullopt;
    made.ports = *ports;
    return made;
}

bool makes_sense(const Condition& condition) {
    const auto& [key, value] = condition;
    if (value.empty()) return false;
    if (key == "port") return parse_port(value).has_value();
    if (key == "outcome") return parse_outcome(value).has_value();
    if (key == "address") return IpPrefix::parse(value).has_value();
    return key == "workload" || key == "label" || key == "finding";
}

bool carries(const Labels& labels, const std::string& wanted) {
    const auto equals = wanted.find('=');
    const auto* value = labels.find(std::string_view(wanted).substr(0, equals));
    if (value == nullptr) return false;
    return equals == std::string::npos || *value == wanted.substr(equals + 1);
}

}  // namespace

Result<Exclusion> parse_exclusion(std::string_view text) {
    Exclusion made{std::string(text), {}};
    for (auto rest = text; !rest.empty();) {
        const auto comma = rest.find(',');
        const auto part = rest.substr(0, comma);
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        const auto equals = part.find('=');
        if (equals == std::string_view::npos) {
            return Error{Error::Kind::invalid, "'" + std::string(part) + "' excludes nothing",
                         "write KEY=VALUE: workload, label, port, outcome, address or finding", ""};
        }
        Condition condition{std::string(part.substr(0, equals)),
                            std::string(part.substr(equals + 1))};
        if (!makes_sense(condition)) {
            return Error{Error::Kind::invalid,
                         "'" + std::string(part) + "' is no condition of --exclude",
                         "such as workload=shop/web, label=app=web, port=tcp/22, outcome=one-way, "
                         "address=10.0.0.0/8, finding=CODE",
                         ""};
        }
        made.conditions.push_back(std::move(condition));
    }
    if (made.conditions.empty()) {
        return Error{Error::Kind::invalid, "an empty --exclude", "write KEY=VALUE", ""};
    }
    return made;
}

Exclusions::Exclusions(const Inventory& inventory, const Observed& observed,
                       const std::vector<Conversation>& conversations,
                       const std::vector<Exclusion>& exclusions,
                       const std::vector<Finding>& findings)
    : inventory_(inventory),
      observed_(observed),
      conversations_(conversations),
      exclusions_(exclusions) {
    for (const auto& finding : findings) subjects_[finding.code].insert(finding.subject);
    for (const auto& exclusion : exclusions) {
        for (const auto& [key, value] : exclusion.conditions) {
            if (key != "workload") continue;
            const auto named = inventory.workloads_named(value);
            workloads_[value].insert(named.begin(), named.end());
        }
    }
}

const Exclusion* Exclusions::of(std::size_t conversation) const {
    for (const auto& exclusion : exclusions_) {
        const bool all =
            std::all_of(exclusion.conditions.begin(), exclusion.conditions.end(),
                        [&](const Condition& condition) { return holds(condition, conversation); });
        if (all) return &exclusion;
    }
    return nullptr;
}

bool Exclusions::any_end(std::size_t index, const Condition& condition) const {
    const auto& [key, value] = condition;
    const auto& talk = observed_.talks[index];
    for (const auto* end : {&talk.client, &talk.server}) {
        if (key == "address" && IpPrefix::parse(value)->contains(end->address)) return true;
        if (end->kind != End::Kind::endpoint) continue;
        const auto& endpoint = inventory_.endpoints()[end->index];
        if (key == "workload" && workloads_.at(value).contains(endpoint.workload)) return true;
        if (key == "label" && carries(endpoint.labels, value)) return true;
    }
    return false;
}

bool Exclusions::holds(const Condition& condition, std::size_t index) const {
    const auto& [key, value] = condition;
    if (key == "port") {
        const auto wanted = *parse_port(value);
        const auto& point = observed_.talks[index].point;
        return has_ports(point.protocol) && wanted.ports.contains(point.port) &&
               wanted.protocol.value_or(point.protocol) == point.protocol;
    }
    if (key == "outcome") return parse_outcome(value) == conversations_[index].outcome;
    if (key == "finding") {
        const auto found = subjects_.find(value);
        if (found == subjects_.end()) return false;
        const auto& edge = observed_.graph.edges[observed_.edge_of[index]];
        return found->second.contains(edge_name(observed_.graph, edge));
    }
    return any_end(index, condition);
}

}  // namespace nspect::analyzer
