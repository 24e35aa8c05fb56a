// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/finding.h"
#include "model/graph.h"

namespace nspect::viz {

/// A table of text, as every format can show it.
struct Table {
    std::string id;  ///< "edges": file name, anchor
    std::string title;
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;  ///< each as long as `columns`
    std::vector<std::size_t> numeric;            ///< columns to align right and sort as numbers
};

/// What there is to show, in every format: all renderers take this and nothing else, so they all
/// say the same. Strings are as they came from the wire; escaping is each renderer's duty.
struct View {
    std::string title;
    std::vector<std::string> summary;                          ///< sentences
    std::vector<std::pair<std::string, std::string>> figures;  ///< "conversations" -> "1 204"
    std::vector<std::string> warnings;  ///< about the quality of the capture, shown first
    Graph graph;
    std::vector<Finding> findings;
    std::vector<Table> tables;
    std::vector<std::pair<std::string, std::string>>
        documents;  ///< name -> text: generated policies
};

}  // namespace nspect::viz
