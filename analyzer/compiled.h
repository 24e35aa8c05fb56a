// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analyzer/endpoint_classes.h"
#include "analyzer/engine.h"
#include "analyzer/profiles.h"
#include "analyzer/rulebook.h"

namespace nspect::analyzer {

/// A world in numbers; see the headers of its parts. Order matters: each is made from those above
/// it.
struct PolicyEngine::Compiled {
    explicit Compiled(const World& source)
        : world(source),
          rules(source),
          classes(classify(source, rules)),
          ingress(Direction::ingress, source, rules, classes),
          egress(Direction::egress, source, rules, classes) {}
    Compiled(const Compiled&) = delete;
    Compiled& operator=(const Compiled&) = delete;

    const Profiles& profiles(Direction direction) const {
        return direction == Direction::ingress ? ingress : egress;
    }
    /// Families in which two classes can meet: those both have, else all.
    std::uint8_t common_families(std::uint32_t a, std::uint32_t b) const {
        const auto common = static_cast<std::uint8_t>(classes.families[a] & classes.families[b]);
        return common == 0 ? std::uint8_t{v4_bit | v6_bit} : common;
    }

    const World& world;
    Rulebook rules;
    EndpointClasses classes;
    Profiles ingress;
    Profiles egress;
};

}  // namespace nspect::analyzer
