// SPDX-License-Identifier: Apache-2.0
#include "cli/render.h"

#include "cli/version.h"
#include "viz/layout.h"
#include "viz/text.h"

namespace nspect::cli {

namespace {

Result<std::string> rendered(const OutputOptions& options, const viz::View& view,
                             const viz::JunitOptions& junit) {
    const std::string& format = options.format;
    if (format == "text") return viz::to_text(view, text_style(options));
    if (format == "md") return viz::to_markdown(view);
    if (format == "csv")
        return view.tables.empty() ? std::string() : viz::to_csv(view.tables.front());
    if (format == "dot") return viz::to_dot(view);
    if (format == "mermaid") return viz::to_mermaid(view);
    if (format == "sarif") return viz::to_sarif(view, version);
    if (format == "junit") return viz::to_junit(view, junit);
    if (format == "baseline") return viz::to_baseline(view);
    if (format == "html") return viz::to_html(view);
    return viz::render(view, format);
}

}  // namespace

int write_view(const OutputOptions& options, const viz::View& view, int code,
               const viz::JunitOptions& junit) {
    auto text = rendered(options, view, junit);
    return text ? write_result(options, *text, code) : fail(text.error());
}

}  // namespace nspect::cli
