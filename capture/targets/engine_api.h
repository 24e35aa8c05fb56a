// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "capture/targets/limitations.h"

namespace nspect::capture {

/// The Docker Engine API over unix sockets, Podman's copy of it included: asked where the files of
/// a runtime cannot be read or do not say all. Whoever asks waits, so it waits briefly: a socket
/// that does not answer at once, or answers nonsense, is left alone for a while, and that is
/// counted.
class EngineApi {
public:
    explicit EngineApi(std::vector<std::string> sockets,
                       std::chrono::milliseconds patience = std::chrono::milliseconds{250},
                       std::chrono::milliseconds respite = std::chrono::seconds{5});

    /// The body of a 200 answer of the first socket that has one. A socket that is not there, and
    /// one that does not know what is asked for, is no trouble.
    std::optional<std::string> get(const std::string& path);

    /// Since the last call, with how often each was met.
    std::vector<Limitation> take_troubles() { return troubles_.take_news(); }

private:
    struct Socket {
        std::string path;
        std::chrono::steady_clock::time_point not_before{};
    };

    std::optional<std::string> ask(Socket& socket, const std::string& path);
    void trouble(Socket& socket, const std::string& message);

    std::vector<Socket> sockets_;
    std::chrono::milliseconds patience_;
    std::chrono::milliseconds respite_;
    Limitations troubles_;
};

}  // namespace nspect::capture
