// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "analyzer/threads.h"

namespace nspect::analyzer {

/// Indices of one hash, ascending. A few of another hash may be among them.
using HashGroup = std::span<const std::uint32_t>;

/// Finds those of `count` indices that share their hash with another, and sorts nothing but hashes:
/// into buckets that fit the cache, then each bucket.
class HashGroups {
public:
    HashGroups(std::uint32_t count, unsigned threads)
        : count_(count), threads_(threads), parts_(threads == 1 ? 1 : std::size_t{8} * threads) {
        while (bits_ < most_bits && (count_ >> bits_) > bucket_size) ++bits_;
    }

    /// `hash_of` an index is a number or nothing; a copy of `visit` is called with each group, by
    /// several threads at once.
    template <class HashOf, class Visit>
    void each(HashOf hash_of, const Visit& visit) {
        sort_into_buckets(hash_of);
        side_by_side(std::size_t{1} << bits_, threads_, [&](std::size_t bucket) {
            const std::span rows(rows_.get() + starts_[bucket],
                                 starts_[bucket + 1] - starts_[bucket]);
            each_of(rows, visit);
        });
    }

private:
    static constexpr unsigned most_bits = 12;
    static constexpr std::size_t bucket_size = 4096;

    /// What is left of the hash, and the index.
    static std::uint32_t hash_part(std::uint64_t row) {
        return static_cast<std::uint32_t>(row >> 32U);
    }

    std::size_t bucket_of(std::uint64_t hash) const {
        return bits_ == 0 ? 0 : static_cast<std::size_t>(hash >> (64U - bits_));
    }

    std::uint64_t row_of(std::uint64_t hash, std::uint32_t index) const {
        return hash << bits_ >> 32U << 32U | index;
    }

    template <class Work>
    void each_part(Work work) const {
        side_by_side(parts_, threads_, [&](std::size_t part) {
            const auto from = static_cast<std::uint32_t>(count_ * part / parts_);
            const auto to = static_cast<std::uint32_t>(count_ * (part + 1) / parts_);
            work(part, from, to);
        });
    }

    template <class HashOf>
    void sort_into_buckets(HashOf hash_of) {
        const std::size_t buckets = std::size_t{1} << bits_;
        const auto hashes = std::make_unique_for_overwrite<std::uint64_t[]>(count_);  // NOLINT
        std::vector<std::vector<std::size_t>> next(parts_);  // by part, by bucket
        each_part([&](std::size_t part, std::uint32_t from, std::uint32_t to) {
            std::vector<std::size_t> counts(buckets);
            for (auto i = from; i < to; ++i) {
                const std::optional<std::uint64_t> hash = hash_of(i);
                hashes[i] = hash ? std::max<std::uint64_t>(*hash, 1) : 0;
                if (hash) ++counts[bucket_of(hashes[i])];
            }
            next[part] = std::move(counts);
        });
        std::size_t sum = 0;
        starts_.assign(buckets + 1, 0);
        for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
            starts_[bucket] = sum;
            for (auto& each : next) sum += std::exchange(each[bucket], sum);
        }
        starts_[buckets] = sum;
        rows_ = std::make_unique_for_overwrite<std::uint64_t[]>(sum);  // NOLINT
        each_part([&](std::size_t part, std::uint32_t from, std::uint32_t to) {
            auto& place = next[part];
            for (auto i = from; i < to; ++i) {
                if (hashes[i] == 0) continue;
                rows_[place[bucket_of(hashes[i])]++] = row_of(hashes[i], i);
            }
        });
    }

    template <class Visit>
    static void each_of(std::span<std::uint64_t> rows, Visit visit) {
        std::sort(rows.begin(), rows.end());
        std::vector<std::uint32_t> group;
        for (auto from = rows.begin(); from != rows.end();) {
            auto to = from + 1;
            while (to != rows.end() && hash_part(*to) == hash_part(*from)) ++to;
            if (to - from > 1) {
                group.assign(from, to);  // the index is what is left
                visit(HashGroup(group));
            }
            from = to;
        }
    }

    std::uint64_t count_;
    unsigned threads_;
    std::size_t parts_;
    unsigned bits_ = 0;
    std::vector<std::size_t> starts_;        ///< by bucket
    std::unique_ptr<std::uint64_t[]> rows_;  // NOLINT
};

}  // namespace nspect::analyzer
