// SPDX-License-Identifier: Apache-2.0
#include "ingest/istio/accepted.h"

#include <string>

#include "ingest/document/fields.h"

namespace nspect::ingest::istio {
namespace {

using Patterns = std::vector<std::string>;

/// "TD/ns/NS/sa/SA" as a certificate says it; "*" stands for any text at either end alone.
std::string of_principal(std::string_view text) {
    return text.starts_with('*') ? std::string(text) : "spiffe://" + std::string(text);
}

/// "NS/SA" or "SA".
std::string of_account(std::string_view text, const std::string& own_namespace) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
        return "*/ns/" + own_namespace + "/sa/" + std::string(text);
    }
    return "*/ns/" + std::string(text.substr(0, slash)) + "/sa/" +
           std::string(text.substr(slash + 1));
}

/// A namespace with a wildcard in it cannot be one pattern: any identity then.
std::string of_namespace(std::string_view text) {
    if (text.find('*') != std::string_view::npos) return "*";
    return "*/ns/" + std::string(text) + "/*";
}

const Node* list_in(const Node& source, std::string_view key) {
    const Node* list = any_field(source, key);
    return list != nullptr && list->is_sequence() && list->size > 0 ? list : nullptr;
}

/// Of one entry of `from`; none: it needs no identity that could be told. Where more than one field
/// is given all must hold, and the principal says the most.
Patterns of_source(const Node& entry, const std::string& own_namespace) {
    Patterns patterns;
    const Node* source = entry.is_mapping() ? any_field(entry, "source") : nullptr;
    if (source == nullptr || !source->is_mapping()) return patterns;
    if (const Node* list = list_in(*source, "principals")) {
        for (const Node& each : *list) patterns.push_back(of_principal(each.text));
    } else if (const Node* accounts = list_in(*source, "serviceAccounts")) {
        for (const Node& each : *accounts) {
            patterns.push_back(of_account(each.text, own_namespace));
        }
    } else if (const Node* spaces = list_in(*source, "namespaces")) {
        for (const Node& each : *spaces) patterns.push_back(of_namespace(each.text));
    }
    return patterns;
}

/// Of all entries; none: one of them needs none.
Patterns of_rule(const Node& rule, const std::string& own_namespace) {
    Patterns all;
    const Node* from = list_in(rule, "from");
    if (from == nullptr) return all;
    for (const Node& entry : *from) {
        const Patterns some = of_source(entry, own_namespace);
        if (some.empty()) return {};
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

PortSet ports_of(const Node& rule) {
    PortSet ports;
    const Node* to = list_in(rule, "to");
    if (to == nullptr) return PortSet{all_ports};
    for (const Node& entry : *to) {
        const Node* operation = entry.is_mapping() ? any_field(entry, "operation") : nullptr;
        const bool given = operation != nullptr && operation->is_mapping();
        const Node* list = given ? list_in(*operation, "ports") : nullptr;
        if (list == nullptr) return PortSet{all_ports};
        for (const Node& each : *list) {
            const auto set = parse_port_set(each.text);
            if (!set) return PortSet{all_ports};
            for (const PortRange& range : set->intervals()) ports.insert(range);
        }
    }
    return ports;
}

}  // namespace

std::vector<MeshGuard> accepted_by(const Node& spec, const Object& object, const Target& target) {
    std::vector<MeshGuard> guards;
    const Node* rules = list_in(spec, "rules");
    if (!target.selector || rules == nullptr) return guards;
    for (const Node& rule : *rules) {
        MeshGuard made;
        made.by = "AuthorizationPolicy " + object.namespace_name + "/" + object.name;
        made.namespace_name = object.namespace_name;
        made.pods = *target.selector;
        made.mesh = "Istio";
        made.identities_alone = true;
        made.where = object.report.location_of(rule);
        made.ports = rule.is_mapping() ? ports_of(rule) : PortSet{all_ports};
        GuardPass pass;
        pass.by = made.by;
        pass.where = made.where;
        if (rule.is_mapping()) pass.identities = of_rule(rule, object.namespace_name);
        made.passes.push_back(std::move(pass));
        guards.push_back(std::move(made));
    }
    return guards;
}

}  // namespace nspect::ingest::istio
