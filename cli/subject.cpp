// SPDX-License-Identifier: Apache-2.0
#include "cli/subject.h"

#include "model/diagnostics.h"

namespace nspect::cli {

namespace {

Error unknown(const Inventory& inventory, const std::string& text) {
    std::vector<std::string> names;
    for (const Workload& each : inventory.workloads()) {
        names.push_back(each.id.namespace_name + "/" + each.id.name);
        names.push_back(each.id.name);
    }
    const std::string near = nearest_name(text, names);
    return {
        Error::Kind::not_found, "no workload, pod or address is called '" + text + "'",
        near.empty() ? "nspect connectivity lists all workloads" : "did you mean '" + near + "'?",
        ""};
}

Error ambiguous(const Inventory& inventory, const std::string& text,
                const std::vector<std::size_t>& found) {
    std::string list;
    for (const std::size_t each : found) {
        list += (list.empty() ? "" : ", ") + to_string(inventory.workloads()[each].id);
    }
    return {Error::Kind::invalid, "'" + text + "' could be several", "one of " + list, ""};
}

std::optional<Subject> find_pod(const Inventory& inventory, const std::string& text) {
    for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
        const Endpoint& endpoint = inventory.endpoints()[i];
        const std::string name =
            inventory.workload_of(endpoint).namespace_name + "/" + endpoint.name;
        if (name == text || endpoint.name == text) {
            return Subject{name, analyzer::Who::of_endpoint(i), endpoint.workload};
        }
    }
    return std::nullopt;
}

std::optional<Port> parse_port(const std::string& text) {
    const auto ports = parse_port_set(text);
    if (!ports || ports->intervals().size() != 1) return std::nullopt;
    const PortRange range = ports->intervals().front();
    return range.first == range.last ? std::optional(range.first) : std::nullopt;
}

}  // namespace

Result<Subject> find_subject(const Inventory& inventory, const std::string& text) {
    if (const auto address = IpAddress::parse(text)) {
        return Subject{to_string(*address), analyzer::Who::of_address(*address), std::nullopt};
    }
    const auto found = inventory.workloads_named(text);
    if (found.size() > 1) return ambiguous(inventory, text, found);
    if (found.size() == 1) {
        const auto endpoints = inventory.endpoints_of(found[0]);
        if (!endpoints.empty()) {
            return Subject{to_string(inventory.workloads()[found[0]].id),
                           analyzer::Who::of_endpoint(endpoints.front()), found[0]};
        }
    }
    if (auto pod = find_pod(inventory, text)) return *pod;
    return unknown(inventory, text);
}

Result<Target> parse_target(const std::string& text) {
    // The colon of a port stands after the last bracket: shop/db[StatefulSet]:5432, [fd00::1]:5432.
    const auto bracket = text.rfind(']');
    const auto colon = text.find(':', bracket == std::string::npos ? 0 : bracket);
    if (colon == std::string::npos || IpAddress::parse(text)) return Target{text, std::nullopt};
    Target target{text.substr(0, colon), TrafficPoint{}};
    if (target.end.starts_with('[')) target.end = target.end.substr(1, target.end.size() - 2);
    const std::string rest = text.substr(colon + 1);
    const auto slash = rest.find('/');
    const auto protocol = slash == std::string::npos ? std::optional(Protocol::tcp)
                                                     : parse_protocol(rest.substr(slash + 1));
    const auto port = parse_port(rest.substr(0, slash));
    if (!protocol || !port) {
        return Error{Error::Kind::invalid, "'" + rest + "' is no port",
                     "for example: shop/db:5432 or shop/dns:53/UDP", ""};
    }
    target.point = TrafficPoint{*protocol, *port};
    return target;
}

}  // namespace nspect::cli
