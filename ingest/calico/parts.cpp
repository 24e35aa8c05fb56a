// SPDX-License-Identifier: Apache-2.0
#include "ingest/calico/parts.h"

#include <cmath>
#include <cstdlib>

#include "ingest/document/fields.h"

namespace nspect::ingest {

namespace {

/// Where in its file byte `offset` of a scalar stands, when the line shows the text as it is.
std::optional<Position> inside(const Node& node, std::size_t offset, const Report& report) {
    const std::string line = report.source().line(node.at.line);
    const std::string first(node.text.substr(0, node.text.find('\n')));
    const std::size_t start = line.find(first, node.at.column - 1);
    if (first.empty() || start == std::string::npos || offset > first.size()) return std::nullopt;
    const bool plain_bytes = line.find_first_of("\x80\xff") == std::string::npos;
    if (!plain_bytes || !report.location_of(node).path.empty()) return std::nullopt;
    return Position{node.at.line, static_cast<std::uint32_t>(start + offset + 1)};
}

void report_mistake(const Node& node, const ExpressionMistake& mistake, Report& report) {
    if (const auto at = inside(node, mistake.at, report)) {
        report.error_at(*at, "CA001", mistake.message, mistake.hint);
    } else {
        report.error(node, "CA001", mistake.message, mistake.hint);
    }
}

}  // namespace

std::optional<Expression> selector_field(const Node& parent, std::string_view key, Report& report,
                                         bool may_be_global) {
    const auto text = text_field(parent, key, report);
    if (!text || text->find_first_not_of(" \t\r\n") == std::string::npos) return std::nullopt;
    const Node& node = *parent.find(key);
    auto parsed = parse_expression(*text);
    if (const auto* mistake = std::get_if<ExpressionMistake>(&parsed)) {
        report_mistake(node, *mistake, report);
        return std::nullopt;
    }
    auto& expression = std::get<Expression>(parsed);
    const bool alone = expression.kind == Expression::Kind::global;
    if (asks_for_global(expression) && !(may_be_global && alone)) {
        report.error(node, "CA002",
                     may_be_global ? "global() cannot be joined with other conditions"
                                   : "global() belongs into the namespaceSelector of a rule");
        return std::nullopt;
    }
    return std::move(expression);
}

std::optional<double> order_field(const Node& spec, Report& report) {
    const Node* node = any_field(spec, "order");
    if (node == nullptr) return std::nullopt;
    const PlainType type = node->quoted ? PlainType::text : plain_type(*node);
    const double value = std::strtod(std::string(node->text).c_str(), nullptr);
    const bool is_number = type == PlainType::integer || type == PlainType::real;
    if (node->is_scalar() && is_number && std::isfinite(value)) return value;
    report.error(*node, "CA003", "the order must be a number", "lower orders are asked first");
    return std::nullopt;
}

IpSet read_nets(const Node& list, Report& report) {
    IpSet nets;
    for (const Node& entry : list) {
        const auto prefix = entry.is_scalar() ? IpPrefix::parse(entry.text) : std::nullopt;
        if (prefix) {
            nets.insert(prefix->range());
        } else {
            report.error(entry, "NP009",
                         entry.is_scalar() ? in_quotes(entry.text) + " is not an address block"
                                           : "an address block must be text",
                         "write it as in \"10.0.0.0/8\" or \"fd00::/8\"");
        }
    }
    return nets;
}

// A star stands for one or more labels wherever it is; DomainPeer can say that only in front.
std::string calico_domain(std::string_view written, bool& wider) {
    std::string name = lower_case(written);
    const std::size_t last = name.rfind('*');
    if (last == std::string::npos) return name;
    wider = wider || last != 0 || name.find('.') != 1;
    const std::size_t dot = name.find('.', last);
    return dot == std::string::npos ? "*" : "**" + name.substr(dot);
}

void add_condition(Rule& rule, std::string_view words) {
    if (!rule.condition.empty()) rule.condition += ", ";
    rule.condition += words;
}

}  // namespace nspect::ingest
