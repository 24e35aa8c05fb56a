// SPDX-License-Identifier: Apache-2.0
#include "ingest/kubernetes/labels.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "ingest/document/fields.h"
#include "ingest/kubernetes/names.h"

namespace nspect::ingest {

namespace {

constexpr std::string_view value_hint =
    "at most 63 letters, digits, \"-\", \"_\" and \".\", with a letter or digit at both ends";

std::optional<std::string> label_value(const Node& node, Report& report, const LabelCodes& codes) {
    if (node.is_null()) return std::string();
    if (!node.is_scalar() || plain_type(node) != PlainType::text) {
        report.error(
            node, codes.type, "a label value must be text, this is " + std::string(words_for(node)),
            node.is_scalar() ? "write it in quotes: \"" + std::string(node.text) + "\"" : "");
        return std::nullopt;
    }
    if (is_label_value(node.text)) return std::string(node.text);
    report.error(node, codes.value, in_quotes(node.text) + " is not a label value",
                 std::string(value_hint));
    return std::nullopt;
}

std::string key_message(std::string_view key) {
    return in_quotes(key) + " is not a label key";
}

constexpr const char* key_hint = "a name as in \"app\" or \"example.com/app\"";

std::optional<Requirement::Op> read_operator(const Node& expression, Report& report) {
    const Node* node = any_field(expression, "operator");
    if (node == nullptr) {
        report.error(expression, "NP011", "an expression needs an operator",
                     "known are In, NotIn, Exists and DoesNotExist");
        return std::nullopt;
    }
    if (node->text == "In") return Requirement::Op::in;
    if (node->text == "NotIn") return Requirement::Op::not_in;
    if (node->text == "Exists") return Requirement::Op::exists;
    if (node->text == "DoesNotExist") return Requirement::Op::does_not_exist;
    const std::string near = suggestion(node->text, {"In", "NotIn", "Exists", "DoesNotExist"});
    report.error(*node, "NP011", "unknown operator " + in_quotes(node->text),
                 near.empty() ? "known are In, NotIn, Exists and DoesNotExist" : near);
    return std::nullopt;
}

std::vector<std::string> read_values(const Node& expression, Requirement::Op op, Report& report) {
    const Node* list = sequence_field(expression, "values", report);
    const std::size_t count = list == nullptr ? 0 : list->size;
    const bool takes_values = op == Requirement::Op::in || op == Requirement::Op::not_in;
    const std::string name(expression.find("operator")->text);
    if (takes_values && count == 0) {
        const Node* at = list != nullptr ? list : expression.find("operator");
        report.error(*at, "NP012", "the operator " + name + " needs values");
    }
    if (!takes_values && count > 0) {
        report.error(*list, "NP013", "the operator " + name + " takes no values",
                     "did you mean the operator " +
                         std::string(op == Requirement::Op::exists ? "In" : "NotIn") + "?");
    }
    std::vector<std::string> values;
    for (const Node& value : list == nullptr ? Node() : *list) {
        if (auto text = label_value(value, report, selector_label_codes)) values.push_back(*text);
    }
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

std::optional<Requirement> read_expression(const Node& expression, Report& report, KeyTest is_key) {
    if (!expression.is_mapping()) {
        report.error(expression, "DOC019", "an expression must be a mapping");
        return std::nullopt;
    }
    check_fields(expression, report, {"key", "operator", "values"});
    const Node* key = any_field(expression, "key");
    if (key == nullptr) {
        report.error(expression, "NP015", "an expression needs a key");
    } else if (!key->is_scalar() || !is_key(key->text)) {
        report.error(*key, "NP015", key_message(key->text), key_hint);
        key = nullptr;
    }
    const auto op = read_operator(expression, report);
    if (!op) return std::nullopt;
    std::vector<std::string> values = read_values(expression, *op, report);
    if (key == nullptr) return std::nullopt;
    return Requirement{std::string(key->text), *op, std::move(values)};
}

Labels read_pairs(const Node* mapping, Report& report, const LabelCodes& codes, KeyTest is_key) {
    Labels labels;
    if (mapping == nullptr) return labels;
    for (const Node& child : *mapping) {
        const bool key_is_good = is_key(child.key);
        if (!key_is_good) report.key_error(child, codes.key, key_message(child.key), key_hint);
        auto value = label_value(child, report, codes);
        if (key_is_good && value) labels.set(std::string(child.key), std::move(*value));
    }
    return labels;
}

}  // namespace

Labels read_labels(const Node* mapping, Report& report, const LabelCodes& codes) {
    return read_pairs(mapping, report, codes, is_label_key);
}

std::vector<Requirement> read_requirements(const Node* selector, Report& report, KeyTest is_key) {
    if (selector == nullptr) return {};
    check_fields(*selector, report, {"matchLabels", "matchExpressions"});
    const Labels labels = read_pairs(mapping_field(*selector, "matchLabels", report), report,
                                     selector_label_codes, is_key);
    std::vector<Requirement> requirements;
    for (const auto& [key, value] : labels.entries()) {
        requirements.push_back({key, Requirement::Op::in, {value}});
    }
    const Node* expressions = sequence_field(*selector, "matchExpressions", report);
    if (expressions == nullptr) return requirements;
    for (const Node& expression : *expressions) {
        if (auto requirement = read_expression(expression, report, is_key)) {
            requirements.push_back(std::move(*requirement));
        }
    }
    return requirements;
}

Selector read_selector(const Node* selector, Report& report) {
    return Selector(read_requirements(selector, report, is_label_key));
}

}  // namespace nspect::ingest
