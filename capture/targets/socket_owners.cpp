// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/socket_owners.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <system_error>
#include <unordered_map>

namespace nspect::capture {
namespace {

constexpr std::size_t table_limit = std::size_t{32} * 1024 * 1024;
constexpr std::string_view tcp_listen = "0A";
constexpr std::string_view udp_unconnected = "07";

std::vector<std::string_view> words(std::string_view line) {
    std::vector<std::string_view> found;
    while (!line.empty()) {
        const auto end = std::min(line.find(' '), line.size());
        if (end > 0) found.push_back(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return found;
}

template <class T>
std::optional<T> number(std::string_view text, int base) {
    T value{};
    const auto [end, problem] =
        std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Groups of eight digits, each a word in the host's byte order.
std::optional<IpAddress> address(std::string_view digits) {
    if (digits.size() != 8 && digits.size() != 32) return std::nullopt;
    std::array<std::byte, 16> bytes{};
    for (std::size_t i = 0; i < digits.size() / 8; ++i) {
        const auto word = number<std::uint32_t>(digits.substr(i * 8, 8), 16);
        if (!word) return std::nullopt;
        const auto four = std::bit_cast<std::array<std::byte, 4>>(*word);
        std::copy(four.begin(), four.end(), bytes.begin() + static_cast<std::ptrdiff_t>(i * 4));
    }
    return IpAddress::from_bytes(std::span(bytes).first(digits.size() / 2));  // mapped ones as IPv4
}

/// "sl local remote state queues timer retransmits uid timeout inode ..."
std::optional<SocketRow> parse_row(std::string_view line, Protocol protocol) {
    const auto columns = words(line);
    if (columns.size() < 10) return std::nullopt;
    const auto colon = columns[1].find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto ip = address(columns[1].substr(0, colon));
    const auto port = number<std::uint16_t>(columns[1].substr(colon + 1), 16);
    const auto inode = number<std::uint64_t>(columns[9], 10);
    if (!ip || !port || !inode) return std::nullopt;
    const auto waits = protocol == Protocol::tcp ? tcp_listen : udp_unconnected;
    return SocketRow{{protocol, *ip, Port{*port}}, columns[3] == waits, *inode};
}

using SocketsByInode = std::unordered_map<std::uint64_t, OwnSocket>;

/// The sockets of a process's namespace that some process has open.
SocketsByInode sockets_of_netns(const Procfs& procfs, std::uint32_t pid) {
    SocketsByInode found;
    const auto folder = procfs.root() + "/" + std::to_string(pid) + "/net/";
    for (const auto* file : {"tcp", "tcp6", "udp", "udp6"}) {
        const auto table = read_file(folder + file, table_limit);
        if (!table) continue;
        const auto protocol = file[0] == 't' ? Protocol::tcp : Protocol::udp;
        for (const auto& row : parse_socket_table(*table, protocol)) {
            if (row.inode == 0) continue;
            found.emplace(row.inode,
                          OwnSocket{protocol, {row.local.address, row.local.port}, row.listening});
        }
    }
    return found;
}

std::optional<std::uint64_t> socket_inode(const std::string& link) {
    constexpr std::string_view start = "socket:[";
    if (!link.starts_with(start) || !link.ends_with(']')) return std::nullopt;
    return number<std::uint64_t>(
        std::string_view(link).substr(start.size(), link.size() - start.size() - 1), 10);
}

std::vector<std::uint64_t> open_sockets(const Procfs& procfs, std::uint32_t pid) {
    std::vector<std::uint64_t> inodes;
    std::error_code problem;
    std::filesystem::directory_iterator entry(procfs.root() + "/" + std::to_string(pid) + "/fd",
                                              problem);
    for (const std::filesystem::directory_iterator end; !problem && entry != end;
         entry.increment(problem)) {
        std::error_code unreadable;
        const auto link = std::filesystem::read_symlink(entry->path(), unreadable);
        if (const auto inode = socket_inode(link.native())) inodes.push_back(*inode);
    }
    return inodes;
}

}  // namespace

std::vector<SocketRow> parse_socket_table(std::string_view table, Protocol protocol) {
    std::vector<SocketRow> rows;
    while (!table.empty()) {
        const auto end = std::min(table.find('\n'), table.size());
        if (auto row = parse_row(table.substr(0, end), protocol)) rows.push_back(*row);
        table.remove_prefix(std::min(end + 1, table.size()));
    }
    return rows;
}

std::vector<ContainerSockets> find_sockets(const Procfs& procfs,
                                           const std::vector<SharingContainer>& containers) {
    SocketsByInode all;
    std::vector<ContainerSockets> found;
    for (const auto& container : containers) {
        auto& own = found.emplace_back(ContainerSockets{container, {}}).sockets;
        for (const auto pid : container.pids) {
            if (all.empty()) all = sockets_of_netns(procfs, pid);
            for (const auto inode : open_sockets(procfs, pid)) {
                const auto socket = all.find(inode);
                if (socket != all.end()) own.push_back(socket->second);
            }
        }
        std::sort(own.begin(), own.end());
        own.erase(std::unique(own.begin(), own.end()), own.end());
    }
    return found;
}

void find_listeners(const Procfs& procfs, std::vector<SharingContainer>& containers) {
    const auto found = find_sockets(procfs, containers);
    for (std::size_t i = 0; i < containers.size(); ++i) {
        containers[i].listens.clear();
        for (const auto& [protocol, local, listening] : found[i].sockets) {
            if (listening) containers[i].listens.push_back({protocol, local.ip, local.port});
        }
    }
}

}  // namespace nspect::capture
