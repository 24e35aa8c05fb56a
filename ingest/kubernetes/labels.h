// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "ingest/document/report.h"
#include "model/labels.h"

namespace nspect::ingest {

/// Which diagnostics a mapping of labels gives.
struct LabelCodes {
    std::string_view key;    ///< a key that is no label key
    std::string_view value;  ///< a value that is no label value
    std::string_view type;   ///< a value that is not text
};
inline constexpr LabelCodes object_label_codes{"INV003", "INV004", "INV005"};
inline constexpr LabelCodes selector_label_codes{"NP015", "NP016", "NP017"};

/// Reads a mapping of labels; nullptr is no label at all. A null value reads as "", as in the API
/// server.
Labels read_labels(const Node* mapping, Report& report, const LabelCodes& codes);

/// Reads a meta/v1 LabelSelector; nullptr and an empty one match everything.
Selector read_selector(const Node* selector, Report& report);

/// Its requirements as they are written, for languages with keys of their own. Those of matchLabels
/// come first, as `In` with one value.
using KeyTest = bool (*)(std::string_view key);
std::vector<Requirement> read_requirements(const Node* selector, Report& report, KeyTest is_key);

}  // namespace nspect::ingest
