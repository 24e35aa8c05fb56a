// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/bundle.h"
#include "model/diagnostics.h"
#include "model/result.h"

namespace nspect::ingest {

/// Reads manifests from files, folders (every .yaml, .yml and .json below, in sorted order) and "-"
/// (standard input) into one bundle. Everything wrong with them goes to `diagnostics`; after an
/// error the bundle holds what was whole. The Result fails only for what cannot be opened at all,
/// and for a folder without any manifest.
Result<Bundle> load(const std::vector<std::string>& inputs, Diagnostics& diagnostics);

/// The same from text in memory; `name` stands for the file in locations.
struct NamedText {
    std::string name;
    std::string text;
};
/// Both, as one: what a server had (ingest/live) may belong to what files hold.
Result<Bundle> load(const std::vector<std::string>& inputs, const std::vector<NamedText>& texts,
                    Diagnostics& diagnostics);
Bundle load_texts(const std::vector<NamedText>& texts, Diagnostics& diagnostics);

}  // namespace nspect::ingest
