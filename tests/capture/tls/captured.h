// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "model/sighting.h"

namespace nspect::test {

/// Captures of a data set in $NSPECT_SHARED/captures, sorted; says so when there are none.
std::vector<std::filesystem::path> shared_captures(const std::string& folder);

/// All flows of a capture file, with what the tracker saw in them.
std::vector<Sighting> sightings_of(const std::filesystem::path& capture);
/// The same with a key log file.
std::vector<Sighting> sightings_of(const std::filesystem::path& capture,
                                   const std::filesystem::path& key_log);

}  // namespace nspect::test
