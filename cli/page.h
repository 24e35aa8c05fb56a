// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analyzer/audit.h"
#include "cli/inputs.h"
#include "viz/view.h"

namespace nspect::cli {

/// Adds what only a page shows: conversations by edge and time, the policies' text as it stands in
/// the files (those that are gone or not files are left out), and the policies that the recording
/// asks for.
void add_page(const analyzer::PolicyEngine& engine, const Loaded& loaded,
              const analyzer::Audit& audit, bool quiet, viz::View& view);

}  // namespace nspect::cli
