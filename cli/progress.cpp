// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <utility>

#include <unistd.h>

#include "cli/output.h"
#include "viz/words.h"

namespace nspect::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto pause = 100ms;
constexpr auto patience = 500ms;  // what takes less is not talked about
constexpr const char* clear_line = "\r\x1b[K";
constexpr int bar_columns = 20;

bool may_show(bool quiet) {
    return !quiet && isatty(STDERR_FILENO) == 1;
}

std::string amount(std::uint64_t number, const std::string& unit) {
    if (unit.empty()) return viz::byte_words(number);
    return viz::short_number(number) + " " + unit;
}

std::string bar(double share, bool unicode) {
    const int full = static_cast<int>(share * bar_columns);
    std::string text;
    for (int i = 0; i < bar_columns; ++i) {
        if (unicode) {
            text += i < full ? "\u2588" : "\u2591";
        } else {
            text += i < full ? '#' : '.';
        }
    }
    return text;
}

}  // namespace

Progress::Progress(std::string what, std::uint64_t total, bool quiet, std::string unit)
    : what_(std::move(what)), unit_(std::move(unit)), total_(total), shown_(may_show(quiet)) {}

void Progress::end() {
    if (std::exchange(written_, false)) std::cerr << clear_line << std::flush;
}

void Progress::reach(std::uint64_t done) {
    done_ = done;
    if (!shown_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + pause;
    show(now - begun_);
}

void Progress::show(std::chrono::duration<double> since_begin) {
    written_ = true;
    std::cerr << clear_line << what_ << "  "
              << progress_words(done_, total_, since_begin, unit_, locale_is_utf8()) << std::flush;
}

Busy::Busy(std::string what, bool quiet) : what_(std::move(what)) {
    if (may_show(quiet)) thread_ = std::thread([this] { run(); });
}

Busy::~Busy() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard<std::mutex> locked(mutex_);
        ended_ = true;
    }
    over_.notify_all();
    thread_.join();
}

void Busy::run() {
    const auto begun = std::chrono::steady_clock::now();
    std::unique_lock<std::mutex> locked(mutex_);
    const auto over = [this] { return ended_; };
    if (over_.wait_for(locked, patience, over)) return;
    do {
        const auto took = std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::steady_clock::now() - begun);
        std::cerr << clear_line << what_ << "  " << took.count() << " s" << std::flush;
    } while (!over_.wait_for(locked, 1s, over));
    std::cerr << clear_line << std::flush;
}

std::string progress_words(std::uint64_t done, std::uint64_t total,
                           std::chrono::duration<double> since_begin, const std::string& unit,
                           bool unicode) {
    const double rate =
        since_begin.count() > 0 ? static_cast<double>(done) / since_begin.count() : 0;
    const auto whole_rate = static_cast<std::uint64_t>(rate);
    const std::string speed =
        (unit.empty() ? viz::byte_words(whole_rate) : viz::short_number(whole_rate)) + "/s";
    if (total == 0) return amount(done, unit) + "  " + speed;
    const double share = std::min(static_cast<double>(done) / static_cast<double>(total), 1.0);
    const std::string so_far = unit.empty() ? viz::byte_words(done) : viz::short_number(done);
    std::string text = bar(share, unicode) + "  " + std::to_string(static_cast<int>(share * 100)) +
                       " %  " + so_far + " of " + amount(total, unit) + "  " + speed;
    if (rate <= 0) return text;
    const double left = static_cast<double>(total - std::min(done, total)) / rate;
    return text + "  " + std::to_string(static_cast<std::uint64_t>(std::ceil(left))) + " s left";
}

}  // namespace nspect::cli
