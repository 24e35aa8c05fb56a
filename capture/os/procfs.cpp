// SPDX-License-Identifier: Apache-2.0
#include "capture/os/procfs.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "capture/os/fd.h"

namespace nspect::capture {
namespace {

constexpr std::size_t process_file_limit = std::size_t{64} * 1024;
constexpr std::size_t mountinfo_limit = std::size_t{64} * 1024 * 1024;

template <class T>
std::optional<T> number_in(std::string_view text) {
    T number{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::string_view next_word(std::string_view& text, char separator) {
    const auto end = std::min(text.find(separator), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

bool is_octal(std::string_view digits) {
    return digits.size() == 3 &&
           std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '7'; });
}

/// mountinfo writes blanks and backslashes of a path as \040 and the like.
std::string unescape(std::string_view path) {
    std::string plain;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const auto digits = path.substr(i + 1, 3);
        if (path[i] == '\\' && is_octal(digits)) {
            plain += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 +
                                       (digits[2] - '0'));
            i += 3;
        } else {
            plain += path[i];
        }
    }
    return plain;
}

/// Fields: id, parent, device, root, mount point, options, optional fields..., "-", type, ...
std::optional<NetnsMount> parse_mount(std::string_view line) {
    const auto separator = line.find(" - nsfs ");
    if (separator == std::string_view::npos) return std::nullopt;
    for (int skipped = 0; skipped < 3; ++skipped) next_word(line, ' ');
    const auto inode = parse_netns_link(next_word(line, ' '));
    const auto path = next_word(line, ' ');
    if (!inode || path.empty()) return std::nullopt;
    return NetnsMount{*inode, unescape(path)};
}

Result<std::string> read_link(const std::string& path) {
    std::array<char, PATH_MAX> buffer;
    const auto length = ::readlink(path.c_str(), buffer.data(), buffer.size());
    if (length < 0) return error_from_errno(errno, "cannot read the link", path);
    return std::string(buffer.data(), static_cast<std::size_t>(length));
}

std::string link_target(const std::string& path) {
    auto target = read_link(path);
    return target ? *std::move(target) : std::string{};
}

Error too_long(const std::string& path, std::size_t limit) {
    return {Error::Kind::invalid, "is longer than " + std::to_string(limit) + " bytes", {}, path};
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return error_from_errno(errno, "cannot open", path);
    std::string text;
    std::array<char, 16384> piece{};
    for (;;) {
        const auto got = ::read(fd.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error_from_errno(errno, "cannot read", path);
        if (got == 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
        if (text.size() > limit) return too_long(path, limit);
    }
}

std::vector<NetnsMount> parse_netns_mounts(std::string_view mountinfo) {
    std::vector<NetnsMount> mounts;
    while (!mountinfo.empty()) {
        if (auto mount = parse_mount(next_word(mountinfo, '\n')))
            mounts.push_back(std::move(*mount));
    }
    return mounts;
}

std::optional<std::uint64_t> parse_netns_link(std::string_view link) {
    constexpr std::string_view start = "net:[";
    if (!link.starts_with(start) || !link.ends_with(']')) return std::nullopt;
    return number_in<std::uint64_t>(link.substr(start.size(), link.size() - start.size() - 1));
}

Result<std::vector<std::uint32_t>> Procfs::pids() const {
    std::vector<std::uint32_t> found;
    std::error_code problem;
    std::filesystem::directory_iterator entry(root_, problem);
    for (const std::filesystem::directory_iterator end; !problem && entry != end;
         entry.increment(problem)) {
        const auto pid = number_in<std::uint32_t>(entry->path().filename().native());
        if (pid) found.push_back(*pid);
    }
    if (problem) return error_from_errno(problem.value(), "cannot list the processes", root_);
    std::sort(found.begin(), found.end());
    return found;
}

std::string Procfs::netns_path(std::uint32_t pid) const {
    return root_ + "/" + std::to_string(pid) + "/ns/net";
}

Result<std::uint64_t> Procfs::netns_of(std::uint32_t pid) const {
    const auto path = netns_path(pid);
    const auto link = read_link(path);
    if (!link) return link.error();
    const auto inode = parse_netns_link(*link);
    if (!inode) return Error{Error::Kind::invalid, "is not a network namespace", {}, path};
    return *inode;
}

std::string Procfs::text(std::uint32_t pid, std::string_view file) const {
    std::string path = root_ + "/" + std::to_string(pid) + "/";
    auto content = read_file(path.append(file), process_file_limit);
    return content ? *std::move(content) : std::string{};
}

std::string Procfs::link(std::uint32_t pid, std::string_view file) const {
    return link_target((root_ + "/" + std::to_string(pid) + "/").append(file));
}

std::string Procfs::root_prefix(std::uint32_t pid) const {
    const auto own = link_target(root_ + "/self/ns/mnt");
    const auto theirs = link(pid, "ns/mnt");
    if (own.empty() || theirs.empty() || own == theirs) return {};
    return root_ + "/" + std::to_string(pid) + "/root";
}

Result<std::vector<NetnsMount>> Procfs::netns_mounts() const {
    auto mountinfo = read_file(root_ + "/self/mountinfo", mountinfo_limit);
    if (!mountinfo) return std::move(mountinfo).error();
    auto mounts = parse_netns_mounts(*mountinfo);
    const auto first = link_target(root_ + "/1/ns/mnt");
    if (first.empty() || first == link_target(root_ + "/self/ns/mnt")) return mounts;
    auto elsewhere = read_file(root_ + "/1/mountinfo", mountinfo_limit);
    if (!elsewhere) return mounts;
    for (auto& mount : parse_netns_mounts(*elsewhere)) {
        mount.path.insert(0, root_ + "/1/root");
        mounts.push_back(std::move(mount));
    }
    return mounts;
}

}  // namespace nspect::capture
