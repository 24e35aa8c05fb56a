// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "analyzer/baseline.h"
#include "analyzer/finding_kinds.h"
#include "cli/output.h"
#include "model/result.h"
#include "viz/formats.h"

namespace nspect::cli {

/// What decides whether findings make a pipeline fail.
struct JudgeOptions {
    std::string fail_on = "low";
    std::string baseline;  ///< file of known findings; empty: none
};

/// Declares --fail-on and --baseline.
void declare_judge(CommandLine& line, JudgeOptions& options);

/// Takes out what is known. Entries that nothing needed are said, but for those with a code of
/// `elsewhere`: one baseline may serve several verbs; `lossy`: the recording does not prove that
/// they can go. An Error: the baseline cannot be read or has errors.
Result<analyzer::Compared> judge(std::vector<Finding> findings, const JudgeOptions& options,
                                 const std::vector<analyzer::FindingKind>& elsewhere,
                                 const OutputOptions& output, bool lossy);

/// 1 when a finding is at least as severe as asked; "never": 0.
int exit_code(const std::vector<Finding>& findings, const JudgeOptions& options);
viz::JunitOptions junit_of(const std::string& suite, const JudgeOptions& options);

}  // namespace nspect::cli
