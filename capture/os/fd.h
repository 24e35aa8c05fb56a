// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/result.h"

namespace nspect::capture {

/// Owns one file descriptor and closes it. Move-only.
class Fd {
public:
    Fd() = default;
    explicit Fd(int number) noexcept : number_(number) {}
    Fd(Fd&& other) noexcept : number_(other.release()) {}
    Fd& operator=(Fd&& other) noexcept;
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd();

    /// -1 when it owns nothing.
    int get() const noexcept { return number_; }
    explicit operator bool() const noexcept { return number_ >= 0; }
    /// The caller owns the number from now on.
    int release() noexcept;
    /// A second descriptor of the same open file, closed on exec.
    Result<Fd> duplicate() const;

private:
    int number_ = -1;
};

/// Lets this process open as many files as it may without asking anybody: the hard limit. The same
/// when it is called again.
void raise_descriptor_limit() noexcept;

/// Whether `fd` is one of the last `kept` numbers this process may use. They are wanted for what
/// runs already (packet rings, the recording, files read in passing): one more thing to watch does
/// without.
bool is_reserved(int fd, int kept = 24) noexcept;
/// What is said of it then.
Error no_descriptor_left(std::string where);

}  // namespace nspect::capture
