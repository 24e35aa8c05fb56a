// SPDX-License-Identifier: Apache-2.0
#include "viz/wrapped.h"

#include <algorithm>

#include "viz/escape.h"

namespace nspect::viz {

namespace {

/// The beginning of a word that has `room`, at least one character of it.
std::string_view beginning(std::string_view word, std::size_t room) {
    std::string_view all = first_columns(word, room);
    const auto end = all.find_last_of("/,;:=-.)]");
    return end != std::string_view::npos && end + 1 > all.size() / 2 ? all.substr(0, end + 1) : all;
}

/// Lines that grow word by word.
class Lines {
public:
    Lines(std::size_t indent, std::size_t width)
        : indent_(indent),
          width_(width == 0 ? std::string::npos : std::max(width, indent + 1)),
          column_(indent),
          text_(indent, ' ') {}

    void add(std::string_view word) {
        const bool at_begin = column_ == indent_ && !any_;
        if (!at_begin && column_ + 1 + display_width(word) > width_) {
            end_line();
        } else if (!at_begin) {
            put(" ");
        }
        while (column_ + display_width(word) > width_) {
            const auto part = beginning(word, width_ - column_);
            put(part);
            word.remove_prefix(part.size());
            end_line();
        }
        put(word);
        any_ = true;
    }
    std::string take() { return std::move(text_); }

private:
    void put(std::string_view part) {
        text_ += part;
        column_ += display_width(part);
    }
    void end_line() {
        text_ += '\n' + std::string(indent_, ' ');
        column_ = indent_;
    }

    std::size_t indent_;
    std::size_t width_;
    std::size_t column_;
    bool any_ = false;  ///< something stands on the line
    std::string text_;
};

}  // namespace

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
    Lines lines(indent, width);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        lines.add(text.substr(at, end - at));
        at = end + 1;
    }
    return lines.take();
}

}  // namespace nspect::viz
