// SPDX-License-Identifier: Apache-2.0
#include "tests/live/traffic.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace nspect::test {
namespace {

using capture::Fd;
using capture::Netns;
using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses parse(const std::string& address, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
        throw std::runtime_error("not an address: " + address);
    }
    return {found, &::freeaddrinfo};
}

Netns open(const std::string& path) {
    auto netns = Netns::open(path);
    if (!netns) throw std::runtime_error(to_string(netns.error()));
    return std::move(*netns);
}

Result<Fd> listen_here(std::uint16_t port) {
    const auto any = parse("::", port);
    Fd listener(::socket(any->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int off = 0;
    ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (::bind(listener.get(), any->ai_addr, any->ai_addrlen) != 0 ||
        ::listen(listener.get(), 16) != 0) {
        return error_from_errno(errno, "cannot listen");
    }
    return listener;
}

Result<int> connect_here(const addrinfo& to, int patience_ms) {
    const Fd client(::socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (::connect(client.get(), to.ai_addr, to.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    pollfd waiting{client.get(), POLLOUT, 0};
    if (::poll(&waiting, 1, patience_ms) == 0) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

}  // namespace

Fd listen_in(const std::string& netns_path, std::uint16_t port) {
    auto listener = capture::run_in(open(netns_path), [&] { return listen_here(port); });
    if (!listener) throw std::runtime_error(to_string(listener.error()));
    return std::move(*listener);
}

int connect_from(const std::string& netns_path, const std::string& address, std::uint16_t port,
                 int patience_ms) {
    const auto to = parse(address, port);
    auto result = capture::run_in(open(netns_path), [&] { return connect_here(*to, patience_ms); });
    if (!result) throw std::runtime_error(to_string(result.error()));
    return *result;
}

}  // namespace nspect::test
