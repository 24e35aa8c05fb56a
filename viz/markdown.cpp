// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "viz/escape.h"
#include "viz/formats.h"

namespace nspect::viz {

namespace {

std::string row(const std::vector<std::string>& cells) {
    std::string text = "|";
    for (const auto& cell : cells) text += " " + for_markdown(cell) + " |";
    return text + "\n";
}

std::string table_markdown(const Table& table) {
    std::string text;
    if (!table.title.empty()) text += "## " + for_markdown(table.title) + "\n\n";
    text += row(table.columns) + "|";
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const bool right =
            std::find(table.numeric.begin(), table.numeric.end(), i) != table.numeric.end();
        text += right ? " ---: |" : " --- |";
    }
    text += "\n";
    for (const auto& each : table.rows) text += row(each);
    return text + "\n";
}

std::string findings_markdown(const std::vector<Finding>& findings) {
    if (findings.empty()) return {};
    std::string text = "## Findings\n\n";
    for (const Finding& each : findings) {
        text += "- **" + std::string(to_string(each.severity)) + "** `" + each.code + "` " +
                for_markdown(each.subject) + ": " + for_markdown(each.message);
        if (each.location) text += " (" + for_markdown(to_string(*each.location)) + ")";
        text += "\n";
        for (const auto& evidence : each.evidence) text += "  - " + for_markdown(evidence) + "\n";
    }
    return text + "\n";
}

}  // namespace

std::string to_markdown(const View& view) {
    std::string text = "# " + for_markdown(view.title) + "\n\n";
    for (const auto& each : view.warnings) text += "> **Warning:** " + for_markdown(each) + "\n>\n";
    if (!view.warnings.empty()) text += "\n";
    for (const auto& each : view.summary) text += for_markdown(each) + "\n";
    if (!view.summary.empty()) text += "\n";
    text += findings_markdown(view.findings);
    for (const auto& each : view.tables) text += table_markdown(each);
    return text;
}

}  // namespace nspect::viz
