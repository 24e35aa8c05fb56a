// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/sighting.h"
#include "model/time.h"
#include "store/values.h"

namespace nspect::store {

/// Sightings lie in blocks, each a row of table sighting_block, as one JSON text that SQL can read
/// too: a list of lists, each the values of one sighting in the order of SightingColumns. Times
/// count from the block's own, application protocols are numbers of table app, addresses are text;
/// a list ends before the values at its end that are 0 or null.
///
/// A row for each sighting, with a column for each value, took four times as long to write.
class BlockText {
public:
    static constexpr std::size_t most_sightings = 100;

    /// Begins with the time that all times count from.
    explicit BlockText(Timestamp from);

    /// `app` and `tls`: the rows that stand for the names and facts; 0 for no app.
    void add(const Sighting& sighting, std::int64_t app, std::optional<std::int64_t> tls);
    /// The whole text, valid as long as this; nothing may be added after it.
    std::string_view finish();

private:
    BlockText& put(std::int64_t value);
    template <class T>
    BlockText& put(const std::optional<T>& value) {
        return value ? put(*value) : put_null();
    }
    BlockText& put(std::uint64_t value) { return put(static_cast<std::int64_t>(value)); }
    BlockText& put(const IpAddress& address);
    BlockText& put(Timestamp time);
    BlockText& put_null();
    void end_sighting();
    /// Where the next value goes, with room for `bytes`, behind a comma unless it is the first.
    char* value_of(std::size_t bytes);
    void add(char c);

    Timestamp from_;
    std::vector<char> text_;  ///< and room
    std::size_t size_ = 0;
    std::size_t needed_ = 0;  ///< of the size, without zeros and nulls at the end
};

/// What stands for application protocols in blocks.
using AppNames = std::unordered_map<std::int64_t, std::string>;

/// Reads what BlockText wrote, or what somebody made look like it.
class BlockRow : public Values<BlockRow> {
public:
    /// `text` and `apps` outlive it.
    BlockRow(std::string_view text, Timestamp from, const AppNames& apps)
        : text_(text), from_(from), apps_(&apps) {}

    /// Goes on to the next sighting, past what is left of the one before; it is ok() again. False
    /// at the end, and where the text goes on in another way: whole() tells.
    bool next();
    bool whole() const noexcept { return whole_; }

    std::int64_t integer();
    std::string_view text_view();
    bool take_null();
    std::string text();
    Timestamp time();

private:
    bool at_value();
    bool take(char c);

    std::string_view text_;
    std::size_t at_ = 0;
    Timestamp from_;
    const AppNames* apps_;
    bool begun_ = false;
    bool ended_ = false;  ///< the sighting, so that what is asked for now is 0 or null
    bool first_ = false;  ///< no value of the sighting was taken yet
    bool whole_ = false;
};

}  // namespace nspect::store
