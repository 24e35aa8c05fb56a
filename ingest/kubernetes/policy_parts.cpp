// SPDX-License-Identifier: Apache-2.0
#include "ingest/kubernetes/policy_parts.h"

#include <algorithm>

#include "ingest/document/fields.h"
#include "ingest/kubernetes/labels.h"
#include "ingest/kubernetes/names.h"

namespace nspect::ingest {

namespace {

std::string joined(std::initializer_list<std::string_view> words) {
    std::string text;
    std::size_t left = words.size();
    for (const std::string_view word : words) {
        text += word;
        --left;
        if (left > 0) text += left == 1 ? " and " : ", ";
    }
    return text;
}

}  // namespace

Policy make_policy(const Object& object, PolicyKind kind, Stage stage) {
    Policy policy;
    policy.kind = kind;
    policy.namespace_name = object.namespace_name;
    policy.name = object.name;
    policy.stage = std::move(stage);
    policy.where = object.where();
    return policy;
}

std::optional<IpPrefix> read_prefix(const Node& node, Report& report) {
    if (node.is_scalar() && node.text.find('/') != std::string_view::npos) {
        if (auto prefix = IpPrefix::parse(node.text)) return prefix;
    }
    const bool is_address = node.is_scalar() && IpAddress::parse(node.text).has_value();
    const std::string length = node.text.find(':') == std::string_view::npos ? "/32" : "/128";
    report.error(node, "NP009",
                 node.is_scalar() ? in_quotes(node.text) + " is not an address block"
                                  : "an address block must be text",
                 is_address
                     ? "for this one address write \"" + std::string(node.text) + length + "\""
                     : "write it as in \"10.0.0.0/8\" or \"fd00::/8\"");
    return std::nullopt;
}

const Node* only_field(const Node& node, Report& report, std::string_view code,
                       std::string_view subject, std::initializer_list<std::string_view> known) {
    const Node* only = nullptr;
    std::size_t count = 0;
    for (const std::string_view key : known) {
        const Node* field = any_field(node, key);
        if (field == nullptr) continue;
        only = field;
        ++count;
    }
    if (count == 1) return only;
    report.error(node, code,
                 std::string(subject) + " needs exactly one of " + joined(known) + ", this has " +
                     (count == 0 ? "none" : std::to_string(count)));
    return nullptr;
}

std::optional<std::string> read_port_name(const Node& node, Report& report) {
    if (node.is_scalar() && is_port_name(node.text)) return std::string(node.text);
    const bool is_number = node.is_scalar() && decimal(node.text).has_value();
    report.error(node, "NP005",
                 node.is_scalar() ? in_quotes(node.text) + " is not a port name"
                                  : "a port must be a number or a name",
                 is_number ? "for the port of that number write it without quotes"
                           : "port names have at most 15 lower case letters, digits and dashes, "
                             "with a letter among them");
    return std::nullopt;
}

std::optional<PortRange> read_range(const Node& start, const Node& end, Report& report,
                                    std::string_view code) {
    const auto first = port_value(start, report, "NP002");
    const auto last = port_value(end, report, "NP002");
    if (!first || !last) return std::nullopt;
    if (*first <= *last) return PortRange{*first, *last};
    report.error(end, code,
                 "the range ends at " + std::to_string(last->number) + ", before it starts at " +
                     std::to_string(first->number));
    return std::nullopt;
}

double read_priority(const Node& spec, Report& report) {
    constexpr std::uint64_t highest = 1000;
    const Node* node = any_field(spec, "priority");
    if (node == nullptr) {
        report.error(spec, "NP025", "the policy has no priority",
                     "priorities are 0 to 1000, 0 is asked first");
        return 0;
    }
    const auto number = node->quoted ? std::nullopt : decimal(node->text);
    if (node->is_scalar() && number && *number <= highest) return static_cast<double>(*number);
    report.error(*node, "NP025", "the priority must be a whole number from 0 to 1000");
    return 0;
}

std::vector<PodPeer> read_subject(const Node& spec, Report& report) {
    const Node* subject = mapping_field(spec, "subject", report);
    if (subject == nullptr) {
        report.error(spec, "NP020", "the policy has no subject",
                     "subject: {namespaces: {}} is every pod");
        return {};
    }
    check_fields(*subject, report, {"namespaces", "pods"});
    const Node* only = only_field(*subject, report, "NP020", "a subject", {"namespaces", "pods"});
    if (only == nullptr) return {};
    PodPeer pods;
    if (only->key == "namespaces") {
        pods.namespaces = read_selector(mapping_field(*subject, "namespaces", report), report);
    } else if (only->is_mapping()) {
        check_fields(*only, report, {"namespaceSelector", "podSelector"});
        pods.namespaces = read_selector(mapping_field(*only, "namespaceSelector", report), report);
        pods.pods = read_selector(mapping_field(*only, "podSelector", report), report);
    } else {
        mapping_field(*subject, "pods", report);
    }
    return {std::move(pods)};
}

}  // namespace nspect::ingest
