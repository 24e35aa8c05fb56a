// SPDX-License-Identifier: Apache-2.0
#include "ingest/calico/expression.h"

#include <algorithm>
#include <utility>

#include "ingest/document/report.h"

namespace nspect::ingest {

namespace {

using Kind = Expression::Kind;
using Op = Requirement::Op;

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_key_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/' || c == '-';
}

/// Recursive descent:
///   either = both { "||" both };  both = operation { "&&" operation }
///   operation = { "!" } ( "(" either ")" | all() | global() | has(KEY) | KEY operator value )
class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    std::variant<Expression, ExpressionMistake> parse() {
        if (text_.size() > longest_expression) {
            return ExpressionMistake{0, "the selector is longer than 16384 characters", ""};
        }
        skip_space();
        if (at_end()) return Expression{};
        Expression expression = either(0);
        if (!mistake_ && !at_end()) {
            fail("the selector should end here",
                 is_key_character(text_[at_]) ? "join conditions by && or ||" : "");
        }
        if (mistake_) return std::move(*mistake_);
        return expression;
    }

private:
    bool at_end() const { return at_ == text_.size(); }
    std::string_view rest() const { return text_.substr(at_); }

    void skip_space() {
        while (!at_end() && is_space(text_[at_])) ++at_;
    }

    bool take(std::string_view token) {
        if (!rest().starts_with(token)) return false;
        at_ += token.size();
        skip_space();
        return true;
    }

    /// The first mistake counts; everything after it fails quietly.
    Expression fail(std::string message, std::string hint = {}) {
        if (!mistake_) mistake_ = ExpressionMistake{at_, std::move(message), std::move(hint)};
        at_ = text_.size();
        return {};
    }

    Expression either(std::size_t depth) {
        std::vector<Expression> parts{conjunction(depth)};
        while (take("||")) parts.push_back(conjunction(depth));
        if (!mistake_ && rest().starts_with('|')) return fail("a single |", "or is written ||");
        if (parts.size() == 1) return std::move(parts.front());
        return {Kind::either, {}, std::move(parts)};
    }

    Expression conjunction(std::size_t depth) {
        std::vector<Expression> parts{operation(depth)};
        while (take("&&")) parts.push_back(operation(depth));
        if (!mistake_ && rest().starts_with('&')) return fail("a single &", "and is written &&");
        if (parts.size() == 1) return std::move(parts.front());
        return both(std::move(parts));
    }

    Expression operation(std::size_t depth) {
        bool negative = false;
        while (!rest().starts_with("!=") && take("!")) negative = !negative;
        Expression inner = condition(depth);
        return negative ? negated(std::move(inner)) : inner;
    }

    Expression condition(std::size_t depth) {
        if (at_end()) return fail("a condition is missing at the end");
        if (rest().starts_with('(')) return in_parentheses(depth);
        if (take_call("all")) return closed({});
        if (take_call("global")) return closed({Kind::global});
        if (take_call("has")) return closed(literal({key(), Op::exists, {}}));
        const std::string name = key();
        return mistake_ ? Expression{} : comparison(name);
    }

    /// "has(", but not the label "hash".
    bool take_call(std::string_view name) {
        if (!rest().starts_with(name) || !rest().substr(name.size()).starts_with('(')) return false;
        at_ += name.size() + 1;
        skip_space();
        return true;
    }

    Expression closed(Expression inner) {
        if (mistake_ || take(")")) return inner;
        return fail("a closing ) is missing");
    }

    Expression in_parentheses(std::size_t depth) {
        if (depth == deepest_expression)
            return fail("parentheses are nested deeper than 32 levels");
        take("(");
        return closed(either(depth + 1));
    }

    std::string key() {
        std::size_t end = at_;
        while (end < text_.size() && is_key_character(text_[end])) ++end;
        if (end == at_) {
            const bool is_text = rest().starts_with('\'') || rest().starts_with('"');
            fail(at_end() ? "a label is missing at the end" : "a label was expected",
                 is_text ? "labels stand without quotes, values in quotes" : "");
            return {};
        }
        std::string name(text_.substr(at_, end - at_));
        at_ = end;
        skip_space();
        return name;
    }

