// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <iostream>

#include <CLI/CLI.hpp>

#include "model/diagnostics.h"

namespace nspect::cli {

struct CommandLine::Parser {
    CLI::App app;
    Parser(std::string summary, std::string program)
        : app(std::move(summary), std::move(program)) {}
};

namespace {

/// "unknown option '--outt'; did you mean '--out'?"
std::string unexpected(const CLI::App& app) {
    const auto left = app.remaining();
    const std::string word = left.empty() ? std::string() : left.front();
    if (!word.starts_with('-') || word == "-") return "unexpected argument '" + word + "'";
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string> names;
    for (const CLI::Option* each : app.get_options()) {
        for (const std::string& long_name : each->get_lnames()) names.push_back("--" + long_name);
    }
    const auto near = nearest_name(name, names);
    return "unknown option '" + name + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?");
}

int refuse(const CLI::App& app, const std::string& words) {
    std::cerr << app.get_name() << ": " << printable(words) << "\n"
              << "see: " << app.get_name() << " --help\n";
    return 2;
}

}  // namespace

CommandLine::CommandLine(std::string program, std::string summary)
    : parser_(std::make_unique<Parser>(std::move(summary), std::move(program))) {
    parser_->app.get_formatter()->column_width(34);
    parser_->app.get_formatter()->label("OPTIONS", "options");
    parser_->app.set_help_flag("-h,--help", "this text");
}

CommandLine::~CommandLine() = default;

void CommandLine::inputs(std::vector<std::string>& into, const std::string& name,
                         const std::string& help, bool required) {
    auto* option = parser_->app.add_option(name, into, help)->option_text("...");
    if (required) option->required();
}

void CommandLine::positional(std::string& into, const std::string& name, const std::string& help) {
    parser_->app.add_option(name, into, help)->required()->option_text(" ");
}

void CommandLine::flag(bool& into, const std::string& names, const std::string& help) {
    parser_->app.add_flag(names, into, help);
}

void CommandLine::option(std::string& into, const std::string& names, const std::string& help,
                         const std::string& value) {
    parser_->app.add_option(names, into, help)->option_text(value);
}

void CommandLine::options(std::vector<std::string>& into, const std::string& names,
                          const std::string& help, const std::string& value) {
    parser_->app.add_option(names, into, help)->expected(1)->take_all()->option_text(value);
}

void CommandLine::many(std::vector<std::string>& into, const std::string& names,
                       const std::string& help) {
    parser_->app.add_option(names, into, help)->expected(1, 1 << 20)->option_text("FILE ...");
}

void CommandLine::choice(std::string& into, const std::string& names,
                         const std::vector<std::string>& choices, const std::string& help) {
    std::string list;
    for (const auto& each : choices) list += (list.empty() ? "" : "|") + each;
    auto check = [choices, list](std::string& value) -> std::string {
        for (const auto& each : choices) {
            if (each == value) return {};
        }
        const auto near = nearest_name(value, choices);
        return "'" + value + "' is none of " + list +
               (near.empty() ? "" : "; did you mean '" + near + "'?");
    };
    parser_->app.add_option(names, into, help + (into.empty() ? "" : " (default: " + into + ")"))
        ->check(CLI::Validator(check, "", "choice"))
        ->option_text(list);
}

void CommandLine::number(std::uint64_t& into, const std::string& names, const std::string& help) {
    parser_->app.add_option(names, into, help)->option_text("N");
}

void CommandLine::footer(const std::string& text) {
    parser_->app.footer(text);
}

std::optional<int> CommandLine::parse(const std::vector<std::string>& arguments) {
    try {
        // CLI11 takes the arguments last first.
        parser_->app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
        return std::nullopt;
    } catch (const CLI::CallForHelp&) {
        std::cout << parser_->app.help();
        return 0;
    } catch (const CLI::ExtrasError&) {
        return refuse(parser_->app, unexpected(parser_->app));
    } catch (const CLI::RequiredError& error) {
        const std::string words = error.what();
        return refuse(parser_->app, "missing: " + words.substr(0, words.find(" is required")));
    } catch (const CLI::ArgumentMismatch& error) {
        const std::string words = error.what();
        return refuse(parser_->app, words.substr(0, words.find(':')) + " needs a value");
    } catch (const CLI::ParseError& error) {
        return refuse(parser_->app, error.what());
    }
}

}  // namespace nspect::cli
