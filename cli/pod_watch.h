// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "model/batch.h"
#include "model/result.h"

namespace nspect::cli {

/// Writes who is who in a cluster into a recording while that is made, on a thread of its own: what
/// its API server says of pods, at once and whenever it changes. A server that does not answer is
/// said once, counted as a loss, and asked again; the recording goes on.
class PodWatch {
public:
    struct Recording {
        std::function<bool()> begun;  ///< nothing is written before
        std::function<Status(const Batch&)> write;
        std::function<void(const std::string&)> say;
    };
    /// `input` is "kube:" or "kube:CONTEXT". An Error when there is no such server, or it does not
    /// let us in.
    static Result<std::unique_ptr<PodWatch>> start(const std::string& input, Recording recording);
    PodWatch(const PodWatch&) = delete;
    PodWatch& operator=(const PodWatch&) = delete;
    /// Writes what is left.
    ~PodWatch();

private:
    struct State;
    explicit PodWatch(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace nspect::cli
