// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "ingest/live/http.h"
#include "ingest/load.h"
#include "model/result.h"

namespace nspect::cli {

/// "kube:[CONTEXT]" or "docker:[SOCKET]": a server, and no file.
bool is_live(const std::string& input);

/// Asks it for its documents, which are added to `documents`. What it does not let us read is said.
Status read_live(const std::string& input, const OutputOptions& output,
                 std::vector<ingest::NamedText>& documents);

bool is_kube(const std::string& input);
/// The API server that "kube:" or "kube:CONTEXT" means.
Result<ingest::HttpEndpoint> kube_server(const std::string& input,
                                         const std::function<void(const std::string&)>& say);

}  // namespace nspect::cli
