// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/output.h"
#include "viz/formats.h"
#include "viz/view.h"

namespace nspect::cli {

/// Renders the view in the chosen format and writes it; `code` is the exit code of success.
/// json is not among these formats: each verb has its own machine format.
int write_view(const OutputOptions& options, const viz::View& view, int code,
               const viz::JunitOptions& junit = {});

}  // namespace nspect::cli
