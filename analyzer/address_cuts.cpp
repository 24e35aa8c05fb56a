// SPDX-License-Identifier: Apache-2.0
#include "analyzer/address_cuts.h"

#include <algorithm>

#include "analyzer/refinement.h"

namespace nspect::analyzer {
namespace {

std::vector<IpAddress> borders(const std::vector<const IpSet*>& sets) {
    std::vector<IpAddress> firsts;
    const IpSet universes = all_addresses();
    for (const auto& universe : universes.intervals()) firsts.push_back(universe.first);
    for (const IpSet* set : sets) {
        for (const auto& range : set->intervals()) {
            firsts.push_back(range.first);
            if (const auto next = successor(range.last)) firsts.push_back(*next);
        }
    }
    std::sort(firsts.begin(), firsts.end());
    firsts.erase(std::unique(firsts.begin(), firsts.end()), firsts.end());
    return firsts;
}

/// Splitting by a set or by its complement gives the same parts: the shorter one is used.
IdSet shorter_side(IdSet ids, std::size_t universe) {
    if (ids.size() * 2 <= universe) return ids;
    IdSet rest;
    auto next = ids.begin();
    for (std::uint32_t id = 0; id < universe; ++id) {
        if (next != ids.end() && *next == id) {
            ++next;
        } else {
            rest.push_back(id);
        }
    }
    return rest;
}

}  // namespace

AddressCuts::AddressCuts(const std::vector<const IpSet*>& sets) : firsts_(borders(sets)) {
    Refinement refinement(std::vector<std::uint32_t>(firsts_.size(), 0));
    for (const IpSet* set : sets) refinement.split(shorter_side(pieces_in(*set), firsts_.size()));
    classes_.resize(refinement.count());
    piece_class_.resize(firsts_.size());
    for (std::uint32_t piece = 0; piece < firsts_.size(); ++piece) {
        piece_class_[piece] = refinement.part(piece);
        classes_[piece_class_[piece]].insert({firsts_[piece], last_of(piece)});
    }
}

std::uint32_t AddressCuts::piece_of(const IpAddress& address) const {
    const auto after = std::upper_bound(firsts_.begin(), firsts_.end(), address);
    return static_cast<std::uint32_t>(after - firsts_.begin() - 1);
}

IpAddress AddressCuts::last_of(std::size_t piece) const {
    const bool ends_family =
        piece + 1 == firsts_.size() || firsts_[piece + 1].family() != firsts_[piece].family();
    if (ends_family) return all_addresses(firsts_[piece].family()).intervals().front().last;
    return *predecessor(firsts_[piece + 1]);
}

IdSet AddressCuts::pieces_in(const IpSet& set) const {
    IdSet pieces;
    for (const auto& range : set.intervals()) {
        const std::uint32_t last = piece_of(range.last);
        for (std::uint32_t piece = piece_of(range.first); piece <= last; ++piece) {
            pieces.push_back(piece);
        }
    }
    return pieces;
}

std::uint32_t AddressCuts::class_of(const IpAddress& address) const {
    return piece_class_[piece_of(address)];
}

IdSet AddressCuts::classes_in(const IpSet& set) const {
    IdSet classes;
    for (const std::uint32_t piece : pieces_in(set)) classes.push_back(piece_class_[piece]);
    std::sort(classes.begin(), classes.end());
    classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
    return classes;
}

}  // namespace nspect::analyzer
