// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "analyzer/finding_kinds.h"
#include "model/baseline.h"
#include "model/finding.h"
#include "model/graph.h"
#include "viz/page_details.h"
#include "viz/wire.h"

namespace nspect::viz {

/// A table of text, as every format can show it.
struct Table {
    std::string id;  ///< "edges": file name, anchor
    std::string title;
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;  ///< each as long as `columns`
    std::vector<std::size_t> numeric;            ///< columns to align right and sort as numbers
    std::vector<std::size_t> states = {};        ///< columns whose words get a mark in a terminal
};

/// A statement that was held against the facts: one test for a pipeline.
struct Check {
    enum class Status { pass, fail, not_observable };
    std::string group;  ///< "compliance"
    std::string name;
    Status status = Status::pass;
    std::string message;  ///< what the status rests on
    std::vector<std::string> evidence;
};

/// What there is to show, in every format: all renderers take this and nothing else, so they all
/// say the same. Strings are as they came from the wire; escaping is each renderer's duty.
struct View {
    std::string title;
    std::vector<std::string> summary;                          ///< sentences
    std::vector<std::pair<std::string, std::string>> figures;  ///< "conversations" -> "1 204"
    std::vector<std::string> warnings;  ///< about the quality of the capture, shown first
    Graph graph;
    std::vector<Wire> wires;     ///< drawn too: in dot, svg, png and pdf
    bool wide_by_bytes = false;  ///< what a line's width stands for: bytes, not conversations
    std::vector<Finding> findings;
    std::vector<KnownFinding> known;           ///< left out of `findings` by a baseline
    std::vector<analyzer::FindingKind> kinds;  ///< every code that was looked for
    std::vector<Check> checks;
    std::vector<Table> tables;
    std::vector<std::pair<std::string, std::string>>
        documents;                   ///< name -> text: generated policies
    PageDetails details;             ///< what only a page has room for
    std::vector<Table> page_tables;  ///< these too: of what no policy isolates, of what is unused
};

}  // namespace nspect::viz
