// SPDX-License-Identifier: Apache-2.0
#include "ingest/istio/match.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "ingest/document/fields.h"
#include "ingest/istio/identities.h"

namespace nspect::ingest::istio {

namespace {

void add_condition(Matches& matches, const std::string& words) {
    for (Match& match : matches) match.conditions.push_back(words);
}

/// Fields that only a proxy reading requests, or the way a request took, can tell.
void note_unevaluated(const Node& parent, std::initializer_list<std::string_view> fields,
                      const std::string& what, Matches& matches, Report& report) {
    std::string found;
    for (const std::string_view field : fields) {
        const Node* node = any_field(parent, field);
        if (node == nullptr || (node->is_sequence() && node->size == 0)) continue;
        found += (found.empty() ? "" : ", ") + std::string(field);
        report.note(*node, "IS006", std::string(field) + " is not evaluated",
                    "verdicts of the rule say \"at most\"");
    }
    if (!found.empty()) add_condition(matches, what + " (" + found + ")");
}

struct IdentityField {
    std::string_view name;
    IdentityForm form;
    bool negative;
};
constexpr std::array identity_fields{
    IdentityField{"principals", IdentityForm::principal, false},
    IdentityField{"notPrincipals", IdentityForm::principal, true},
    IdentityField{"namespaces", IdentityForm::namespace_name, false},
    IdentityField{"notNamespaces", IdentityForm::namespace_name, true},
    IdentityField{"serviceAccounts", IdentityForm::service_account, false},
    IdentityField{"notServiceAccounts", IdentityForm::service_account, true},
};

void apply_identities(const Node& list, IdentityForm form, bool negative,
                      const std::string& own_namespace, Matches& matches, Report& report) {
    if (list.size == 0) return;
    const auto identities = read_identities(list, form, own_namespace, report);
    if (negative) {
        drop_identities(matches, identities);
    } else {
        keep_identities(matches, identities);
    }
}

void apply_addresses(const Node& list, bool negative, Matches& matches, Report& report) {
    if (list.size == 0) return;
    IpSet addresses;
    for (const Node& entry : list) {
        const auto block =
            entry.is_scalar() ? IpPrefix::parse(entry.text) : std::optional<IpPrefix>();
        if (block) {
            addresses.insert(block->range());
        } else {
            report.error(entry, "IS005", "this is neither an address nor an address block",
                         "write it as in \"10.0.0.1\" or \"10.0.0.0/8\"");
        }
    }
    if (negative) addresses = all_addresses() - addresses;
    const Sources sources{{Term{{}, {}, addresses}}, addresses};
    for (Match& match : matches) match.sources = match.sources & sources;
}

void apply_ports(const Node& list, bool negative, Matches& matches, Report& report) {
    if (list.size == 0) return;
    PortSet ports;
    for (const Node& entry : list) {
        const auto text = text_value(entry, report);
        if (!text) continue;
        const auto number = decimal(*text);
        if (!number || *number == 0 || *number > 65535) {
            report.error(entry, "IS004", in_quotes(*text) + " is not a port number",
                         "ports are numbers from 1 to 65535 in quotes");
            continue;
        }
        const Port port{static_cast<std::uint16_t>(*number)};
        ports.insert({port, port});
    }
    for (Match& match : matches) match.ports = negative ? match.ports - ports : match.ports & ports;
}

/// The mapping below `key`, which must say something.
const Node* inner(const Node& entry, std::string_view key, Report& report) {
    const Node* node = entry.is_mapping() ? mapping_field(entry, key, report) : nullptr;
    if (node != nullptr && node->size > 0) return node;
    report.error(node == nullptr ? entry : *node, "IS003",
                 "an entry of " + std::string(key == "source" ? "from" : "to") + " needs a " +
                     std::string(key) + " with at least one field",
                 "leave the whole list out to match everything");
    return nullptr;
}

/// Keys of when that are also fields.
struct ConditionKey {
    std::string_view key;
    enum class Sort : std::uint8_t { identity, address, port } sort;
    IdentityForm form;
};
constexpr std::array condition_keys{
    ConditionKey{"source.ip", ConditionKey::Sort::address, {}},
    ConditionKey{"source.namespace", ConditionKey::Sort::identity, IdentityForm::namespace_name},
    ConditionKey{"source.principal", ConditionKey::Sort::identity, IdentityForm::principal},
    ConditionKey{"source.serviceAccount", ConditionKey::Sort::identity,
                 IdentityForm::service_account},
    ConditionKey{"destination.port", ConditionKey::Sort::port, {}},
};

void apply(const ConditionKey& key, const Node& list, bool negative,
           const std::string& own_namespace, Matches& matches, Report& report) {
    if (key.sort == ConditionKey::Sort::identity) {
        apply_identities(list, key.form, negative, own_namespace, matches, report);
    } else if (key.sort == ConditionKey::Sort::address) {
        apply_addresses(list, negative, matches, report);
    } else {
        apply_ports(list, negative, matches, report);
    }
}

void note_other_key(const Node& key, const std::string& text, Matches& matches, Report& report) {
    constexpr std::array<std::string_view, 9> known{
        "request.headers[",       "request.auth.principal", "request.auth.audiences",
        "request.auth.presenter", "request.auth.claims[",   "remote.ip",
        "destination.ip",         "connection.sni",         "experimental.envoy.filters."};
    const bool is_known = std::any_of(known.begin(), known.end(), [&](std::string_view start) {
        return text.starts_with(start);
    });
    const std::string near =
        is_known ? ""
                 : suggestion(text, {"source.ip", "source.namespace", "source.principal",
                                     "source.serviceAccount", "destination.ip", "destination.port",
                                     "connection.sni", "remote.ip"});
    if (is_known) {
        report.note(key, "IS006", text + " is not evaluated",
                    "verdicts of the rule say \"at most\"");
    } else {
        report.warning(key, "IS012", "unknown key " + in_quotes(text) + " of a condition", near);
    }
    add_condition(matches, "a condition (" + text + ")");
}

}  // namespace

Matches operator&(const Matches& left, const Matches& right) {
    Matches result;
    for (const Match& a : left) {
        for (const Match& b : right) {
            Match both{a.sources & b.sources, a.ports & b.ports, a.conditions};
            for (const std::string& words : b.conditions) {
                const auto end = both.conditions.end();
                if (std::find(both.conditions.begin(), end, words) == end) {
                    both.conditions.push_back(words);
                }
            }
            result.push_back(std::move(both));
        }
    }
    return result;
}

Matches read_source(const Node& entry, const std::string& own_namespace, Report& report) {
    Matches matches{Match{}};
    const Node* source = inner(entry, "source", report);
    if (source == nullptr) return matches;
    check_fields(entry, report, {"source"});
    check_fields(*source, report,
                 {"principals", "notPrincipals", "requestPrincipals", "notRequestPrincipals",
                  "namespaces", "notNamespaces", "ipBlocks", "notIpBlocks", "remoteIpBlocks",
                  "notRemoteIpBlocks", "serviceAccounts", "notServiceAccounts"});
    for (const IdentityField& field : identity_fields) {
        if (const Node* list = sequence_field(*source, field.name, report)) {
            apply_identities(*list, field.form, field.negative, own_namespace, matches, report);
        }
    }
    if (const Node* blocks = sequence_field(*source, "ipBlocks", report)) {
        apply_addresses(*blocks, false, matches, report);
    }
    if (const Node* blocks = sequence_field(*source, "notIpBlocks", report)) {
        apply_addresses(*blocks, true, matches, report);
    }
    note_unevaluated(*source, {"requestPrincipals", "notRequestPrincipals"}, "a request's token",
                     matches, report);
    note_unevaluated(*source, {"remoteIpBlocks", "notRemoteIpBlocks"},
                     "the client's address before proxies", matches, report);
    return matches;
}

Matches read_operation(const Node& entry, Report& report) {
    Matches matches{Match{}};
    const Node* operation = inner(entry, "operation", report);
    if (operation == nullptr) return matches;
    check_fields(entry, report, {"operation"});
    check_fields(
        *operation, report,
        {"hosts", "notHosts", "ports", "notPorts", "methods", "notMethods", "paths", "notPaths"});
    if (const Node* ports = sequence_field(*operation, "ports", report)) {
        apply_ports(*ports, false, matches, report);
    }
    if (const Node* ports = sequence_field(*operation, "notPorts", report)) {
        apply_ports(*ports, true, matches, report);
    }
    note_unevaluated(*operation,
                     {"hosts", "notHosts", "methods", "notMethods", "paths", "notPaths"},
                     "an HTTP condition", matches, report);
    return matches;
}

Matches read_condition(const Node& entry, const std::string& own_namespace, Report& report) {
    Matches matches{Match{}};
    if (!entry.is_mapping()) {
        report.error(entry, "DOC019", "a condition must be a mapping");
        return matches;
    }
    check_fields(entry, report, {"key", "values", "notValues"});
    const Node* key = any_field(entry, "key");
    const Node* values = sequence_field(entry, "values", report);
    const Node* not_values = sequence_field(entry, "notValues", report);
    if (key == nullptr || !key->is_scalar() || (values == nullptr && not_values == nullptr)) {
        report.error(entry, "IS013", "a condition needs a key, and values or notValues");
        return matches;
    }
    const auto row = std::find_if(condition_keys.begin(), condition_keys.end(),
                                  [&](const ConditionKey& one) { return one.key == key->text; });
    if (row == condition_keys.end()) {
        note_other_key(*key, std::string(key->text), matches, report);
        return matches;
    }
    if (values != nullptr) apply(*row, *values, false, own_namespace, matches, report);
    if (not_values != nullptr) apply(*row, *not_values, true, own_namespace, matches, report);
    return matches;
}

}  // namespace nspect::ingest::istio
