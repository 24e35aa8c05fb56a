// SPDX-License-Identifier: Apache-2.0
#include "cli/render.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "cli/progress.h"
#include "cli/version.h"
#include "viz/collapse.h"
#include "viz/layout.h"
#include "viz/text.h"

namespace nspect::cli {

namespace {

constexpr std::uint64_t longest = 24 * 60 * 60;  // seconds

viz::LayoutLimits limits_of(const OutputOptions& options) {
    viz::LayoutLimits limits;
    limits.seconds =
        static_cast<int>(std::clamp<std::uint64_t>(options.layout_seconds, 1, longest));
    return limits;
}

bool is_picture(std::string_view format) {
    for (const std::string_view each : {"dot", "mermaid", "svg", "png", "pdf"}) {
        if (format == each) return true;
    }
    return false;
}

/// The view collapsed, where that is asked for and helps.
std::optional<viz::View> fewer_boxes(const OutputOptions& options, const viz::View& view) {
    const std::size_t nodes = view.graph.nodes.size();
    const bool large = options.collapse == "auto" && nodes >= viz::readable_nodes;
    const bool always = options.collapse == "always";
    if (!always && !large) return {};
    auto made = viz::collapsed(view, always);
    if (made) {
        say(options, std::to_string(nodes) + " boxes are drawn as " +
                         std::to_string(made->graph.nodes.size()) +
                         " (--collapse never draws each; --focus opens one)");
    } else if (always) {
        say(options, "there is nothing to collapse: each box is drawn");
    }
    return made;
}

Result<std::string> drawn(const OutputOptions& options, const viz::View& view) {
    const viz::Theme& theme = viz::theme_named(options.theme);
    if (options.format == "dot") return viz::to_dot(view, theme);
    if (options.format == "mermaid") return viz::to_mermaid(view, theme);
    return viz::render(view, options.format, {&theme, limits_of(options)});
}

Result<std::string> rendered(const OutputOptions& options, const viz::View& view,
                             const viz::JunitOptions& junit) {
    const std::string& format = options.format;
    if (is_picture(format)) {
        const auto fewer = fewer_boxes(options, view);
        const Progress progress("drawing", options.quiet);
        return drawn(options, fewer ? *fewer : view);
    }
    if (format == "text") return viz::to_text(view, text_style(options));
    if (format == "md") return viz::to_markdown(view);
    if (format == "csv")
        return view.tables.empty() ? std::string() : viz::to_csv(view.tables.front());
    if (format == "sarif") return viz::to_sarif(view, version);
    if (format == "junit") return viz::to_junit(view, junit);
    if (format == "baseline") return viz::to_baseline(view);
    const Progress progress("drawing", options.quiet);
    return viz::to_html(view, limits_of(options), options.theme);
}

/// Whether the format has room for how far the capture can be trusted.
bool tells_warnings(const std::string& format) {
    return format == "text" || format == "md" || format == "html";
}

}  // namespace

int write_view(const OutputOptions& options, const viz::View& view, int code,
               const viz::JunitOptions& junit) {
    auto text = rendered(options, view, junit);
    if (!tells_warnings(options.format)) say_warnings(options, view.warnings);
    return text ? write_result(options, *text, code) : fail(text.error());
}

}  // namespace nspect::cli
