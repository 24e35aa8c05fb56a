// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/label_index.h"

namespace nspect::analyzer {

/// A partition that gets finer with every set it is shown: two objects stay together as long as no
/// set told them apart. A split costs as much as the set is long.
class Refinement {
public:
    /// REQUIRES: parts numbered densely from 0.
    explicit Refinement(std::vector<std::uint32_t> parts);

    void split(const IdSet& set);

    std::uint32_t part(std::uint32_t object) const { return parts_[object]; }
    std::uint32_t count() const { return static_cast<std::uint32_t>(sizes_.size()); }
    /// The parts that have an object in `set`. When `set` was split by, exactly those inside it.
    IdSet parts_of(const IdSet& set) const;

private:
    std::vector<std::uint32_t> parts_;
    std::vector<std::uint32_t> sizes_;
    std::vector<std::uint32_t> hits_;   // scratch, all zero between calls
    std::vector<std::uint32_t> moved_;  // scratch: where objects of a split part go
};

}  // namespace nspect::analyzer
