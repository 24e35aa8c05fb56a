// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "analyzer/identity.h"

namespace nspect::analyzer {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// The characters Kubernetes makes random suffixes of: no vowels, no 0, 1 and 3.
bool is_suffix_character(char c) {
    return std::string_view{"bcdfghjklmnpqrstvwxz2456789"}.find(c) != std::string_view::npos;
}

bool is_number(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_random(std::string_view text) {
    return text.size() == 5 && std::all_of(text.begin(), text.end(), is_suffix_character);
}

bool is_template_hash(std::string_view text) {
    return text.size() >= 6 && text.size() <= 10 &&
           std::all_of(text.begin(), text.end(), is_suffix_character);
}

/// "a-b-c" -> {"a-b", "c"}; {"", text} without a dash.
std::pair<std::string_view, std::string_view> split_last(std::string_view text) {
    const auto dash = text.rfind('-');
    if (dash == std::string_view::npos) return {{}, text};
    return {text.substr(0, dash), text.substr(dash + 1)};
}

std::string without_controller_suffix(std::string_view pod) {
    const auto [front, last] = split_last(pod);
    if (front.empty()) return std::string(pod);
    if (is_number(last)) return std::string(front);
    if (!is_random(last)) return std::string(pod);
    const auto [name, hash] = split_last(front);
    return std::string(!name.empty() && is_template_hash(hash) ? name : front);
}

const std::string* label_of(const TargetInfo& target, std::string_view key) {
    return target.labels.find(key);
}

/// Labels by which runtimes say what a container is a replica of: {project, service}.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> service_labels{{
    {"com.docker.compose.project", "com.docker.compose.service"},
    {"io.podman.compose.project", "io.podman.compose.service"},
    {"com.docker.stack.namespace", "com.docker.swarm.service.name"},
}};

std::string own_name(const TargetInfo& target) {
    if (!target.name.empty()) return target.name;
    if (!target.container.empty()) return target.container.substr(0, 12);
    return "netns-" + std::to_string(target.netns);
}

}  // namespace

WorkloadId container_workload(const TargetInfo& target) {
    const std::string place = target.namespace_name.empty() ? "default" : target.namespace_name;
    if (const auto* owner = label_of(target, owner_key)) {
        const auto slash = owner->find('/');
        return {place, owner->substr(slash + 1), owner->substr(0, slash)};
    }
    if (!target.pod.empty()) return {place, without_controller_suffix(target.pod), "Pod"};
    for (const auto& [project_key, service_key] : service_labels) {
        const auto* service = label_of(target, service_key);
        if (service == nullptr) continue;
        const auto* project = label_of(target, project_key);
        return {project != nullptr ? *project : place, *service, "Container"};
    }
    return {place, own_name(target), "Container"};
}

bool may_own_pod(const WorkloadId& workload, std::string_view pod) {
    if (pod == workload.name) return workload.kind == "Pod";
    if (!pod.starts_with(workload.name) || pod.size() <= workload.name.size() + 1) return false;
    if (pod[workload.name.size()] != '-') return false;
    const auto rest = pod.substr(workload.name.size() + 1);
    const auto [front, last] = split_last(rest);
    if (workload.kind == "StatefulSet") return is_number(rest);
    if (workload.kind == "Deployment") return is_random(last) && is_template_hash(front);
    if (workload.kind == "CronJob") return is_random(last) && is_number(front);
    if (workload.kind == "Job") return is_random(last) && (front.empty() || is_number(front));
    return workload.kind != "Pod" && is_random(rest);
}

}  // namespace nspect::analyzer
