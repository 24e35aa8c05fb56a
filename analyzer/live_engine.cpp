// SPDX-License-Identifier: Apache-2.0
#include "analyzer/live_engine.h"

#include <algorithm>

#include "analyzer/endpoint_classes.h"
#include "analyzer/judge.h"

namespace nspect::analyzer {
namespace {

std::uint8_t bit(IpFamily family) {
    return family == IpFamily::v4 ? v4_bit : v6_bit;
}

std::uint8_t families_of(const Inventory& inventory, const Who& who) {
    if (!who.endpoint) return v4_bit | v6_bit;
    std::uint8_t families = 0;
    for (const IpAddress& address : known_addresses(inventory, *who.endpoint)) {
        families |= bit(address.family());
    }
    return families == 0 ? std::uint8_t{v4_bit | v6_bit} : families;
}

bool has_both(std::uint8_t families) {
    return families == (v4_bit | v6_bit);
}

/// docs/policy-semantics.md, section 2: those in common, else all; what is asked for alone counts.
std::uint8_t meeting(const Inventory& inventory, const Who& from, const Who& to) {
    std::uint8_t common = families_of(inventory, from) & families_of(inventory, to);
    if (common == 0) common = v4_bit | v6_bit;
    for (const Who* who : {&from, &to}) {
        if (who->family && (common & bit(*who->family)) != 0) common = bit(*who->family);
    }
    return common;
}

Facts facts(const Inventory& inventory, const Who& who, IpFamily family) {
    if (!who.endpoint) return facts_of(who.address);
    const bool one_face = !has_both(families_of(inventory, who));
    return facts_of(inventory, *who.endpoint, one_face ? std::nullopt : std::optional(family));
}

bool acts_in(const Policy& policy, Direction direction) {
    return policy.isolates(direction) || !policy.rules(direction).empty();
}

bool is_self(const Who& from, const Who& to) {
    return from.endpoint && to.endpoint && *from.endpoint == *to.endpoint;
}

}  // namespace

LiveEngine::LiveEngine(World world) : world_(std::move(world)) {
    dead_endpoints_.resize(world_.inventory.endpoints().size());
    compile();
}

/// What is dead stays in the inventory, whose indices are fixed; no policy is asked about it.
void LiveEngine::compile() {
    std::vector<Policy> alive;
    for (std::size_t i = 0; i < world_.policies.size(); ++i) {
        const bool dead = i < dead_policies_.size() && dead_policies_[i];
        if (!dead) alive.push_back(std::move(world_.policies[i]));
    }
    engine_.reset();
    world_.policies = std::move(alive);
    dead_policies_.assign(world_.policies.size(), false);
    by_title_.clear();
    by_namespace_.clear();
    for (std::size_t i = 0; i < world_.policies.size(); ++i) index_policy(i);
    engine_.emplace(world_);
    compiled_ = world_.inventory.endpoints().size();
    compiled_policies_ = world_.policies.size();
    changes_ = 0;
}

void LiveEngine::count_change() {
    if (++changes_ >= most_changes) compile();
}

void LiveEngine::index_policy(std::size_t policy) {
    const Policy& added = world_.policies[policy];
    by_title_[policy_title(added)].push_back(policy);
    const bool one_namespace = added.subjects.size() == 1 && added.subjects[0].namespace_name;
    by_namespace_[one_namespace ? *added.subjects[0].namespace_name : ""].push_back(policy);
}

bool LiveEngine::remove_policy(const std::string& title) {
    const auto found = by_title_.find(title);
    if (found == by_title_.end()) return false;
    for (const std::size_t each : found->second) dead_policies_[each] = true;
    by_title_.erase(found);
    count_change();
    return true;
}

void LiveEngine::set_policy(std::vector<Policy> parts) {
    const auto found = by_title_.find(policy_title(parts.front()));
    if (found != by_title_.end()) {
        for (const std::size_t each : found->second) dead_policies_[each] = true;
        by_title_.erase(found);
    }
    for (Policy& part : parts) {
        world_.policies.push_back(std::move(part));
        dead_policies_.push_back(false);
        index_policy(world_.policies.size() - 1);
    }
    count_change();
}

std::size_t LiveEngine::add_endpoint(const WorkloadId& workload, Endpoint endpoint,
                                     const std::vector<IpAddress>& addresses) {
    endpoint.workload = world_.inventory.ensure_workload(workload);
    const std::size_t index = world_.inventory.add_endpoint(std::move(endpoint));
    for (const IpAddress& address : addresses) world_.inventory.add_lease({address, index});
    dead_endpoints_.resize(index + 1, false);
    count_change();
    return index;
}

void LiveEngine::remove_endpoint(std::size_t endpoint) {
    dead_endpoints_[endpoint] = true;
    count_change();
}

bool LiveEngine::is_alive(std::size_t endpoint) const {
    return endpoint < dead_endpoints_.size() && !dead_endpoints_[endpoint];
}

void LiveEngine::add_selecting(const std::string& space, std::size_t first, std::size_t endpoint,
                               Direction direction, std::vector<std::size_t>& policies) const {
    const auto some = by_namespace_.find(space);
    if (some == by_namespace_.end()) return;
    const auto& list = some->second;
    const Facts subject = facts_of(world_.inventory, endpoint);
    const Reading reading = usual_reading(world_.options);
    for (auto at = std::lower_bound(list.begin(), list.end(), first); at != list.end(); ++at) {
        const Policy& policy = world_.policies[*at];
        const bool asked = !dead_policies_[*at] && acts_in(policy, direction);
        if (asked && selects(policy, subject, reading)) policies.push_back(*at);
    }
}

/// What was compiled knows the old policies of an old endpoint; the rest is looked up.
std::vector<std::size_t> LiveEngine::policies_of(std::size_t endpoint, Direction direction) const {
    std::vector<std::size_t> policies;
    std::size_t first = 0;
    if (endpoint < compiled_) {
        policies = engine_->policies_of(endpoint, direction);
        std::erase_if(policies, [&](std::size_t each) { return dead_policies_[each]; });
        first = compiled_policies_;
    }
    const Endpoint& subject = world_.inventory.endpoints()[endpoint];
    const std::string& space = world_.inventory.workload_of(subject).namespace_name;
    if (!space.empty()) add_selecting(space, first, endpoint, direction, policies);
    add_selecting("", first, endpoint, direction, policies);
    std::sort(policies.begin(), policies.end());
    return policies;
}

bool LiveEngine::is_unchanged(const Who& subject, Direction direction) const {
    if (!is_compiled(subject)) return false;
    return !subject.endpoint || policies_of(*subject.endpoint, direction) ==
                                    engine_->policies_of(*subject.endpoint, direction);
}

TrafficSet LiveEngine::side(Direction direction, const Who& subject, const Who& peer,
                            IpFamily family) const {
    if (!subject.endpoint) return TrafficSet::all();
    return permitted(world_, direction, policies_of(*subject.endpoint, direction),
                     facts(world_.inventory, subject, family),
                     facts(world_.inventory, peer, family));
}

TrafficSet LiveEngine::allowed(Direction direction, const Who& from, const Who& to) const {
    if (is_self(from, to)) return TrafficSet::all();
    const bool egress = direction == Direction::egress;
    const Who& subject = egress ? from : to;
    const Who& peer = egress ? to : from;
    if (is_compiled(peer) && is_unchanged(subject, direction)) {
        return engine_->allowed(direction, from, to);
    }
    const std::uint8_t common = meeting(world_.inventory, from, to);
    TrafficSet result;
    for (const IpFamily family : {IpFamily::v4, IpFamily::v6}) {
        if ((common & bit(family)) != 0) result = result | side(direction, subject, peer, family);
    }
    return result;
}

TrafficSet LiveEngine::allowed(const Who& from, const Who& to) const {
    if (is_self(from, to)) return TrafficSet::all();
    const bool compiled = is_compiled(from) && is_compiled(to);
    if (compiled && is_unchanged(from, Direction::egress) && is_unchanged(to, Direction::ingress)) {
        return engine_->allowed(from, to);
    }
    const std::uint8_t common = meeting(world_.inventory, from, to);
    TrafficSet result;
    for (const IpFamily family : {IpFamily::v4, IpFamily::v6}) {
        if ((common & bit(family)) == 0) continue;
        result = result | (side(Direction::egress, from, to, family) &
                           side(Direction::ingress, to, from, family));
    }
    return result;
}

}  // namespace nspect::analyzer
