// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/yaml.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <yaml.h>

namespace nspect::ingest {

namespace {

// After so many broken documents a file is not worth reading on.
constexpr std::size_t most_broken_documents = 20;

class Event {
public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { yaml_event_delete(&event_); }

    yaml_event_t* operator&() { return &event_; }
    const yaml_event_t* operator->() const { return &event_; }

private:
    yaml_event_t event_{};
};

std::string_view view(const yaml_char_t* text, std::size_t length) {
    return {static_cast<const char*>(static_cast<const void*>(text)), length};
}

std::string_view view(const yaml_char_t* text) {
    return text == nullptr ? std::string_view()
                           : static_cast<const char*>(static_cast<const void*>(text));
}

/// Reads from one place in the text up to the end or the first mistake.
class Reading {
public:
    Reading(Report& report, TreeBuilder& builder, std::size_t from)
        : report_(report),
          builder_(builder),
          from_(from),
          lines_before_(report.source().position(from).line - 1) {
        yaml_parser_initialize(&parser_);
        const std::string_view text = report.source().text().substr(from);
        yaml_parser_set_input_string(
            &parser_, static_cast<const unsigned char*>(static_cast<const void*>(text.data())),
            text.size());
    }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() { yaml_parser_delete(&parser_); }

    /// False after a mistake, which has been reported; `line` is then where.
    bool run(std::size_t& line) {
        for (;;) {
            Event event;
            if (yaml_parser_parse(&parser_, &event) == 0) {
                report_syntax(line);
                return false;
            }
            if (event->type == YAML_STREAM_END_EVENT) return true;
            if (!take(event)) {
                line = position(event->start_mark).line;
                return false;
            }
        }
    }

private:
    Position position(const yaml_mark_t& mark) const {
        return {static_cast<std::uint32_t>(lines_before_ + mark.line + 1),
                static_cast<std::uint32_t>(mark.column + 1)};
    }

    bool take(const Event& event) {
        const Position at = position(event->start_mark);
        switch (event->type) {
            case YAML_DOCUMENT_START_EVENT:
                builder_.begin_document(true);
                return true;
            case YAML_MAPPING_START_EVENT:
                return builder_.begin(Node::Kind::mapping, at,
                                      view(event->data.mapping_start.anchor));
            case YAML_SEQUENCE_START_EVENT:
                return builder_.begin(Node::Kind::sequence, at,
                                      view(event->data.sequence_start.anchor));
            case YAML_MAPPING_END_EVENT:
            case YAML_SEQUENCE_END_EVENT:
                return builder_.end();
            case YAML_ALIAS_EVENT:
                return builder_.alias(view(event->data.alias.anchor), at);
            case YAML_SCALAR_EVENT:
                return take_scalar(event, at);
            default:
                return true;
        }
    }

    bool take_scalar(const Event& event, Position at) {
        const auto& scalar = event->data.scalar;
        bool is_text = scalar.style != YAML_PLAIN_SCALAR_STYLE;
        const std::string_view tag = view(scalar.tag);
        if (tag == YAML_STR_TAG || tag == "!") is_text = true;
        if (tag == YAML_INT_TAG || tag == YAML_BOOL_TAG || tag == YAML_FLOAT_TAG) is_text = false;
        return builder_.scalar(view(scalar.value, scalar.length), is_text, at, false,
                               view(scalar.anchor));
    }

    void report_syntax(std::size_t& line) {
        Position at = position(parser_.problem_mark);
        if (parser_.error == YAML_READER_ERROR) {
            const std::size_t end = report_.source().text().size();
            at = report_.source().position(std::min(end, from_ + parser_.problem_offset));
        }
        line = at.line;
        const std::string text = report_.source().line(at.line);
        const std::size_t indent = std::min(text.find_first_not_of(" \t"), text.size());
        const std::size_t tab = text.substr(0, indent).find('\t');
        if (tab != std::string::npos) {
            report_.error_at({at.line, static_cast<std::uint32_t>(tab + 1)}, "DOC003",
                             "a tab is used for indentation", "YAML is indented with spaces only");
            return;
        }
        std::string message = "not valid YAML: ";
        message += parser_.problem == nullptr ? "it cannot be read" : parser_.problem;
        if (parser_.context != nullptr) {
            message += std::string(" (") + parser_.context + " that starts in line " +
                       std::to_string(position(parser_.context_mark).line) + ")";
        }
        report_.error_at(at, "DOC004", std::move(message), template_hint(text));
    }

    Report& report_;
    TreeBuilder& builder_;
    std::size_t from_;
    std::size_t lines_before_;
    yaml_parser_t parser_{};
};

// The first line that begins a document, not before `line` and behind `from`, as an offset. The
// mistake of one document may show only at the mark of the next.
std::size_t next_document(const SourceTextView& source, std::size_t line, std::size_t from) {
    const std::string_view text = source.text();
    std::size_t at = source.offset_of_line(line);
    while (at < text.size() && (at <= from || !text.substr(at).starts_with("---"))) {
        const std::size_t end = text.find('\n', at);
        at = end == std::string_view::npos ? text.size() : end + 1;
    }
    return at;
}

}  // namespace

void read_yaml(Report& report, TreeBuilder& builder, std::size_t from) {
    for (std::size_t broken = 0; from < report.source().text().size(); ++broken) {
        if (broken == most_broken_documents) {
            report.error_at(report.source().position(from), "DOC014",
                            "more than " + std::to_string(most_broken_documents) +
                                " documents of this file are broken; the rest was not read");
            return;
        }
        std::size_t line = 0;
        if (Reading(report, builder, from).run(line)) return;
        from = next_document(report.source(), line, from);
    }
}

}  // namespace nspect::ingest
