// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "capture/os/fd.h"
#include "model/result.h"

namespace nspect::capture {

/// A network namespace, held open. While it is held its inode number cannot be given to another
/// one, and the kernel keeps the namespace alive: let go of it as soon as its last process and
/// mount are gone.
class Netns {
public:
    /// A bind mount (/run/netns/x) or a link in procfs (/proc/PID/ns/net). A file that is not yet a
    /// namespace is Error::unavailable: runtimes make the file first and mount over it then.
    static Result<Netns> open(const std::string& path);
    static Result<Netns> of_process(std::uint32_t pid);
    static Result<Netns> of_this_thread();

    /// Its identity on one boot.
    std::uint64_t inode() const noexcept { return inode_; }
    int fd() const noexcept { return fd_.get(); }
    Result<Netns> duplicate() const;

private:
    Netns(Fd fd, std::uint64_t inode) : fd_(std::move(fd)), inode_(inode) {}

    Fd fd_;
    std::uint64_t inode_ = 0;
};

/// Runs `task` on a fresh thread inside `netns` and waits for it. An Error means `task` did not
/// run.
Status run_on_thread_in(const Netns& netns, const std::function<void()>& task);

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<Result<T>> = true;

/// What `fn` returned (a Result), from a thread that entered `netns` and is thrown away: the
/// caller's own namespace never changes, so there is nothing to restore. Sockets opened by `fn`
/// stay in `netns` and may be read by any thread.
template <class F>
auto run_in(const Netns& netns, F&& fn) -> std::invoke_result_t<F> {
    using R = std::invoke_result_t<F>;
    static_assert(is_result<R>, "fn returns a Result");
    std::optional<R> answer;
    auto ran = run_on_thread_in(netns, [&] { answer.emplace(fn()); });
    if (!ran) return std::move(ran).error();
    return std::move(*answer);
}

}  // namespace nspect::capture
