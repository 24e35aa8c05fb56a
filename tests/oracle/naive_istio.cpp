// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/naive_istio.h"

#include <algorithm>

namespace nspect::oracle::istio {

namespace {

enum class Answer { no, maybe, yes };

Answer both(Answer a, Answer b) {
    return std::min(a, b);
}

bool fits(const std::string& text, const std::string& pattern) {
    if (pattern == "*") return !text.empty();
    if (pattern.front() == '*') return text.ends_with(pattern.substr(1));
    if (pattern.back() == '*') return text.starts_with(pattern.substr(0, pattern.size() - 1));
    return text == pattern;
}

/// Text that is absent fits no pattern.
bool fits_any(const std::string& text, const Words& patterns) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return !text.empty() && fits(text, pattern);
    });
}

bool is_in(const IpAddress& address, const Words& blocks) {
    return std::any_of(blocks.begin(), blocks.end(), [&](const std::string& block) {
        return IpPrefix::parse(block)->contains(address);
    });
}

bool has_proxy(const Pod& pod) {
    if (pod.host_network) return false;
    if (pod.mode == "ambient") return true;
    if (pod.space->mode == "ambient" && pod.mode != "none") return true;
    if (pod.space->injection == "disabled" || pod.inject == "false") return false;
    return pod.inject == "true" || pod.mode != "none";
}

std::string principal(const Client& from) {
    if (from.pod == nullptr || !has_proxy(*from.pod)) return "";
    return "cluster.local/ns/" + from.pod->space->name + "/sa/" + from.pod->account;
}

std::string space_of(const Client& from) {
    return principal(from).empty() ? "" : from.pod->space->name;
}

bool holds(const Words& wanted, const Words& unwanted, const std::string& text) {
    return (wanted.empty() || fits_any(text, wanted)) && !fits_any(text, unwanted);
}

bool holds_block(const Words& wanted, const Words& unwanted, const IpAddress& address) {
    return (wanted.empty() || is_in(address, wanted)) && !is_in(address, unwanted);
}

bool holds_port(const Words& wanted, const Words& unwanted, unsigned port) {
    const std::string text = std::to_string(port);
    return (wanted.empty() || std::count(wanted.begin(), wanted.end(), text) > 0) &&
           std::count(unwanted.begin(), unwanted.end(), text) == 0;
}

Answer matches(const Source& source, const Client& from) {
    const bool all = holds(source.principals, source.not_principals, principal(from)) &&
                     holds(source.namespaces, source.not_namespaces, space_of(from)) &&
                     holds_block(source.blocks, source.not_blocks, from.address);
    return all ? Answer::yes : Answer::no;
}

Answer matches(const Operation& operation, unsigned port) {
    if (!holds_port(operation.ports, operation.not_ports, port)) return Answer::no;
    return operation.methods.empty() ? Answer::yes : Answer::maybe;
}

Answer matches(const When& when, const Client& from, unsigned port) {
    bool all = false;
    if (when.key == "source.ip") {
        all = holds_block(when.values, when.not_values, from.address);
    } else if (when.key == "source.namespace") {
        all = holds(when.values, when.not_values, space_of(from));
    } else if (when.key == "source.principal") {
        all = holds(when.values, when.not_values, principal(from));
    } else if (when.key == "destination.port") {
        all = holds_port(when.values, when.not_values, port);
    } else {
        return Answer::maybe;
    }
    return all ? Answer::yes : Answer::no;
}

Answer matches(const Rule& rule, const Client& from, unsigned port) {
    Answer source = rule.from.empty() ? Answer::yes : Answer::no;
    for (const Source& each : rule.from) source = std::max(source, matches(each, from));
    Answer operation = rule.to.empty() ? Answer::yes : Answer::no;
    for (const Operation& each : rule.to) operation = std::max(operation, matches(each, port));
    Answer result = both(source, operation);
    for (const When& each : rule.when) result = both(result, matches(each, from, port));
    return result;
}

bool is_for(const Policy& policy, const Pod& to) {
    const bool in_space = policy.space == "istio-system" || policy.space == to.space->name;
    return in_space && (policy.app.empty() || policy.app == to.app);
}

}  // namespace

Possible judge(const std::vector<Policy>& policies, const Client& from, const Pod& to,
               unsigned port) {
    Possible possible;
    if (!has_proxy(to)) return {true, false};
    const auto strongest = [&](const char* action) {
        Answer answer = Answer::no;
        for (const Policy& policy : policies) {
            if (policy.action != action || !is_for(policy, to)) continue;
            for (const Rule& rule : policy.rules) {
                answer = std::max(answer, matches(rule, from, port));
            }
        }
        return answer;
    };
    // What an authorizer answers is not known.
    if (strongest("CUSTOM") != Answer::no) possible.deny = true;
    const Answer denied = strongest("DENY");
    if (denied != Answer::no) possible.deny = true;
    if (denied == Answer::yes) return possible;
    const bool has_allow = std::any_of(policies.begin(), policies.end(), [&](const Policy& policy) {
        return policy.action == "ALLOW" && is_for(policy, to);
    });
    const Answer allowed = has_allow ? strongest("ALLOW") : Answer::yes;
    if (allowed != Answer::no) possible.allow = true;
    if (allowed != Answer::yes) possible.deny = true;
    return possible;
}

}  // namespace nspect::oracle::istio
