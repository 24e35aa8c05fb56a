// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <utility>

#include <unistd.h>

#include "viz/words.h"

namespace nspect::cli {

namespace {

constexpr auto pause = std::chrono::milliseconds{100};
constexpr const char* clear_line = "\r\x1b[K";

}  // namespace

Progress::Progress(std::string what, std::uint64_t total, bool quiet)
    : what_(std::move(what)), total_(total), shown_(!quiet && isatty(STDERR_FILENO) == 1) {}

void Progress::end() {
    if (std::exchange(written_, false)) std::cerr << clear_line << std::flush;
}

void Progress::add(std::uint64_t bytes) {
    read_ += bytes;
    if (!shown_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + pause;
    show(now - begun_);
}

void Progress::show(std::chrono::duration<double> since_begin) {
    written_ = true;
    std::cerr << clear_line << what_ << "  " << progress_words(read_, total_, since_begin)
              << std::flush;
}

std::string progress_words(std::uint64_t read, std::uint64_t total,
                           std::chrono::duration<double> since_begin) {
    const double rate =
        since_begin.count() > 0 ? static_cast<double>(read) / since_begin.count() : 0;
    const std::string speed = viz::byte_words(static_cast<std::uint64_t>(rate)) + "/s";
    if (total == 0) return viz::byte_words(read) + "  " + speed;
    const double share = std::min(static_cast<double>(read) / static_cast<double>(total), 1.0);
    std::string text = std::to_string(static_cast<int>(share * 100)) + " %  " +
                       viz::byte_words(read) + " of " + viz::byte_words(total) + "  " + speed;
    if (rate <= 0) return text;
    const double left = static_cast<double>(total - std::min(read, total)) / rate;
    return text + "  " + std::to_string(static_cast<std::uint64_t>(std::ceil(left))) + " s left";
}

}  // namespace nspect::cli
