// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ingest/document/node.h"
#include "ingest/document/source_text.h"
#include "model/diagnostics.h"

namespace nspect::ingest {

/// Says what is wrong with one file, each with its place and the line it stands in.
/// Lives only while that file is read: refers to the source and to the diagnostics.
class Report {
public:
    Report(const SourceTextView& source, Diagnostics& diagnostics)
        : source_(source), diagnostics_(diagnostics) {}

    void error(const Node& at, std::string_view code, std::string message, std::string hint = {});
    void warning(const Node& at, std::string_view code, std::string message, std::string hint = {});
    void note(const Node& at, std::string_view code, std::string message, std::string hint = {});
    /// As above, with the key of `at` underlined, not its value.
    void key_error(const Node& at, std::string_view code, std::string message,
                   std::string hint = {});
    void key_warning(const Node& at, std::string_view code, std::string message,
                     std::string hint = {});
    /// A warning to keep until it is known to be one: when all documents are read.
    Diagnostic later_warning(const Node& at, std::string_view code, std::string message,
                             std::string hint = {}) const;
    /// For what is not a node: a syntax error. Line 0 is the file as a whole.
    void error_at(Position at, std::string_view code, std::string message, std::string hint = {});

    /// How many errors there were so far.
    std::size_t errors() const noexcept { return errors_; }
    const SourceTextView& source() const noexcept { return source_; }
    /// For a document inside of this one, which has a report of its own.
    Diagnostics& diagnostics() const noexcept { return diagnostics_; }
    Location location_of(const Node& node) const;

    /// For JSON: locations carry a path, which starts with the one of the list item being read.
    void use_paths(bool use) { use_paths_ = use; }
    void set_base_path(std::string path) { base_path_ = std::move(path); }

private:
    void add(Diagnostic::Severity severity, std::string_view code, std::string message,
             std::string hint, Location where, std::size_t width);
    Location key_location_of(const Node& node) const;

    const SourceTextView& source_;
    Diagnostics& diagnostics_;
    std::size_t errors_ = 0;
    bool use_paths_ = false;
    std::string base_path_;
};

/// `text` in double quotes, cut short when it is long.
std::string in_quotes(std::string_view text);

/// What to say of a line that no parser can read because it is the template of a manifest; else "".
std::string template_hint(std::string_view line);

}  // namespace nspect::ingest
