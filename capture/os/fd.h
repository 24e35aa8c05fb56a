// SPDX-License-Identifier: Apache-2.0
#pragma once

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

}  // namespace nspect::capture
