// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>
#include <vector>

namespace nspect::cli {

class CommandLine;

/// What a verb does once its arguments are parsed: prints, and gives the exit code of DESIGN.md
/// section 6 (0 nothing to report, 1 findings, 2 could not do it).
using Run = std::function<int()>;

/// A verb is one file and one row of the table in verbs.cpp.
struct Verb {
    std::string_view name;
    std::string_view summary;
    /// Declares the arguments; the returned function owns the variables they fill.
    Run (*declare)(CommandLine& line);
};

const std::vector<Verb>& verbs();

Run declare_audit(CommandLine& line);
Run declare_capture(CommandLine& line);
Run declare_connectivity(CommandLine& line);
Run declare_diff(CommandLine& line);
Run declare_doctor(CommandLine& line);
Run declare_explain(CommandLine& line);
Run declare_flows(CommandLine& line);
Run declare_generate(CommandLine& line);
Run declare_graph(CommandLine& line);
Run declare_lint(CommandLine& line);
Run declare_targets(CommandLine& line);

}  // namespace nspect::cli
