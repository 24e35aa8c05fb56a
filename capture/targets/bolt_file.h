// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/os/fd.h"
#include "model/result.h"

namespace nspect::capture {

/// Reads a Bolt database (https://github.com/etcd-io/bbolt), which containerd and Podman keep their
/// metadata in, while its owner writes it: no lock is taken. Pages are never changed in place as
/// long as they are in use, so what is read is whole, or, seldom, nonsense, which adds nothing.
class BoltFile {
public:
    using Path = std::initializer_list<std::string_view>;
    using Entries = std::vector<std::pair<std::string, std::string>>;

    static Result<BoltFile> open(const std::string& path);

    /// The value at the end of a path of buckets.
    std::optional<std::string> value(Path path) const;
    /// The keys and values of a bucket; its buckets are left out. At most some thousands.
    Entries entries(Path path) const;

private:
    struct Bucket {
        std::uint64_t root = 0;   ///< page; 0: inside `page`
        std::string inline_page;  ///< of a small bucket
    };
    struct Item {
        bool bucket = false;
        std::string value;
    };

    explicit BoltFile(Fd fd) : fd_(std::move(fd)) {}

    Status read_meta();
    bool take_meta(std::size_t at);
    std::string page(std::uint64_t number) const;
    std::optional<Bucket> descend(const std::vector<std::string_view>& path) const;
    std::optional<Item> find(const Bucket& bucket, std::string_view key) const;
    static Bucket bucket_of(const std::string& value);
    void collect(const std::string& page, int depth, Entries& entries) const;

    Fd fd_;
    std::size_t page_size_ = 0;
    std::uint64_t root_ = 0;
    std::uint64_t transaction_ = 0;
};

}  // namespace nspect::capture
