// SPDX-License-Identifier: Apache-2.0
#include "capture/os/netns.h"

#include <cerrno>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace nspect::capture {
namespace {

bool is_network_namespace(int fd) {
    struct statfs filesystem {};
    if (::fstatfs(fd, &filesystem) != 0 || filesystem.f_type != NSFS_MAGIC) return false;
    return ::ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

Error thread_error(const std::system_error& problem) {
    return {
        Error::Kind::unavailable, std::string("cannot start a thread: ") + problem.what(), {}, {}};
}

}  // namespace

Result<Netns> Netns::open(const std::string& path) {
    // Without O_NONBLOCK a FIFO left in such a folder would hold us for ever.
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return error_from_errno(errno, "cannot open the network namespace", path);
    struct stat status {};
    if (!is_network_namespace(fd.get()) || ::fstat(fd.get(), &status) != 0) {
        return Error{Error::Kind::invalid, "is not a network namespace", {}, path};
    }
    return Netns(std::move(fd), status.st_ino);
}

Result<Netns> Netns::of_process(std::uint32_t pid) {
    return open("/proc/" + std::to_string(pid) + "/ns/net");
}

Result<Netns> Netns::of_this_thread() {
    return open("/proc/thread-self/ns/net");
}

Result<Netns> Netns::duplicate() const {
    auto copy = fd_.duplicate();
    if (!copy) return std::move(copy).error();
    return Netns(std::move(*copy), inode_);
}

Status run_on_thread_in(const Netns& netns, const std::function<void()>& task) {
    Status ran = done;
    auto inside = [&] {
        if (::setns(netns.fd(), CLONE_NEWNET) != 0) {
            ran = error_from_errno(errno, "cannot enter the network namespace",
                                   "netns " + std::to_string(netns.inode()));
            return;
        }
        task();
    };
    try {
        std::thread(inside).join();
    } catch (const std::system_error& problem) {
        return thread_error(problem);
    }
    return ran;
}

}  // namespace nspect::capture
