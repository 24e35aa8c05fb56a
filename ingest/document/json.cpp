// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/json.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>

#include <nlohmann/json.hpp>

namespace nspect::ingest {

namespace {

using Json = nlohmann::json;

/// Reads characters and leaves in `*reached` how far, which nlohmann's SAX interface does not tell.
class CountingIterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, const char** reached) : at_(at), reached_(reached) {}
    reference operator*() const { return *at_; }
    CountingIterator& operator++() {
        *reached_ = ++at_;
        return *this;
    }
    bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
    bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

private:
    const char* at_;
    const char** reached_;
};

/// Turns nlohmann's events into the builder's, with places. A token starts behind the one before
/// it, and behind white space and punctuation.
class Events {
public:
    /// `from` stands in line `line`, which starts at byte `line_start`.
    Events(TreeBuilder& builder, std::string_view text, std::size_t from, std::size_t line,
           std::size_t line_start)
        : builder_(builder),
          begin_(text.data()),
          behind_(text.data() + from),
          reached_(behind_),
          line_(line),
          line_start_(begin_ + line_start) {}

    const char** reached() { return &reached_; }
    const std::optional<JsonMistake>& mistake() const { return mistake_; }

    bool null() { return plain("null"); }
    bool boolean(bool value) { return plain(value ? "true" : "false"); }
    bool number_integer(std::int64_t value) { return number(std::to_string(value)); }
    bool number_unsigned(std::uint64_t value) { return number(std::to_string(value)); }
    bool number_float(double, const std::string& text) { return number(text); }
    bool string(std::string& value) { return text(value); }
    bool key(std::string& value) { return text(value); }
    bool binary(Json::binary_t&) { return true; }

    bool start_object(std::size_t) { return builder_.begin(Node::Kind::mapping, token()); }
    bool start_array(std::size_t) { return builder_.begin(Node::Kind::sequence, token()); }
    bool end_object() { return container_end(); }
    bool end_array() { return container_end(); }

    bool parse_error(std::size_t, const std::string&, const Json::exception& e) {
        const std::string_view why = e.what();
        const bool at_end = why.find("end of input") != std::string_view::npos;
        const char* at = at_end || reached_ == begin_ ? reached_ : reached_ - 1;
        std::string message = "not valid JSON: ";
        if (at_end) {
            message += "it ends too early";
        } else if (why.find("overflow") != std::string_view::npos) {
            message += "a number is too large";
        } else {
            message += "this was not expected here";
        }
        mistake_ = JsonMistake{static_cast<std::size_t>(at - begin_), std::move(message)};
        return false;
    }

private:
    // Where the token that was just read starts; counts the lines on the way.
    Position token() {
        const char* at = behind_;
        for (; at != reached_; ++at) {
            if (*at == '\n') {
                ++line_;
                line_start_ = at + 1;
            } else if (*at != ' ' && *at != '\t' && *at != '\r' && *at != ',' && *at != ':') {
                break;
            }
        }
        start_ = at;
        behind_ = reached_;
        return {static_cast<std::uint32_t>(line_), column(at)};
    }

    // In characters; only the bytes since the last place are looked at, so one long line stays
    // linear.
    std::uint32_t column(const char* at) {
        if (counted_to_ < line_start_) {
            counted_to_ = line_start_;
            characters_ = 0;
        }
        characters_ += static_cast<std::size_t>(std::count_if(counted_to_, at, [](char c) {
            return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
        }));
        counted_to_ = at;
        return static_cast<std::uint32_t>(characters_ + 1);
    }

    bool container_end() {
        token();
        return builder_.end();
    }

    bool plain(std::string_view word) {
        const Position at = token();
        return builder_.scalar(word, false, at, true);
    }

    // nlohmann has read one character past a number.
    bool number(const std::string& value) {
        const Position at = token();
        const char* end = start_;
        while (end != reached_ &&
               std::string_view("+-.0123456789eE").find(*end) != std::string_view::npos) {
            ++end;
        }
        behind_ = end;
        return builder_.scalar(value, false, at);
    }

    // A text without escapes is used where it stands in the file.
    bool text(const std::string& value) {
        const Position at = token();
        const bool as_written = reached_ - start_ == static_cast<std::ptrdiff_t>(value.size() + 2);
        const std::string_view written(start_ + 1, as_written ? value.size() : 0);
        return builder_.scalar(as_written ? written : std::string_view(value), true, at,
                               as_written);
    }

    TreeBuilder& builder_;
    const char* begin_;
    const char* behind_;   // the token before ends here
    const char* reached_;  // nlohmann has read up to here
    const char* start_ = nullptr;
    std::size_t line_;
    const char* line_start_;
    const char* counted_to_ = nullptr;
    std::size_t characters_ = 0;
    std::optional<JsonMistake> mistake_;
};

}  // namespace

std::optional<JsonMistake> read_json(Report& report, TreeBuilder& builder, std::size_t& from) {
    const std::string_view text = report.source().text();
    // Lines are found only when they are needed: most JSON files are one value from the start.
    const std::size_t line = from == 0 ? 1 : report.source().position(from).line;
    const std::size_t line_start = from == 0 ? 0 : report.source().offset_of_line(line);
    Events events(builder, text, from, line, line_start);
    builder.begin_document(false);
    bool whole = false;
    try {
        whole = Json::sax_parse(CountingIterator(text.data() + from, events.reached()),
                                CountingIterator(text.data() + text.size(), events.reached()),
                                &events, Json::input_format_t::json, false);
    } catch (const Json::exception& e) {
        return JsonMistake{from, std::string("not valid JSON: ") + e.what()};
    }
    from = whole ? static_cast<std::size_t>(*events.reached() - text.data()) : text.size();
    return events.mistake();
}

}  // namespace nspect::ingest
