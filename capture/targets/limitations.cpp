// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/limitations.h"

#include <algorithm>
#include <utility>

namespace nspect::capture {
namespace {

constexpr std::size_t kinds_kept = 16;

bool same_words(const Error& a, const Error& b) {
    return a.kind == b.kind && a.message == b.message && a.hint == b.hint;
}

}  // namespace

std::string to_string(const Limitation& limitation) {
    if (limitation.count < 2) return nspect::to_string(limitation.error);
    Error counted = limitation.error;
    counted.message += " (" + std::to_string(limitation.count) + " times)";
    return nspect::to_string(counted);
}

Limitation& Limitations::entry(Error error, Lack lack) {
    const auto known = std::find_if(all_.begin(), all_.end(), [&](const Limitation& each) {
        return same_words(each.error, error);
    });
    if (known != all_.end()) return *known;
    if (all_.size() == kinds_kept) return all_.back();
    if (all_.size() + 1 == kinds_kept) {
        error = {Error::Kind::io, "something else, not listed", {}, {}};
        lack = Lack::packets;
    }
    all_.push_back({std::move(error), 0, lack});
    told_.push_back(0);
    return all_.back();
}

void Limitations::add(Error error, std::uint64_t count, Lack lack) {
    entry(std::move(error), lack).count += count;
}

void Limitations::at_worst(Error error, std::uint64_t count) {
    if (count == 0) return;
    auto& known = entry(std::move(error));
    known.count = std::max(known.count, count);
}

std::vector<Limitation> Limitations::take_news() {
    std::vector<Limitation> news;
    for (std::size_t i = 0; i < all_.size(); ++i) {
        const auto before = std::exchange(told_[i], all_[i].count);
        if (all_[i].count > before)
            news.push_back({all_[i].error, all_[i].count - before, all_[i].lack});
    }
    return news;
}

}  // namespace nspect::capture
