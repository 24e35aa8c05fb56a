// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/output.h"
#include "ingest/load.h"
#include "model/result.h"

namespace nspect::cli {

/// "kube:[CONTEXT]" or "docker:[SOCKET]": a server, and no file.
bool is_live(const std::string& input);

/// Asks it for its documents, which are added to `documents`. What it does not let us read is said.
Status read_live(const std::string& input, const OutputOptions& output,
                 std::vector<ingest::NamedText>& documents);

}  // namespace nspect::cli
