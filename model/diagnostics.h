// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nspect {

/// A place in a document. `line` and `column` (in characters) count from 1; 0 means the whole file.
/// For JSON input `path` says the same in words, "items[12].spec.ingress[0]".
struct Location {
    std::string file;
    std::size_t line = 0;
    std::size_t column = 0;
    std::string path;

    auto operator<=>(const Location&) const = default;
    bool operator==(const Location&) const = default;
};

/// Text of strangers for a terminal: control characters, broken UTF-8 and what turns the direction
/// of text around become \xNN, one per byte.
std::string printable(std::string_view text);

/// "file:line:col", shortened by what is not known; without a line "file:path".
std::string to_string(const Location& location);

/// One thing wrong with a document. Codes are stable and listed in docs/diagnostics.md.
struct Diagnostic {
    enum class Severity { error, warning, note };
    Severity severity = Severity::error;
    std::string code;
    std::string message;
    std::string hint;
    Location location;
    std::string source_line;  ///< the line `location` points into, for the caret; may be empty
    std::size_t width = 1;    ///< how many columns the caret underlines

    bool operator==(const Diagnostic&) const = default;
};

/// The form a person reads:
///   shop/netpol.yaml:14:14: error[NP014]: policy "db-in" selects no workload
///      14 |         app: databse
///         |              ^~~~~~~
///      hint: did you mean "database"?
/// Control characters of the input are escaped; no line break at the end.
std::string to_string(const Diagnostic& diagnostic);

/// Collects what is wrong with documents; readers go on after adding to it.
class Diagnostics {
public:
    void add(Diagnostic diagnostic);

    const std::vector<Diagnostic>& items() const noexcept { return items_; }
    bool has_errors() const noexcept;
    bool empty() const noexcept { return items_.empty(); }

    /// By file, line, column, then code; equal ones once.
    void sort();

private:
    std::vector<Diagnostic> items_;
};

/// The candidate nearest to `word` by edit distance, or "" when none is near enough to suggest.
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace nspect
