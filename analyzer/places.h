// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "model/recording.h"

namespace nspect::analyzer {

/// Words for vantages: "veth12ab (web)". Cheap to make; `context` must outlive it.
class Places {
public:
    explicit Places(const Recording& context) : context_(&context) {}

    std::string words(std::uint32_t vantage) const;
    /// Nothing for one that is not in the recording.
    const Vantage* find(std::uint32_t vantage) const;

private:
    std::string owner(const Vantage& vantage) const;

    const Recording* context_;
};

}  // namespace nspect::analyzer
