// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>

namespace nspect::test {

/// A bucket to write: values and buckets by key.
struct BoltBucket {
    std::map<std::string, std::string> values;
    std::map<std::string, BoltBucket> buckets;
};

/// Writes Bolt databases: a root bucket on one page, everything below it inline.
class BoltImage {
public:
    static constexpr std::size_t page_size = 4096;

    static std::string of(const BoltBucket& root, std::uint64_t transaction = 7) {
        const auto leaf = leaf_page(root, 3);
        const auto pages = (leaf.size() + page_size - 1) / page_size;
        std::string image = meta_page(0, transaction) + meta_page(1, transaction - 1);
        image += std::string(page_size, '\0') + leaf;  // page 2 is the free list
        image.resize((3 + pages) * page_size);
        set<std::uint32_t>(image, 3 * page_size + 12, static_cast<std::uint32_t>(pages - 1));
        return image;
    }

private:
    template <class T>
    static void put(std::string& bytes, T value) {
        char raw[sizeof value];
        std::memcpy(raw, &value, sizeof value);
        bytes.append(raw, sizeof value);
    }
    template <class T>
    static void set(std::string& bytes, std::size_t at, T value) {
        std::memcpy(bytes.data() + at, &value, sizeof value);
    }

    static std::string header(std::uint64_t id, std::uint16_t flags, std::uint16_t count) {
        std::string bytes;
        put<std::uint64_t>(bytes, id);
        put<std::uint16_t>(bytes, flags);
        put<std::uint16_t>(bytes, count);
        put<std::uint32_t>(bytes, 0);
        return bytes;
    }

    static std::string meta_page(std::uint64_t id, std::uint64_t transaction) {
        std::string meta;
        for (const std::uint32_t word : {0xED0CDAEDU, 2U, 4096U, 0U}) put(meta, word);
        for (const std::uint64_t word : {std::uint64_t{3}, std::uint64_t{0}, std::uint64_t{2},
                                         std::uint64_t{9}, transaction}) {
            put(meta, word);
        }
        std::uint64_t hash = 14695981039346656037U;
        for (const char byte : meta)
            hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
        put(meta, hash);
        std::string page = header(id, 4, 0) + meta;
        page.resize(page_size);
        return page;
    }

    static std::string leaf_page(const BoltBucket& bucket, std::uint64_t id) {
        std::map<std::string, std::pair<bool, std::string>> items;
        for (const auto& [key, value] : bucket.values) items[key] = {false, value};
        for (const auto& [key, inner] : bucket.buckets) {
            items[key] = {true, std::string(16, '\0') + leaf_page(inner, 0)};
        }
        std::string elements;
        std::string data;
        for (const auto& [key, item] : items) {
            put<std::uint32_t>(elements, item.first ? 1 : 0);
            // Counted from the element itself.
            put<std::uint32_t>(elements,
                               static_cast<std::uint32_t>(items.size() * 16 + data.size() -
                                                          (elements.size() - 4)));
            put<std::uint32_t>(elements, static_cast<std::uint32_t>(key.size()));
            put<std::uint32_t>(elements, static_cast<std::uint32_t>(item.second.size()));
            data += key + item.second;
        }
        return header(id, 2, static_cast<std::uint16_t>(items.size())) + elements + data;
    }
};

}  // namespace nspect::test
