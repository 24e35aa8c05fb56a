// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/naive_consul.h"

#include <algorithm>
#include <tuple>

namespace nspect::oracle::consul {

namespace {

std::string service_of(const Pod& pod) {
    return pod.service.empty() ? pod.app : pod.service;
}

bool is_named(const World& world, const std::string& service) {
    for (const Intention& each : world.intentions) {
        if (each.name == service) return true;
        for (const Source& source : each.sources) {
            if (source.name == service) return true;
        }
    }
    return false;
}

bool has_proxy(const World& world, const Pod& pod) {
    if (pod.host_network) return false;
    return pod.inject.empty() ? is_named(world, service_of(pod)) : pod.inject == "true";
}

bool fits(const Pod& pod, const std::string& name, const std::string& space) {
    const bool any_space = space.empty() || space == "default" || space == "*";
    return (name == "*" || name == service_of(pod)) && (any_space || space == pod.space);
}

/// Exact names before namespaces before anything; the destination counts more.
std::tuple<bool, bool, bool, bool> weight(const Intention& intention, const Source& source) {
    return {intention.name != "*", intention.space != "*", source.name != "*", source.space != "*"};
}

bool is_permissive(const World& world, const Pod& to) {
    std::string mode = "strict";
    for (const Mode& each : world.modes) {
        if (each.service.empty()) mode = each.mode;
    }
    for (const Mode& each : world.modes) {
        if (each.service == service_of(to)) mode = each.mode;
    }
    return mode == "permissive";
}

}  // namespace

Possible judge(const World& world, const Pod* from, const Pod& to) {
    const bool guarded =
        has_proxy(world, to) &&
        std::any_of(world.intentions.begin(), world.intentions.end(),
                    [&](const Intention& each) { return fits(to, each.name, each.space); });
    if (!guarded) return {true, false};
    if (from == nullptr || !has_proxy(world, *from)) {
        return is_permissive(world, to) ? Possible{true, false} : Possible{false, true};
    }
    const Source* best = nullptr;
    std::tuple<bool, bool, bool, bool> highest;
    for (const Intention& each : world.intentions) {
        if (!fits(to, each.name, each.space)) continue;
        for (const Source& source : each.sources) {
            if (!fits(*from, source.name, source.space)) continue;
            if (best != nullptr && weight(each, source) <= highest) continue;
            best = &source;
            highest = weight(each, source);
        }
    }
    // What no intention names, and what no permission names, is left to a default that is not
    // known.
    if (best == nullptr || best->action.ends_with("-some")) return {true, true};
    return {best->action == "allow", best->action == "deny"};
}

}  // namespace nspect::oracle::consul
