// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/naive_linkerd.h"

#include <algorithm>

namespace nspect::oracle::linkerd {

namespace {

enum class Answer { no, maybe, yes };

const std::string domain = ".serviceaccount.identity.linkerd.cluster.local";

const std::string& first_of(const std::string& own, const std::string& inherited) {
    return own.empty() ? inherited : own;
}

bool has_proxy(const Pod& pod) {
    if (pod.host_network) return false;
    const std::string& inject = first_of(pod.inject, pod.space->inject);
    if (inject.empty()) return !pod.space->declared;
    return inject == "enabled";
}

std::string identity(const Client& from) {
    if (from.pod == nullptr || !has_proxy(*from.pod)) return "";
    return from.pod->account + "." + from.pod->space->name + domain;
}

bool fits(const std::string& identity, const std::string& pattern) {
    if (identity.empty()) return false;
    if (pattern == "*") return true;
    if (pattern.starts_with("*.")) return identity.ends_with(pattern.substr(1));
    return identity == pattern;
}

bool is_in(const IpAddress& address, const std::string& network) {
    const std::size_t dash = network.find('-');
    if (!IpPrefix::parse(network.substr(0, dash))->contains(address)) return false;
    return dash == std::string::npos ||
           !IpPrefix::parse(network.substr(dash + 1))->contains(address);
}

bool is_in_any(const IpAddress& address, const Words& networks) {
    return networks.empty() || std::any_of(networks.begin(), networks.end(),
                                           [&](const auto& each) { return is_in(address, each); });
}

bool lets_in(const Needs& needs, const Client& from) {
    if (needs.missing || !is_in_any(from.address, needs.networks)) return false;
    if (needs.form != "identity") return true;
    const std::string who = identity(from);
    if (needs.identities.empty() && needs.accounts.empty()) return !who.empty();
    for (const std::string& each : needs.identities) {
        if (fits(who, each)) return true;
    }
    for (const std::string& each : needs.accounts) {
        const std::size_t slash = each.find('/');
        if (who == each.substr(slash + 1) + "." + each.substr(0, slash) + domain) return true;
    }
    return false;
}

bool lets_in(const std::string& access, const Client& from) {
    if (access == "deny") return false;
    const bool cluster = access.starts_with("cluster-");
    if (cluster && !IpPrefix::parse("10.0.0.0/8")->contains(from.address)) return false;
    return !access.ends_with("-authenticated") || !identity(from).empty();
}

bool is_for(const Server& server, const Pod& to, unsigned port) {
    if (server.space != to.space->name) return false;
    if (!server.app.empty() && server.app != to.app) return false;
    return server.port == "web" ? port == 80 : server.port == std::to_string(port);
}

Answer applies(const World& world, const Authorization& authorization, const Server& server) {
    if (authorization.space != server.space) return Answer::no;
    bool all = true;
    if (authorization.target == "server") all = authorization.name == server.name;
    if (authorization.target == "labels") all = authorization.name == server.team;
    if (authorization.target != "route") return all ? Answer::yes : Answer::no;
    for (const Route& route : world.routes) {
        if (route.space == authorization.space && route.name == authorization.name &&
            route.server == server.name) {
            return Answer::maybe;  // only requests that match the route
        }
    }
    return Answer::no;
}

Answer authorized(const World& world, const Server& server, const Client& from) {
    Answer answer = lets_in(server.access, from) ? Answer::yes : Answer::no;
    for (const Authorization& each : world.authorizations) {
        if (lets_in(each.needs, from)) answer = std::max(answer, applies(world, each, server));
    }
    return answer;
}

}  // namespace

Possible judge(const World& world, const Client& from, const Pod& to, unsigned port) {
    const auto as_possible = [](Answer answer) {
        return Possible{answer != Answer::no, answer != Answer::yes};
    };
    if (!has_proxy(to)) return {true, false};
    if (first_of(to.skipped, to.space->skipped) == std::to_string(port)) return {true, false};
    std::optional<Answer> answer;
    for (const Server& each : world.servers) {
        if (!is_for(each, to, port)) continue;
        answer = std::max(answer.value_or(Answer::no), authorized(world, each, from));
    }
    if (answer) return as_possible(*answer);
    if (to.identity == std::to_string(port)) {
        return as_possible(identity(from).empty() ? Answer::no : Answer::yes);
    }
    const std::string& policy = first_of(to.default_policy, to.space->default_policy);
    if (policy.empty()) return {true, false};
    return as_possible(lets_in(policy, from) ? Answer::yes : Answer::no);
}

}  // namespace nspect::oracle::linkerd
