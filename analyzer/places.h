// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "model/recording.h"

namespace nspect::analyzer {

/// Words for vantages: "veth12ab (web)". Make it once for many: it indexes the vantages and targets
/// of `context`, which must outlive it and stay as it is.
class Places {
public:
    explicit Places(const Recording& context);

    std::string words(std::uint32_t vantage) const;
    /// Nothing for one that is not in the recording.
    const Vantage* find(std::uint32_t vantage) const;
    /// By TargetInfo::id; nothing for one that is not in the recording.
    const TargetInfo* target(std::uint32_t id) const;

private:
    std::string owner(const Vantage& vantage) const;

    std::unordered_map<std::uint32_t, const Vantage*> vantages_;
    std::unordered_map<std::uint32_t, const TargetInfo*> targets_;
};

}  // namespace nspect::analyzer
