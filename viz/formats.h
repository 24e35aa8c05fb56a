// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "viz/layout.h"
#include "viz/theme.h"
#include "viz/view.h"

namespace nspect::viz {

/// RFC 4180, with a header line; a cell that a spreadsheet would run as a formula gets a leading
/// quote.
std::string to_csv(const Table& table);
/// GitHub Markdown: summary, findings, tables.
std::string to_markdown(const View& view);
/// Graphviz DOT of the view's graph: one cluster per group, EdgeState as colour, dash and symbol.
std::string to_dot(const View& view, const Theme& theme = light_theme());
/// A Mermaid flowchart. What is dark says so; what is light follows the page it stands in.
std::string to_mermaid(const View& view, const Theme& theme = light_theme());
/// SARIF 2.1.0 of the findings; what is known is suppressed. Files are relative to where the
/// program ran.
std::string to_sarif(const View& view, const std::string& tool_version);
/// The findings as a baseline file (docs/ci.md): what is new still needs its reason.
std::string to_baseline(const View& view);

struct JunitOptions {
    std::string suite;                                ///< "nspect audit"
    std::optional<Severity> fail_on = Severity::low;  ///< findings below it pass; absent: all do
};
/// JUnit XML, as GitLab, Jenkins and others read it: a test for each finding and check, a passed
/// one for each kind of finding that there was none of, a skipped one for what a baseline knows.
std::string to_junit(const View& view, const JunitOptions& options);
/// One self-contained page: works offline, makes no request (Content-Security-Policy in a meta
/// tag). `theme`: "light", "dark", or empty for what the reader's system has; the reader may choose
/// another.
std::string to_html(const View& view, const LayoutLimits& limits = {},
                    const std::string& theme = {});

}  // namespace nspect::viz
