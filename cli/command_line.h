// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nspect::cli {

/// One verb's arguments, declared once: what `--help` prints and what parsing fills are the same
/// declaration. The variables handed over must outlive the parsing.
class CommandLine {
public:
    CommandLine(std::string program, std::string summary);
    ~CommandLine();
    CommandLine(const CommandLine&) = delete;
    CommandLine& operator=(const CommandLine&) = delete;

    void inputs(std::vector<std::string>& into, const std::string& name, const std::string& help,
                bool required = false);
    void positional(std::string& into, const std::string& name, const std::string& help);
    void flag(bool& into, const std::string& names, const std::string& help);
    /// `value` stands for what is given, in --help.
    void option(std::string& into, const std::string& names, const std::string& help,
                const std::string& value = "VALUE");
    /// Once, in the order given, as often as it is repeated.
    void options(std::vector<std::string>& into, const std::string& names, const std::string& help,
                 const std::string& value = "VALUE");
    /// Several values after one occurrence: `--read A B C`.
    void many(std::vector<std::string>& into, const std::string& names, const std::string& help);
    /// One of `choices`; another value is an error naming the nearest. What `into` holds is the
    /// default.
    void choice(std::string& into, const std::string& names,
                const std::vector<std::string>& choices, const std::string& help);
    void number(std::uint64_t& into, const std::string& names, const std::string& help);
    /// Paragraphs printed after the options: examples.
    void footer(const std::string& text);

    /// Nothing when the verb should run; otherwise its exit code, the text having been printed.
    std::optional<int> parse(const std::vector<std::string>& arguments);

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace nspect::cli
