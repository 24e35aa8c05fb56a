// SPDX-License-Identifier: Apache-2.0
#include "analyzer/engine.h"

#include <utility>

#include "analyzer/compiled.h"
#include "analyzer/judge.h"

namespace nspect::analyzer {
namespace {

std::uint32_t class_number(const PolicyEngine::Compiled& compiled, const Who& who) {
    return compiled.classes.class_of[*who.endpoint];
}

bool is_self(const Who& from, const Who& to) {
    return from.endpoint && to.endpoint && *from.endpoint == *to.endpoint;
}

std::uint8_t bit(IpFamily family) {
    return family == IpFamily::v4 ? v4_bit : v6_bit;
}

/// The families over which the two can meet, as bits.
std::uint8_t families(const PolicyEngine::Compiled& compiled, const Who& from, const Who& to) {
    std::uint8_t common = v4_bit | v6_bit;
    if (from.endpoint && to.endpoint) {
        common = compiled.common_families(class_number(compiled, from), class_number(compiled, to));
    }
    for (const Who* who : {&from, &to}) {
        if (who->family && (common & bit(*who->family)) != 0) common = bit(*who->family);
    }
    return common;
}

/// What the subject's policies of one direction allow, over one family.
const TrafficSet& side(const PolicyEngine::Compiled& compiled, Direction direction,
                       const Who& subject, const Who& peer, IpFamily family) {
    const TrafficPool& pool = compiled.rules.traffic();
    if (!subject.endpoint) return pool[TrafficPool::all];
    const Profiles& profiles = compiled.profiles(direction);
    const std::uint32_t number = peer.endpoint
                                     ? profiles.peers().face(class_number(compiled, peer), family)
                                     : profiles.peers().outside(peer.address);
    return pool[profiles.traffic(class_number(compiled, subject), number)];
}

template <class PerFamily>
TrafficSet over_families(std::uint8_t common, const PerFamily& per_family) {
    if (common == v4_bit) return per_family(IpFamily::v4);
    if (common == v6_bit) return per_family(IpFamily::v6);
    return per_family(IpFamily::v4) | per_family(IpFamily::v6);
}

/// Both families give the same answer unless a class has two faces.
std::uint8_t families_worth_asking(const PolicyEngine::Compiled& compiled, const Who& from,
                                   const Who& to) {
    const auto common = families(compiled, from, to);
    const auto has_two = [&](const Who& who) {
        return who.endpoint &&
               compiled.ingress.peers().has_second_face(class_number(compiled, who));
    };
    const bool differ = has_two(from) || has_two(to);
    return !differ && common == (v4_bit | v6_bit) ? v4_bit : common;
}

}  // namespace

PolicyEngine::PolicyEngine(const World& world) : compiled_(std::make_unique<Compiled>(world)) {}
PolicyEngine::~PolicyEngine() = default;
PolicyEngine::PolicyEngine(PolicyEngine&&) noexcept = default;
PolicyEngine& PolicyEngine::operator=(PolicyEngine&&) noexcept = default;

TrafficSet PolicyEngine::allowed(const Who& from, const Who& to) const {
    if (is_self(from, to)) return TrafficSet::all();
    return over_families(families_worth_asking(*compiled_, from, to), [&](IpFamily family) {
        const TrafficSet& sent = side(*compiled_, Direction::egress, from, to, family);
        const TrafficSet& taken = side(*compiled_, Direction::ingress, to, from, family);
        if (&sent == &taken) return sent;
        return sent & taken;
    });
}

TrafficSet PolicyEngine::allowed(Direction direction, const Who& from, const Who& to) const {
    if (is_self(from, to)) return TrafficSet::all();
    const bool egress = direction == Direction::egress;
    return over_families(families_worth_asking(*compiled_, from, to), [&](IpFamily family) {
        return side(*compiled_, direction, egress ? from : to, egress ? to : from, family);
    });
}

Verdict PolicyEngine::decide(const Who& from, const Who& to, const TrafficPoint& point) const {
    const Reason free{Reason::Effect::default_allow, std::nullopt, std::nullopt};
    Verdict verdict;
    verdict.egress.reasons.push_back(free);
    verdict.ingress.reasons.push_back(free);
    if (is_self(from, to)) return verdict;
    const auto common = families_worth_asking(*compiled_, from, to);
    const auto facts = [&](const Who& who, IpFamily family) {
        if (!who.endpoint) return facts_of(who.address);
        const bool two = compiled_->ingress.peers().has_second_face(class_number(*compiled_, who));
        return facts_of(world().inventory, *who.endpoint,
                        two ? std::optional(family) : std::nullopt);
    };
    for (const IpFamily family : {IpFamily::v4, IpFamily::v6}) {
        if ((common & bit(family)) == 0) continue;
        const Facts source = facts(from, family);
        const Facts target = facts(to, family);
        Verdict over_family = verdict;
        if (from.endpoint) {
            over_family.egress =
                judge(world(), Direction::egress, policies_of(*from.endpoint, Direction::egress),
                      source, target, point);
        }
        if (to.endpoint) {
            over_family.ingress =
                judge(world(), Direction::ingress, policies_of(*to.endpoint, Direction::ingress),
                      target, source, point);
        }
        const bool last = family == IpFamily::v6 || common == v4_bit;
        if (over_family.allowed() || last) return over_family;
    }
    return verdict;
}

bool PolicyEngine::isolated(std::size_t endpoint, Direction direction) const {
    const Profiles& profiles = compiled_->profiles(direction);
    return profiles.all()[profiles.profile_of(compiled_->classes.class_of[endpoint])].isolated;
}

bool PolicyEngine::selected(std::size_t endpoint, Direction direction) const {
    const Profiles& profiles = compiled_->profiles(direction);
    return profiles.all()[profiles.profile_of(compiled_->classes.class_of[endpoint])].selected;
}

std::vector<std::size_t> PolicyEngine::policies_of(std::size_t endpoint,
                                                   Direction direction) const {
    const auto class_id = compiled_->classes.class_of[endpoint];
    const auto policies = compiled_->profiles(direction).policies_of(class_id);
    return {policies.begin(), policies.end()};
}

std::size_t PolicyEngine::class_of(std::size_t endpoint) const {
    return compiled_->classes.class_of[endpoint];
}
std::size_t PolicyEngine::class_count() const {
    return compiled_->classes.count();
}

const std::vector<IpSet>& PolicyEngine::address_classes(Direction direction) const {
    return compiled_->profiles(direction).peers().address_classes();
}

std::size_t PolicyEngine::address_class_of(Direction direction, const IpAddress& address) const {
    const PeerSpace& peers = compiled_->profiles(direction).peers();
    return peers.outside(address) - peers.outside(std::uint32_t{0});
}

const World& PolicyEngine::world() const {
    return compiled_->world;
}

}  // namespace nspect::analyzer
