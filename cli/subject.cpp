// SPDX-License-Identifier: Apache-2.0
#include "cli/subject.h"

#include <algorithm>

#include "analyzer/entrances.h"
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

std::optional<std::size_t> find_pod(const Inventory& inventory, const std::string& text) {
    for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
        const Endpoint& endpoint = inventory.endpoints()[i];
        const auto& space = inventory.workload_of(endpoint).namespace_name;
        if (space + "/" + endpoint.name == text || endpoint.name == text) return i;
    }
    return std::nullopt;
}

std::optional<std::size_t> find_service(const Inventory& inventory, const std::string& text) {
    constexpr std::string_view prefix = "service/";
    if (const auto address = IpAddress::parse(text)) return inventory.service_at(*address);
    if (!text.starts_with(prefix)) return std::nullopt;
    const auto& services = inventory.services();
    for (std::size_t i = 0; i < services.size(); ++i) {
        const std::string name = services[i].namespace_name + "/" + services[i].name;
        if (text.substr(prefix.size()) == name) return i;
    }
    return std::nullopt;
}

std::vector<std::size_t> endpoints_in(const Inventory& inventory, std::string_view space) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < inventory.endpoints().size(); ++i) {
        const Endpoint& endpoint = inventory.endpoints()[i];
        if (inventory.workload_of(endpoint).namespace_name == space) found.push_back(i);
    }
    return found;
}

NamedEnds pod_ends(const Inventory& inventory, std::size_t endpoint) {
    const Endpoint& pod = inventory.endpoints()[endpoint];
    return {
        inventory.workload_of(pod).namespace_name + "/" + pod.name, {{endpoint}, {}, false}, {}};
}

/// An address of a pod is that pod; where several had it, the last one.
NamedEnds address_ends(const Inventory& inventory, const IpAddress& address) {
    const auto leases = inventory.leases_of(address);
    if (!leases.empty()) return pod_ends(inventory, leases.back().endpoint);
    NamedEnds found{to_string(address), {}, {}};
    found.ends.addresses.insert({address, address});
    return found;
}

std::optional<Port> parse_port(const std::string& text) {
    const auto ports = parse_port_set(text);
    if (!ports || ports->intervals().size() != 1) return std::nullopt;
    const PortRange range = ports->intervals().front();
    return range.first == range.last ? std::optional(range.first) : std::nullopt;
}

}  // namespace

Result<NamedEnds> find_ends(const Inventory& inventory, const std::string& text) {
    if (text == "internet") return NamedEnds{text, {{}, all_addresses(), false}, {}};
    if (text == "ingress-controller" || text == analyzer::ingress_controller) {
        return NamedEnds{std::string(analyzer::ingress_controller), {{}, {}, true}, {}};
    }
    if (const auto service = find_service(inventory, text)) {
        const Service& named = inventory.services()[*service];
        return NamedEnds{"Service " + named.namespace_name + "/" + named.name, {}, service};
    }
    if (const auto address = IpAddress::parse(text)) return address_ends(inventory, *address);
    if (const auto prefix = IpPrefix::parse(text)) {
        NamedEnds found{to_string(*prefix), {}, {}};
        found.ends.addresses.insert(prefix->range());
        return found;
    }
    if (text.ends_with("/") || text.ends_with("/*")) {
        auto inside = endpoints_in(inventory, text.substr(0, text.rfind('/')));
        if (!inside.empty()) return NamedEnds{text, {std::move(inside), {}, false}, {}};
    }
    const auto found = inventory.workloads_named(text);
    if (found.size() > 1) return ambiguous(inventory, text, found);
    if (found.size() == 1) {
        auto endpoints = inventory.endpoints_of(found[0]);
        std::sort(endpoints.begin(), endpoints.end());
        if (!endpoints.empty()) {
            return NamedEnds{to_string(inventory.workloads()[found[0]].id),
                             {std::move(endpoints), {}, false},
                             {}};
        }
    }
    if (const auto pod = find_pod(inventory, text)) return pod_ends(inventory, *pod);
    return unknown(inventory, text);
}

Result<TrafficSet> parse_traffic(const std::string& text) {
    const auto slash = text.find('/');
    const std::string number = text.substr(0, slash);
    if (const auto whole = parse_protocol(number); whole && slash == std::string::npos) {
        return TrafficSet::of(*whole);
    }
    const auto protocol = slash == std::string::npos ? std::optional(Protocol::tcp)
                                                     : parse_protocol(text.substr(slash + 1));
    const auto ports = parse_port_set(number);
    if (!protocol || !ports || ports->empty()) {
        return Error{Error::Kind::invalid, "'" + text + "' is no port",
                     "for example: 5432, 8000-8080, 53/UDP or ICMP", ""};
    }
    TrafficSet traffic;
    for (const PortRange& range : ports->intervals()) {
        traffic = traffic | TrafficSet::of(*protocol, range);
    }
    return traffic;
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
