// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

namespace nspect::capture {

/// Whether live tests may run. When not, says why; with NSPECT_REQUIRE_LIVE=1 that is a failure.
inline bool live_tests_run() {
    if (::geteuid() == 0) return true;
    const char* required = std::getenv("NSPECT_REQUIRE_LIVE");
    if (required != nullptr && std::string(required) == "1") {
        throw std::runtime_error("live tests are required and this is not root");
    }
    std::cout << "left out: needs root to make network namespaces\n";
    return false;
}

/// Network namespaces with names of their own; they go with it, and what is in them.
class Lab {
public:
    Lab() : prefix_("nst" + std::to_string(::getpid()) + "x" + std::to_string(count()++)) {}
    Lab(const Lab&) = delete;
    Lab& operator=(const Lab&) = delete;
    ~Lab() {
        for (const auto& netns : made_) run("ip netns del " + netns + " 2>/dev/null");
    }

    /// The full name of one of its namespaces.
    std::string name(const std::string& netns) const { return prefix_ + netns; }
    std::string path(const std::string& netns) const { return "/run/netns/" + name(netns); }

    void add(const std::string& netns) {
        made_.push_back(name(netns));
        must("ip netns add " + name(netns));
    }
    void remove(const std::string& netns) { must("ip netns del " + name(netns)); }

    /// Runs `ip` in a namespace; "@x" in the arguments becomes the full name of namespace x.
    void ip(const std::string& netns, std::string arguments) const {
        for (auto at = arguments.find('@'); at != std::string::npos; at = arguments.find('@', at)) {
            arguments.replace(at, 1, prefix_);
        }
        must("ip -n " + name(netns) + " " + arguments);
    }

private:
    static int& count() {
        static int labs = 0;
        return labs;
    }
    static int run(const std::string& command) { return std::system(command.c_str()); }
    static void must(const std::string& command) {
        if (run(command) != 0) throw std::runtime_error("failed: " + command);
    }

    std::string prefix_;
    std::vector<std::string> made_;
};

}  // namespace nspect::capture
