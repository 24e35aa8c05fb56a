// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/bolt_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace nspect::capture {
namespace {

constexpr std::uint32_t magic = 0xED0CDAED;
constexpr std::uint32_t version = 2;
constexpr std::size_t header_size = 16;
constexpr std::size_t element_size = 16;
constexpr std::size_t bucket_header_size = 16;
constexpr std::size_t meta_size = 64;
constexpr std::uint16_t branch_page = 0x01;
constexpr std::uint16_t leaf_page = 0x02;
constexpr std::uint32_t bucket_flag = 0x01;
constexpr std::size_t page_limit = std::size_t{16} * 1024 * 1024;
constexpr std::size_t entry_limit = 4096;
constexpr int depth_limit = 24;

/// Little-endian hosts are the only ones these databases are found on; the format is the host's.
template <class T>
T number(std::string_view bytes, std::size_t at) {
    T value{};
    if (at <= bytes.size() && bytes.size() - at >= sizeof value)
        std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

/// "" when it does not lie inside.
std::string_view part(std::string_view bytes, std::size_t at, std::size_t size) {
    if (at > bytes.size() || size > bytes.size() - at) return {};
    return bytes.substr(at, size);
}

std::uint16_t flags_of(std::string_view page) {
    return number<std::uint16_t>(page, 8);
}

/// How many elements the page says it has, and can have.
std::size_t count_of(std::string_view page) {
    if (page.size() < header_size) return 0;
    return std::min<std::size_t>(number<std::uint16_t>(page, 10),
                                 (page.size() - header_size) / element_size);
}

struct Leaf {
    bool bucket = false;
    std::string_view key;
    std::string_view value;
};

Leaf leaf_at(std::string_view page, std::size_t index) {
    const auto at = header_size + index * element_size;
    const auto key = at + number<std::uint32_t>(page, at + 4);
    const auto key_size = number<std::uint32_t>(page, at + 8);
    return {(number<std::uint32_t>(page, at) & bucket_flag) != 0, part(page, key, key_size),
            part(page, key + key_size, number<std::uint32_t>(page, at + 12))};
}

struct Branch {
    std::string_view key;
    std::uint64_t page = 0;
};

Branch branch_at(std::string_view page, std::size_t index) {
    const auto at = header_size + index * element_size;
    const auto key = at + number<std::uint32_t>(page, at);
    return {part(page, key, number<std::uint32_t>(page, at + 4)),
            number<std::uint64_t>(page, at + 8)};
}

/// The page below which a key is: that of the last element whose key is not greater.
std::uint64_t child_for(std::string_view page, std::string_view key) {
    std::uint64_t child = 0;
    for (std::size_t i = 0; i < count_of(page); ++i) {
        const auto branch = branch_at(page, i);
        if (i > 0 && branch.key > key) break;
        child = branch.page;
    }
    return child;
}

std::uint64_t fnv1a(std::string_view bytes) {
    std::uint64_t hash = 14695981039346656037U;
    for (const char byte : bytes) {
        hash ^= static_cast<unsigned char>(byte);
        hash *= 1099511628211U;
    }
    return hash;
}

std::string read_at(int fd, std::uint64_t at, std::size_t size) {
    std::string bytes(size, '\0');
    const auto got = ::pread(fd, bytes.data(), size, static_cast<off_t>(at));
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
}

}  // namespace

Result<BoltFile> BoltFile::open(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return error_from_errno(errno, "cannot open", path);
    BoltFile file(std::move(fd));
    if (auto read = file.read_meta(); !read) {
        Error error = std::move(read).error();
        error.where = path;
        return error;
    }
    return file;
}

/// The first two pages describe the database in turn; the later transaction that is whole counts.
/// Where the second one is depends on the page size, which the first one says if it is whole.
Status BoltFile::read_meta() {
    bool found = take_meta(0);
    if (found) found = take_meta(page_size_) || found;
    for (std::size_t size = 1024; !found && size <= 65536; size *= 2) found = take_meta(size);
    if (found) return done;
    return Error{Error::Kind::invalid, "is no Bolt database", {}, {}};
}

bool BoltFile::take_meta(std::size_t at) {
    const auto bytes = read_at(fd_.get(), at + header_size, meta_size);
    if (bytes.size() < meta_size || number<std::uint32_t>(bytes, 0) != magic ||
        number<std::uint32_t>(bytes, 4) != version ||
        number<std::uint64_t>(bytes, 56) != fnv1a(std::string_view(bytes).substr(0, 56))) {
        return false;
    }
    const auto size = number<std::uint32_t>(bytes, 8);
    const auto transaction = number<std::uint64_t>(bytes, 48);
    if (size < 512 || size > 65536 || (page_size_ != 0 && transaction <= transaction_))
        return false;
    page_size_ = size;
    root_ = number<std::uint64_t>(bytes, 16);
    transaction_ = transaction;
    return true;
}

std::string BoltFile::page(std::uint64_t wanted) const {
    if (wanted == 0 || wanted > (std::uint64_t{1} << 40U)) return {};
    const auto at = wanted * page_size_;
    auto bytes = read_at(fd_.get(), at, page_size_);
    const auto more = number<std::uint32_t>(bytes, 12) * std::uint64_t{page_size_};
    if (bytes.size() < page_size_ || more > page_limit) return {};
    if (more > 0) bytes += read_at(fd_.get(), at + page_size_, static_cast<std::size_t>(more));
    return bytes;
}

BoltFile::Bucket BoltFile::bucket_of(const std::string& value) {
    Bucket bucket;
    bucket.root = number<std::uint64_t>(value, 0);
    if (bucket.root == 0 && value.size() > bucket_header_size)
        bucket.inline_page = value.substr(bucket_header_size);
    return bucket;
}

std::optional<BoltFile::Item> BoltFile::find(const Bucket& bucket, std::string_view key) const {
    auto bytes = bucket.root == 0 ? bucket.inline_page : page(bucket.root);
    for (int depth = 0; depth < depth_limit && flags_of(bytes) == branch_page; ++depth) {
        bytes = page(child_for(bytes, key));
    }
    if (flags_of(bytes) != leaf_page) return std::nullopt;
    for (std::size_t i = 0; i < count_of(bytes); ++i) {
        const auto leaf = leaf_at(bytes, i);
        if (leaf.key == key) return Item{leaf.bucket, std::string(leaf.value)};
    }
    return std::nullopt;
}

std::optional<BoltFile::Bucket> BoltFile::descend(const std::vector<std::string_view>& path) const {
    Bucket bucket;
    bucket.root = root_;
    for (const auto name : path) {
        const auto item = find(bucket, name);
        if (!item || !item->bucket) return std::nullopt;
        bucket = bucket_of(item->value);
    }
    return bucket;
}

std::optional<std::string> BoltFile::value(Path path) const {
    if (path.size() == 0) return std::nullopt;
    const auto bucket = descend({path.begin(), path.end() - 1});
    if (!bucket) return std::nullopt;
    auto item = find(*bucket, *(path.end() - 1));
    if (!item || item->bucket) return std::nullopt;
    return std::move(item->value);
}

void BoltFile::collect(const std::string& bytes, int depth, Entries& entries) const {
    if (depth == depth_limit) return;
    for (std::size_t i = 0; i < count_of(bytes) && entries.size() < entry_limit; ++i) {
        if (flags_of(bytes) == branch_page) {
            collect(page(branch_at(bytes, i).page), depth + 1, entries);
        } else if (flags_of(bytes) == leaf_page) {
            const auto leaf = leaf_at(bytes, i);
            if (!leaf.bucket) entries.emplace_back(leaf.key, leaf.value);
        }
    }
}

BoltFile::Entries BoltFile::entries(Path path) const {
    Entries found;
    const auto bucket = descend(path);
    if (bucket) collect(bucket->root == 0 ? bucket->inline_page : page(bucket->root), 0, found);
    return found;
}

}  // namespace nspect::capture
