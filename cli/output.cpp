// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string_view>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace nspect::cli {

namespace {

std::size_t terminal_width() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 0;
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

/// Zero, or the errno of what went wrong.
int write_bytes(const std::string& path, int flags, std::string_view bytes) {
    const int fd = ::open(path.c_str(), flags | O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0) return errno;
    int failed = 0;
    while (!bytes.empty() && failed == 0) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) failed = errno;
        if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::close(fd) != 0 && failed == 0) failed = errno;
    return failed;
}

}  // namespace

void declare_output(CommandLine& line, OutputOptions& options,
                    const std::vector<std::string>& formats) {
    options.format = formats.front();
    line.choice(options.format, "-o,--output", formats, "format of the result");
    line.option(options.file, "--file", "write the result there instead of to stdout", "FILE");
    line.choice(options.color, "--color", {"auto", "always", "never"}, "colour in text");
    line.flag(options.ascii, "--ascii", "no Unicode symbols in text");
    line.flag(options.quiet, "-q,--quiet", "no words on stderr but errors");
}

viz::TextStyle text_style(const OutputOptions& options) {
    const bool to_terminal = options.file.empty() && isatty(STDOUT_FILENO) != 0;
    const char* no_color = std::getenv("NO_COLOR");
    viz::TextStyle style;
    style.width = to_terminal ? terminal_width() : 0;
    style.color = options.color == "always" || (options.color == "auto" && to_terminal &&
                                                (no_color == nullptr || *no_color == '\0'));
    style.unicode = !options.ascii && locale_is_utf8();
    return style;
}

Status write_file(const std::string& path, const std::string& text) {
    std::error_code ignored;
    const auto status = std::filesystem::status(path, ignored);
    if (std::filesystem::is_directory(status)) {
        return error_from_errno(EISDIR, "cannot write the file", path);
    }
    // A device or a pipe is written to, not replaced.
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
        const int failed = write_bytes(path, 0, text);
        return failed == 0 ? Status(done) : error_from_errno(failed, "cannot write", path);
    }
    const std::string part = path + ".part-" + std::to_string(::getpid());
    int failed = write_bytes(part, O_CREAT | O_EXCL | O_NOFOLLOW, text);
    if (failed == 0 && std::rename(part.c_str(), path.c_str()) != 0) failed = errno;
    if (failed == 0) return done;
    if (failed != EEXIST) std::remove(part.c_str());
    return error_from_errno(failed, "cannot write the file", path);
}

int write_result(const OutputOptions& options, const std::string& text, int code) {
    if (options.file.empty()) {
        std::cout << text;
        return code;
    }
    const Status written = write_file(options.file, text);
    return written ? code : fail(written.error());
}

int fail(const Error& error) {
    std::cerr << "nspect: " << to_string(error) << "\n";
    return exit_failed;
}

void say(const OutputOptions& options, const std::string& words) {
    if (!options.quiet) std::cerr << words << "\n";
}

void print(const OutputOptions& options, const Diagnostics& diagnostics) {
    for (const Diagnostic& each : diagnostics.items()) {
        if (options.quiet && each.severity != Diagnostic::Severity::error) continue;
        std::cerr << to_string(each) << (to_string(each).ends_with('\n') ? "" : "\n");
    }
}

}  // namespace nspect::cli
