// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "model/result.h"
#include "model/time.h"
#include "model/traffic.h"
#include "store/values.h"

struct sqlite3;
struct sqlite3_stmt;

namespace nspect::store {

/// What a step came to.
enum class Step : std::uint8_t { row, done, damaged, failed };

/// A prepared statement. Parameters are put and columns taken from left to right.
class Statement {
public:
    Statement() = default;
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;
    ~Statement();

    /// Puts the next parameter. Text is not copied: it must live until run() or the last step().
    template <class T>
    requires std::integral<T> || std::is_enum_v<T> Statement& put(T value) {
        return put_integer(static_cast<std::int64_t>(value));
    }
    template <class T>
    Statement& put(const std::optional<T>& value) {
        return value ? put(*value) : put_null();
    }
    Statement& put(std::string_view text);
    Statement& put(const std::string& text) { return put(std::string_view(text)); }
    /// Without the bound of put(): text that is our own.
    Statement& put_whole(std::string_view text);
    Statement& put(const char* text) { return put(std::string_view(text)); }
    Statement& put(Timestamp time) { return put_integer(time.time_since_epoch().count()); }
    Statement& put(Duration duration) { return put_integer(duration.count()); }
    Statement& put(Port port) { return put_integer(port.number); }
    Statement& put_null();

    /// Executes a statement without rows, and makes it ready for the next parameters.
    bool run();
    Step step();
    void reset();

private:
    friend class Row;
    Statement& put_integer(std::int64_t value);

    sqlite3_stmt* statement_ = nullptr;
    int next_ = 1;
};

/// The row a statement stands on, read column by column from left to right.
class Row : public Values<Row> {
public:
    explicit Row(const Statement& statement) : statement_(statement.statement_) {}

    std::int64_t integer();
    /// Valid until the next step, as the next one.
    std::string_view text_view();
    /// Without the bound on texts.
    std::string_view whole_text_view();
    bool take_null();

private:
    sqlite3_stmt* statement_;
    int column_ = 0;
};

/// A connection to one SQLite file.
class SqliteDb {
public:
    enum class Mode {
        read_write,
        read_untrusted,  ///< defensive, without extensions, triggers, views
        read_salvage,    ///< the same, but opens files that are cut off
        read_frozen,     ///< as salvage, and ignores locks and write-ahead log
        memory,
    };
    static Result<SqliteDb> open(const std::string& path, Mode mode);

    SqliteDb(SqliteDb&& other) noexcept;
    SqliteDb& operator=(SqliteDb&& other) noexcept;
    ~SqliteDb();

    Status exec(const std::string& sql);
    Result<Statement> prepare(std::string_view sql);
    /// The first column of the first row, e.g. of a pragma.
    Result<std::int64_t> integer(std::string_view sql);
    Result<std::string> text(std::string_view sql);
    bool in_transaction() const;
    /// Rows that the last statement changed.
    std::int64_t changes() const;
    /// The database as the bytes of a file.
    Result<std::string> serialized();
    /// The last failure, as a user should read it.
    Error error(std::string what) const;
    const std::string& path() const noexcept { return path_; }
    void close();

private:
    SqliteDb(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

    sqlite3* handle_ = nullptr;
    std::string path_;
};

/// The first bytes of a file, read so that locks which this process holds on it survive. Shorter
/// when the file is shorter; empty when there is no such regular file.
struct FileHead {
    std::string bytes;
    std::uint64_t file_size = 0;
};
Result<FileHead> read_head(const std::string& path, std::size_t count);

}  // namespace nspect::store
