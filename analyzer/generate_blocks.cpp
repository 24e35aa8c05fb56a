// SPDX-License-Identifier: Apache-2.0
#include "analyzer/generate_blocks.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace nspect::analyzer {
namespace {

unsigned common_length(const IpAddress& a, const IpAddress& b) {
    if (a.family() != b.family()) return 0;
    if (a.is_v4()) {
        const auto differing = static_cast<std::uint32_t>(a.low() ^ b.low());
        return static_cast<unsigned>(std::countl_zero(differing));
    }
    if (a.high() != b.high()) return static_cast<unsigned>(std::countl_zero(a.high() ^ b.high()));
    return 64 + static_cast<unsigned>(std::countl_zero(a.low() ^ b.low()));
}

class Coverer {
public:
    Coverer(const std::set<IpAddress>& addresses, const std::vector<IpAddress>& avoid)
        : addresses_(addresses.begin(), addresses.end()), avoid_(avoid) {
        for (std::size_t i = 1; i < addresses_.size(); ++i) {
            gaps_.push_back(common_length(addresses_[i - 1], addresses_[i]));
        }
    }

    std::vector<IpPrefix> cover(std::size_t budget) {
        std::vector<std::size_t> cuts(gaps_.size());
        std::iota(cuts.begin(), cuts.end(), std::size_t{0});
        std::stable_sort(cuts.begin(), cuts.end(),
                         [&](std::size_t a, std::size_t b) { return gaps_[a] < gaps_[b]; });
        if (cuts.size() + 1 > budget) cuts.resize(budget - 1);
        std::sort(cuts.begin(), cuts.end());
        std::size_t from = 0;
        for (const auto cut : cuts) {
            add(from, cut);
            from = cut + 1;
        }
        if (!addresses_.empty()) add(from, addresses_.size() - 1);
        return blocks_;
    }

private:
    /// One block for addresses first..last, or more where one would take in what it must not.
    void add(std::size_t first, std::size_t last) {
        std::vector<std::pair<std::size_t, std::size_t>> open{{first, last}};
        while (!open.empty()) {
            const auto [from, to] = open.back();
            open.pop_back();
            const IpPrefix block(addresses_[from],
                                 from == to ? addresses_[from].bits()
                                            : common_length(addresses_[from], addresses_[to]));
            if (from == to || may_take(block)) {
                blocks_.push_back(block);
                continue;
            }
            const auto widest = std::min_element(gaps_.begin() + static_cast<std::ptrdiff_t>(from),
                                                 gaps_.begin() + static_cast<std::ptrdiff_t>(to)) -
                                gaps_.begin();
            const auto cut = static_cast<std::size_t>(widest);
            open.emplace_back(cut + 1, to);
            open.emplace_back(from, cut);
        }
    }

    bool may_take(const IpPrefix& block) const {
        if (block.length() < (block.address().is_v4() ? 8U : 16U)) return false;
        const auto range = block.range();
        const auto next = std::lower_bound(avoid_.begin(), avoid_.end(), range.first);
        return next == avoid_.end() || *next > range.last;
    }

    std::vector<IpAddress> addresses_;
    const std::vector<IpAddress>& avoid_;  ///< sorted
    std::vector<unsigned> gaps_;           ///< common bits of neighbours
    std::vector<IpPrefix> blocks_;
};

}  // namespace

std::vector<IpPrefix> cover(const std::set<IpAddress>& addresses, std::size_t budget,
                            const std::vector<IpAddress>& avoid) {
    return Coverer(addresses, avoid).cover(std::max<std::size_t>(budget, 1));
}

}  // namespace nspect::analyzer
