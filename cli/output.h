// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "model/diagnostics.h"
#include "model/result.h"
#include "viz/text.h"

namespace nspect::cli {

inline constexpr int exit_ok = 0;
inline constexpr int exit_findings = 1;
inline constexpr int exit_failed = 2;
inline constexpr int exit_interrupted = 130;

/// The options every verb with a result has: -o FORMAT, --file PATH, --color, --quiet.
struct OutputOptions {
    std::string format;
    std::string file;
    std::string color = "auto";
    bool quiet = false;
    bool ascii = false;
    std::string theme;  ///< "light" or "dark"; empty: light pictures, pages as their reader has it
    std::string collapse = "auto";     ///< large pictures to groups
    std::uint64_t layout_seconds = 5;  ///< that each way to lay a picture out may take
};

/// Declares them; the first of `formats` is the default. Where pictures are among these, what they
/// are drawn with too.
void declare_output(CommandLine& line, OutputOptions& options,
                    const std::vector<std::string>& formats);

/// How text should look where the result goes: width, colour (NO_COLOR, --color), Unicode by
/// locale.
viz::TextStyle text_style(const OutputOptions& options);

/// Columns of the terminal that `fd` is; 0: it is none, or says nothing of its size.
std::size_t terminal_width(int fd);
/// Whether this locale has Unicode.
bool locale_is_utf8();

/// Writes the result to stdout or --file (atomically: a file appears whole or not at all). Returns
/// `code`, or exit_failed when it could not be written.
int write_result(const OutputOptions& options, const std::string& text, int code);
/// Writes one file whole or not at all.
Status write_file(const std::string& path, const std::string& text);

/// To stderr: "nspect: message", the hint below. Returns exit_failed.
int fail(const Error& error);
/// To stderr, unless --quiet.
void say(const OutputOptions& options, const std::string& words);
/// The same of how far a recording can be trusted, where the result has no room for it.
void say_warnings(const OutputOptions& options, const std::vector<std::string>& warnings);
/// Every diagnostic to stderr; with --quiet errors only.
void print(const OutputOptions& options, const Diagnostics& diagnostics);

}  // namespace nspect::cli