    Expression comparison(const std::string& name) {
        if (take("==")) return with_value(name, Op::in);
        if (take("!=")) return with_value(name, Op::not_in);
        if (take("contains")) return with_value(name, Op::contains);
        if (take("starts")) return take("with") ? with_value(name, Op::starts_with) : unknown(name);
        if (take("ends")) return take("with") ? with_value(name, Op::ends_with) : unknown(name);
        if (take("not")) return take("in") ? with_values(name, Op::not_in) : unknown(name);
        if (take("in")) return with_values(name, Op::in);
        return unknown(name);
    }

    Expression unknown(const std::string& name) {
        const bool single = rest().starts_with('=');
        return fail("after the label " + in_quotes(name) + " an operator was expected",
                    single ? "equality is written =="
                           : "known are ==, !=, in, not in, contains, starts with and ends with; "
                             "has(label) asks for a label alone");
    }

    std::string value() {
        const char quote = at_end() ? ' ' : text_[at_];
        if (quote != '\'' && quote != '"') {
            fail("a value in quotes was expected", "write it as in 'web' or \"web\"");
            return {};
        }
        const std::size_t end = text_.find(quote, at_ + 1);
        if (end == std::string_view::npos) {
            fail("this value has no closing quote");
            return {};
        }
        std::string text(text_.substr(at_ + 1, end - at_ - 1));
        at_ = end + 1;
        skip_space();
        return text;
    }

    Expression with_value(const std::string& name, Op op) { return literal({name, op, {value()}}); }

    Expression with_values(const std::string& name, Op op) {
        if (!take("{")) {
            return fail("a set of values was expected", "write it as in {'a', 'b'}");
        }
        std::vector<std::string> values;
        while (!mistake_ && !rest().starts_with('}')) {
            values.push_back(value());
            if (!take(",")) break;
        }
        if (!mistake_ && !take("}")) return fail("a closing } is missing");
        return literal({name, op, std::move(values)});
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::optional<ExpressionMistake> mistake_;
};

}  // namespace

std::variant<Expression, ExpressionMistake> parse_expression(std::string_view text) {
    return Parser(text).parse();
}

Expression literal(Requirement requirement) {
    auto& values = requirement.values;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return {Kind::literal, std::move(requirement), {}};
}

Expression both(std::vector<Expression> parts) {
    return {Kind::both, {}, std::move(parts)};
}

Expression negated(Expression expression) {
    Expression made{Kind::negation, {}, {}};
    made.parts.push_back(std::move(expression));
    return made;
}

bool asks_for_global(const Expression& expression) {
    return expression.kind == Kind::global ||
           std::any_of(expression.parts.begin(), expression.parts.end(), asks_for_global);
}

Expression with_prefix(Expression expression, std::string_view prefix) {
    if (expression.kind == Kind::literal) expression.requirement.key.insert(0, prefix);
    for (Expression& part : expression.parts) part = with_prefix(std::move(part), prefix);
    return expression;
}

Expression on_namespace(Expression expression) {
    const Requirement::Op op = expression.kind == Kind::all ? Op::exists : Op::does_not_exist;
    if (expression.kind == Kind::all || expression.kind == Kind::global) {
        return literal({std::string(calico_namespace_key), op, {}});
    }
    if (expression.kind == Kind::literal) expression.requirement.key.insert(0, namespace_prefix);
    for (Expression& part : expression.parts) part = on_namespace(std::move(part));
    return expression;
}

bool holds(const Expression& expression, const Labels& labels) {
    const auto& parts = expression.parts;
    const auto part_holds = [&](const Expression& part) { return holds(part, labels); };
    switch (expression.kind) {
        case Kind::all:
            return true;
        case Kind::global:
            return labels.find(calico_namespace_key) == nullptr;
        case Kind::literal:
            return expression.requirement.matches(labels);
        case Kind::both:
            return std::all_of(parts.begin(), parts.end(), part_holds);
        case Kind::either:
            return std::any_of(parts.begin(), parts.end(), part_holds);
        case Kind::negation:
            return !holds(parts.front(), labels);
    }
    return false;
}

}  // namespace nspect::ingest
