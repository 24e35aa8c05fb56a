// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/result_stream.h"
#include "viz/escape.h"

namespace nspect::cli {

std::size_t terminal_width(int fd) {
    winsize size{};
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool locale_is_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        const std::string_view text(value);
        return text.find("UTF-8") != std::string_view::npos ||
               text.find("utf8") != std::string_view::npos;
    }
    return false;
}

static void declare_pictures(CommandLine& line, OutputOptions& options,
                             const std::vector<std::string>& formats) {
    const auto has = [&](std::string_view format) {
        return std::find(formats.begin(), formats.end(), format) != formats.end();
    };
    if (has("svg") || has("html")) {
        line.choice(
            options.theme, "--theme", {"light", "dark"},
            "of pictures (default: light), and of a page at first (default: as the reader's "
            "system)");
    }
    if (has("dot") || has("svg")) {
        line.choice(options.collapse, "--collapse", {"auto", "always", "never"},
                    "draw one box for each namespace, or for those who talk most among themselves; "
                    "auto: from 150 boxes on");
    }
    if (has("svg") || has("html")) {
        line.number(options.layout_seconds, "--layout-seconds",
                    "what each way to lay a picture out may take, before a plainer one is tried "
                    "(default: 5)");
    }
}

void declare_output(CommandLine& line, OutputOptions& options,
                    const std::vector<std::string>& formats) {
    options.format = formats.front();
    line.choice(options.format, "-o,--output", formats, "format of the result");
    line.option(options.file, "--file", "write the result there instead of to stdout", "FILE");
    line.choice(options.color, "--color", {"auto", "always", "never"}, "colour in text");
    line.flag(options.ascii, "--ascii", "no Unicode symbols in text");
    declare_pictures(line, options, formats);
    line.flag(options.quiet, "-q,--quiet", "no words on stderr but errors");
}

viz::TextStyle text_style(const OutputOptions& options) {
    const bool to_terminal = options.file.empty() && isatty(STDOUT_FILENO) != 0;
    const char* no_color = std::getenv("NO_COLOR");
    viz::TextStyle style;
    style.width = to_terminal ? terminal_width(STDOUT_FILENO) : 0;
    style.color = options.color == "always" || (options.color == "auto" && to_terminal &&
                                                (no_color == nullptr || *no_color == '\0'));
    style.unicode = !options.ascii && locale_is_utf8();
    return style;
}

Status write_file(const std::string& path, const std::string& text) {
    OutputOptions options;
    options.file = path;
    ResultStream stream(options);
    stream.write(text);
    return stream.close();
}

int write_result(const OutputOptions& options, const std::string& text, int code) {
    ResultStream stream(options);
    stream.write(text);
    return stream.finish(code);
}

int fail(const Error& error) {
    std::cerr << "nspect: " << to_string(error) << "\n";
    return exit_failed;
}

void say(const OutputOptions& options, const std::string& words) {
    if (!options.quiet) std::cerr << words << "\n";
}

void say_warnings(const OutputOptions& options, const std::vector<std::string>& warnings) {
    for (const auto& each : warnings) say(options, "warning: " + viz::for_terminal(each));
}

void print(const OutputOptions& options, const Diagnostics& diagnostics) {
    for (const Diagnostic& each : diagnostics.items()) {
        if (options.quiet && each.severity != Diagnostic::Severity::error) continue;
        std::cerr << to_string(each) << (to_string(each).ends_with('\n') ? "" : "\n");
    }
}

}  // namespace nspect::cli
