// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include <sys/random.h>

#include "cli/command_line.h"
#include "cli/verb.h"
#include "cli/version.h"
#include "model/diagnostics.h"
#include "model/hash_seed.h"

namespace {

using nspect::cli::Verb;

void print_usage(std::ostream& out) {
    out << "nspect shows who talks to whom between containers, holds it against what policy "
           "declares,\n"
           "and writes the policy that allows nothing more.\n\n"
           "usage: nspect VERB [inputs] [options]\n\n";
    for (const Verb& verb : nspect::cli::verbs()) {
        out << "  " << verb.name << std::string(14 - verb.name.size(), ' ') << verb.summary << "\n";
    }
    out << "\nInputs are files, folders, '-', or recordings (*.nspect), in any order.\n"
           "Results go to stdout, words to stderr. Exit: 0 nothing to report, 1 findings, 2 could "
           "not do it,\n130 interrupted.\n"
           "Start with: nspect doctor    Help on a verb: nspect VERB --help\n";
}

int unknown_verb(const std::string& name) {
    std::vector<std::string> names;
    for (const Verb& verb : nspect::cli::verbs()) names.emplace_back(verb.name);
    if (name.starts_with('-')) {
        std::cerr << "nspect: the verb comes first, before '" << nspect::printable(name)
                  << "'\nsee: nspect --help\n";
        return 2;
    }
    const auto near = nspect::nearest_name(name, names);
    std::cerr << "nspect: unknown verb '" << nspect::printable(name) << "'"
              << (near.empty() ? "" : "; did you mean '" + near + "'?") << "\nsee: nspect --help\n";
    return 2;
}

/// Without randomness the fixed seed has to do.
void seed_hashes() {
    nspect::HashSeed seed;
    if (getrandom(&seed, sizeof seed, 0) == static_cast<ssize_t>(sizeof seed)) {
        nspect::set_hash_seed(seed);
    }
}

int run_verb(const std::string& name, const std::vector<std::string>& arguments) {
    for (const Verb& verb : nspect::cli::verbs()) {
        if (verb.name != name) continue;
        nspect::cli::CommandLine line("nspect " + name, std::string(verb.summary));
        const nspect::cli::Run run = verb.declare(line);
        if (const auto code = line.parse(arguments)) return *code;
        return run();
    }
    return unknown_verb(name);
}

int dispatch(const std::vector<std::string>& arguments) {
    if (arguments.empty()) {
        print_usage(std::cerr);
        return 2;
    }
    const std::string& name = arguments.front();
    if (name == "help" && arguments.size() > 1) return run_verb(arguments[1], {"--help"});
    if (name == "--help" || name == "-h" || name == "help") {
        print_usage(std::cout);
        return 0;
    }
    if (name == "--version") {
        std::cout << "nspect " << nspect::cli::version << "\n";
        return 0;
    }
    return run_verb(name, {arguments.begin() + 1, arguments.end()});
}

}  // namespace

int main(int argc, char** argv) {
    seed_hashes();
    try {
        const int code = dispatch({argv + 1, argv + argc});
        // A result that could not be written is not a result (a full disk behind stdout).
        std::cout.flush();
        if (!std::cout) {
            std::cerr << "nspect: standard output could not be written\n";
            return 2;
        }
        return code;
    } catch (const std::bad_alloc&) {
        std::fputs("nspect: out of memory\n", stderr);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "nspect: internal error: %s\n", error.what());
    }
    return 2;
}
