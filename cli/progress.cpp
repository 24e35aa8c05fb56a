// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <utility>

#include <unistd.h>

#include "cli/output.h"
#include "model/time.h"
#include "viz/escape.h"
#include "viz/words.h"

namespace nspect::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 300ms;  // what takes less is not talked about
constexpr auto pause = 100ms;
constexpr const char* clear_line = "\r\x1b[K";
constexpr int bar_columns = 20;
constexpr std::size_t gap = 2;

bool may_show(bool quiet) {
    return !quiet && isatty(STDERR_FILENO) == 1;
}

std::string amount(std::uint64_t number, const std::string& unit) {
    if (unit.empty()) return viz::byte_words(number);
    return viz::short_number(number) + " " + unit;
}

std::string speed(double rate, const std::string& unit) {
    const auto whole = static_cast<std::uint64_t>(rate);
    return (unit.empty() ? viz::byte_words(whole) : viz::short_number(whole)) + "/s";
}

std::string seconds(double count) {
    return to_words(std::chrono::seconds{static_cast<std::int64_t>(count)});
}

std::string bar(double share) {
    const bool unicode = locale_is_utf8();
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

/// One line, whatever the terminal's width: a longer one would be broken, and not be cleared.
std::string fitted(const std::string& what, const std::string& words, const std::string& drawn) {
    const std::size_t width = terminal_width(STDERR_FILENO);
    const std::string gaps(gap, ' ');
    const std::string whole = what + gaps + (drawn.empty() ? "" : drawn + gaps) + words;
    if (width == 0 || viz::display_width(whole) < width) return whole;
    const char* mark = locale_is_utf8() ? "\u2026" : "~";
    const std::size_t rest = viz::display_width(words) + gap + 1;
    if (rest + gap < width) return viz::cut_middle(what, width - rest, mark) + gaps + words;
    return viz::cut_middle(words, width - 1, mark);
}

}  // namespace

Progress::Progress(std::string what, bool quiet, std::uint64_t total, std::string unit)
    : what_(std::move(what)), unit_(std::move(unit)), total_(total) {
    if (may_show(quiet)) thread_ = std::thread([this] { run(); });
}

void Progress::reach(std::uint64_t done, std::uint64_t total) {
    const std::lock_guard<std::mutex> locked(mutex_);
    done_ = done;
    if (total_ == total) return;
    total_ = total;
    counted_from_ = done;
    counting_since_ = Clock::now();
}

void Progress::end() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard<std::mutex> locked(mutex_);
        ended_ = true;
    }
    over_.notify_all();
    thread_.join();
}

void Progress::run() {
    std::unique_lock<std::mutex> locked(mutex_);
    const auto over = [this] { return ended_; };
    if (over_.wait_for(locked, patience, over)) return;
    std::string shown;
    do {
        if (std::string now = words(); now != shown) {
            shown = std::move(now);
            std::cerr << clear_line << shown << std::flush;
        }
    } while (!over_.wait_for(locked, pause, over));
    std::cerr << clear_line << std::flush;
}

/// "reading  ######..............  30 %  1.2 GB of 2.7 GB  610.0 MB/s  2 s left"; without a total
/// "reading  1.2 GB  610.0 MB/s"; where nothing is counted, or all of it is done, "reading  4 s".
std::string Progress::words() const {
    const auto now = Clock::now();
    const std::uint64_t done = done_;
    const std::chrono::duration<double> since_begin = now - begun_;
    const bool counted = total_ == 0 ? done > 0 : done < total_;
    if (!counted) return fitted(what_, seconds(since_begin.count()), "");
    const std::chrono::duration<double> counting = now - counting_since_;
    const double rate =
        counting.count() > 0 ? static_cast<double>(done - counted_from_) / counting.count() : 0;
    if (total_ == 0) return fitted(what_, amount(done, unit_) + "  " + speed(rate, unit_), "");
    const double share = static_cast<double>(done) / static_cast<double>(total_);
    const std::string so_far = unit_.empty() ? viz::byte_words(done) : viz::short_number(done);
    std::string text = std::to_string(static_cast<int>(share * 100)) + " %  " + so_far + " of " +
                       amount(total_, unit_) + "  " + speed(rate, unit_);
    if (rate > 0) {
        text += "  " + seconds(std::ceil(static_cast<double>(total_ - done) / rate)) + " left";
    }
    return fitted(what_, text, bar(share));
}

analyzer::HowFar told_to(Progress& progress) {
    return [&progress](std::size_t done, std::size_t total) { progress.reach(done, total); };
}

}  // namespace nspect::cli
