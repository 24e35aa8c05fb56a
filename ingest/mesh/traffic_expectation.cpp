// SPDX-License-Identifier: Apache-2.0
// docs/expectations.md
#include <array>
#include <utility>

#include "ingest/document/fields.h"
#include "ingest/kubernetes/labels.h"
#include "ingest/kubernetes/staging.h"
#include "ingest/mesh/read.h"

namespace nspect::ingest {

namespace {

template <class Value, std::size_t Size>
std::optional<Value> read_word(const Node& spec, std::string_view key,
                               const std::array<std::pair<std::string_view, Value>, Size>& words,
                               Report& report) {
    const Node* node = any_field(spec, key);
    if (node == nullptr) return std::nullopt;
    std::string known;
    for (const auto& [word, value] : words) {
        if (node->text == word) return value;
        known += (known.empty() ? "" : ", ") + std::string(word);
    }
    report.error(*node, "MX001", "unknown " + std::string(key) + " " + in_quotes(node->text),
                 "known are " + known);
    return std::nullopt;
}

constexpr std::array<std::pair<std::string_view, TlsMode>, 4> modes{
    {{"disable", TlsMode::disable},
     {"permissive", TlsMode::permissive},
     {"tls", TlsMode::one_way},
     {"strict", TlsMode::strict}}};
constexpr std::array<std::pair<std::string_view, Reach>, 2> reaches{
    {{"must", Reach::must}, {"mustNot", Reach::must_not}}};
constexpr std::array<std::pair<std::string_view, std::uint16_t>, 4> versions{
    {{"1.0", 0x0301}, {"1.1", 0x0302}, {"1.2", 0x0303}, {"1.3", 0x0304}}};

ExpectedParty read_party(const Node& node, Report& report) {
    ExpectedParty party;
    if (!node.is_mapping()) {
        report.error(node, "DOC019", "a party must be a mapping");
        return party;
    }
    check_fields(node, report, {"namespace", "workload", "selector"});
    party.namespace_name = text_field(node, "namespace", report);
    party.workload = text_field(node, "workload", report);
    const Node* selector = mapping_field(node, "selector", report);
    if (selector != nullptr) party.selector = read_selector(selector, report);
    return party;
}

PortSet read_ports(const Node& spec, Report& report) {
    PortSet ports;
    const Node* list = sequence_field(spec, "ports", report);
    if (list == nullptr) return ports;
    for (const Node& entry : *list) {
        const auto range = parse_port_set(entry.text);
        if (!range || range->empty()) {
            report.error(entry, "MX003", in_quotes(entry.text) + " is not a port number");
            continue;
        }
        for (const PortRange& each : range->intervals()) ports.insert(each);
    }
    return ports;
}

// "24h", "90d".
Duration read_lifetime(const Node& spec, Report& report) {
    const Node* node = any_field(spec, "maxLifetime");
    if (node == nullptr) return {};
    const std::string_view text = node->text;
    const auto number = decimal(text.substr(0, text.size() - (text.empty() ? 0 : 1)));
    const char unit = text.empty() ? ' ' : text.back();
    if (!number || *number > 100'000 || (unit != 'h' && unit != 'd')) {
        report.error(*node, "MX004", in_quotes(text) + " is not a lifetime",
                     "hours or days, for example: 24h, 90d");
        return {};
    }
    return std::chrono::hours(static_cast<std::int64_t>(*number) * (unit == 'd' ? 24 : 1));
}

void read_identities(const Node& spec, TrafficExpectation& made, Report& report) {
    const Node* list = sequence_field(spec, "identities", report);
    if (list == nullptr) return;
    for (const Node& entry : *list) {
        if (auto text = text_value(entry, report)) made.identities.push_back(std::move(*text));
    }
}

}  // namespace

void read_traffic_expectation(const Object& object, Staging& staging) {
    Report& report = object.report;
    TrafficExpectation made;
    made.namespace_name = object.namespace_name;
    made.name = object.name;
    made.where = object.where();
    const Node* spec = mapping_field(object.root, "spec", report);
    if (spec == nullptr) return;
    check_fields(*spec, report,
                 {"from", "to", "ports", "mtls", "identities", "trustDomain", "minVersion",
                  "maxLifetime", "reach"});
    if (const Node* from = sequence_field(*spec, "from", report)) {
        for (const Node& entry : *from) made.from.push_back(read_party(entry, report));
    }
    if (const Node* to = mapping_field(*spec, "to", report)) made.to = read_party(*to, report);
    if (!made.to.namespace_name) made.to.namespace_name = object.namespace_name;
    made.ports = read_ports(*spec, report);
    made.mode = read_word(*spec, "mtls", modes, report).value_or(TlsMode::unset);
    made.reach = read_word(*spec, "reach", reaches, report).value_or(Reach::any);
    made.min_version = read_word(*spec, "minVersion", versions, report).value_or(0);
    made.trust_domain = text_field(*spec, "trustDomain", report).value_or("");
    made.max_lifetime = read_lifetime(*spec, report);
    read_identities(*spec, made, report);
    if (object.whole()) staging.expectations().traffic.push_back(std::move(made));
}

}  // namespace nspect::ingest
