// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_db.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "store/whole_pages.h"

namespace nspect::store {

namespace {

constexpr int busy_milliseconds = 5000;

bool is_damage(int code) {
    switch (code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_TOOBIG:
        case SQLITE_IOERR:
            return true;
        default:
            return false;
    }
}

Error::Kind kind_of(int code) {
    switch (code & 0xff) {
        case SQLITE_ERROR:  // a table or a column that is not there
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_TOOBIG:
            return Error::Kind::invalid;
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_AUTH:
        case SQLITE_CANTOPEN:
            return Error::Kind::permission;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return Error::Kind::unavailable;
        default:
            return Error::Kind::io;
    }
}

std::string hint_of(int code) {
    switch (code & 0xff) {
        case SQLITE_FULL:
            return "free some space; what was written before is safe";
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "another program holds it locked";
        default:
            return {};
    }
}

/// What an SQL program in a stranger's file could reach for.
void distrust(sqlite3* handle, bool salvage) {
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, salvage ? 0 : 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    // With a writable schema SQLite takes a file that ends before its stated size as it is. Nothing
    // is written: the file is open for reading only.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_WRITABLE_SCHEMA, salvage ? 1 : 0, nullptr);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 1 << 20);
    sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, 1 << 16);
    sqlite3_limit(handle, SQLITE_LIMIT_COLUMN, 100);
    sqlite3_limit(handle, SQLITE_LIMIT_EXPR_DEPTH, 100);
    sqlite3_limit(handle, SQLITE_LIMIT_VDBE_OP, 25000);
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(handle, SQLITE_LIMIT_TRIGGER_DEPTH, 1);
    sqlite3_limit(handle, SQLITE_LIMIT_WORKER_THREADS, 0);
    // Rows are asked for by time, and lie where they were written, seconds later: what is written
    // in a few busy seconds should stay in memory.
    sqlite3_exec(handle, "PRAGMA mmap_size=0;PRAGMA cell_size_check=ON;PRAGMA cache_size=-65536",
                 nullptr, nullptr, nullptr);
}

/// "file:..." with what URIs reserve escaped, read without locks.
std::string frozen_uri(const std::string& path) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string uri = "file:" + std::string(path.starts_with('/') ? "//" : "");
    for (const char c : path) {
        if (c == '%' || c == '?' || c == '#') {
            const auto byte = static_cast<unsigned char>(c);
            uri += {'%', digits[byte >> 4U], digits[byte & 15U]};
        } else {
            uri += c;
        }
    }
    return uri + "?immutable=1";
}

int flags_of(SqliteDb::Mode mode) {
    switch (mode) {
        case SqliteDb::Mode::memory:
            return SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY;
        case SqliteDb::Mode::read_write:
            return SQLITE_OPEN_READWRITE;
        case SqliteDb::Mode::read_frozen:
            return SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
        default:
            return SQLITE_OPEN_READONLY;
    }
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), next_(other.next_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
    std::swap(statement_, other.statement_);
    std::swap(next_, other.next_);
    return *this;
}

Statement::~Statement() {
    sqlite3_finalize(statement_);
}

Statement& Statement::put_integer(std::int64_t value) {
    sqlite3_bind_int64(statement_, next_++, value);
    return *this;
}

Statement& Statement::put_null() {
    sqlite3_bind_null(statement_, next_++);
    return *this;
}

Statement& Statement::put(std::string_view text) {
    return put_whole(text.substr(0, max_text_bytes));
}

Statement& Statement::put_whole(std::string_view text) {
    // A null pointer would be bound as NULL.
    const char* data = text.empty() ? "" : text.data();
    sqlite3_bind_text(statement_, next_++, data, static_cast<int>(text.size()), SQLITE_STATIC);
    return *this;
}

bool Statement::run() {
    const int code = sqlite3_step(statement_);
    reset();
    return code == SQLITE_DONE;
}

Step Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return Step::row;
    if (code == SQLITE_DONE) return Step::done;
    return is_damage(code) ? Step::damaged : Step::failed;
}

void Statement::reset() {
    sqlite3_reset(statement_);
    next_ = 1;
}

std::int64_t Row::integer() {
    // Looked up once: most of what is read is integers. "Unprotected" makes no difference without
    // mutexes (sqlite.org/c3ref/value.html), and none are asked for.
    sqlite3_value* const value = sqlite3_column_value(statement_, column_++);
    check(sqlite3_value_type(value) == SQLITE_INTEGER);
    return sqlite3_value_int64(value);
}

std::string_view Row::text_view() {
    const auto text = whole_text_view();
    check(text.size() <= max_text_bytes);
    return ok() ? text : std::string_view();
}

std::string_view Row::whole_text_view() {
    sqlite3_value* const value = sqlite3_column_value(statement_, column_++);
    const bool is_text = sqlite3_value_type(value) == SQLITE_TEXT;
    const void* bytes = is_text ? sqlite3_value_text(value) : nullptr;  // as UTF-8, in any file
    check(bytes != nullptr);
    if (!ok()) return {};
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

bool Row::take_null() {
    if (sqlite3_column_type(statement_, column_) != SQLITE_NULL) return false;
    ++column_;
    return true;
}

Result<SqliteDb> SqliteDb::open(const std::string& path, Mode mode) {
    sqlite3* handle = nullptr;
    const bool in_memory = mode == Mode::memory;
    const bool salvage = mode == Mode::read_salvage || mode == Mode::read_frozen;
    const char* vfs = salvage ? whole_pages_vfs() : nullptr;
    const std::string name = mode == Mode::read_frozen ? frozen_uri(path) : path;
    const int code = sqlite3_open_v2(in_memory ? ":memory:" : name.c_str(), &handle,
                                     flags_of(mode) | SQLITE_OPEN_NOMUTEX, vfs);
    SqliteDb db(handle, path);
    if (code != SQLITE_OK) return db.error("cannot open the recording");
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, busy_milliseconds);
    if (salvage || mode == Mode::read_untrusted) distrust(handle, salvage);
    return db;
}

SqliteDb::SqliteDb(SqliteDb&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), path_(std::move(other.path_)) {}

SqliteDb& SqliteDb::operator=(SqliteDb&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(path_, other.path_);
    return *this;
}

SqliteDb::~SqliteDb() {
    close();
}

void SqliteDb::close() {
    sqlite3_close_v2(std::exchange(handle_, nullptr));
}

Status SqliteDb::exec(const std::string& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return done;
    return error("cannot execute " + sql.substr(0, 40));
}

Result<Statement> SqliteDb::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return error("cannot query the recording");
    return Statement(statement);
}

Result<std::int64_t> SqliteDb::integer(std::string_view sql) {
    auto statement = prepare(sql);
    if (!statement) return std::move(statement).error();
    if (statement->step() != Step::row) return error("cannot query the recording");
    return Row(*statement).integer();
}

Result<std::string> SqliteDb::text(std::string_view sql) {
    auto statement = prepare(sql);
    if (!statement) return std::move(statement).error();
    if (statement->step() != Step::row) return error("cannot query the recording");
    return Row(*statement).text();
}

std::int64_t SqliteDb::changes() const {
    return sqlite3_changes64(handle_);
}

bool SqliteDb::in_transaction() const {
    return sqlite3_get_autocommit(handle_) == 0;
}

Result<std::string> SqliteDb::serialized() {
    sqlite3_int64 size = 0;
    const std::unique_ptr<unsigned char, decltype(&sqlite3_free)> bytes(
        sqlite3_serialize(handle_, "main", &size, 0), &sqlite3_free);
    if (!bytes) return error("cannot serialize a recording");
    return std::string(bytes.get(), bytes.get() + size);
}

Error SqliteDb::error(std::string what) const {
    const int code = sqlite3_extended_errcode(handle_);
    return {kind_of(code), std::move(what) + ": " + sqlite3_errmsg(handle_), hint_of(code), path_};
}

Result<FileHead> read_head(const std::string& path, std::size_t count) {
    std::error_code unreadable;
    FileHead head;
    if (!std::filesystem::is_regular_file(path, unreadable)) return head;
    head.file_size = std::filesystem::file_size(path, unreadable);
    // Closing a descriptor drops every POSIX lock of this process on the file (close(2), fcntl(2)),
    // those of an open recording included; SQLite's own files know of each other and wait.
    sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
    std::vector<std::byte> storage(static_cast<std::size_t>(vfs->szOsFile));
    auto* file = static_cast<sqlite3_file*>(static_cast<void*>(storage.data()));
    const std::string absolute = std::filesystem::absolute(path, unreadable).string();
    const std::unique_ptr<const char, void (*)(const char*)> name(
        sqlite3_create_filename(absolute.c_str(), "", "", 0, nullptr), &sqlite3_free_filename);
    int flags = 0;
    file->pMethods = nullptr;
    const int opened =
        vfs->xOpen(vfs, name.get(), file, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READONLY, &flags);
    if (opened != SQLITE_OK) {
        return Error{Error::Kind::permission, "cannot read the file", {}, path};
    }
    head.bytes.resize(std::min<std::size_t>(count, head.file_size));
    if (file->pMethods->xRead(file, head.bytes.data(), static_cast<int>(head.bytes.size()), 0) !=
        SQLITE_OK) {
        head.bytes.clear();
    }
    file->pMethods->xClose(file);
    return head;
}

}  // namespace nspect::store
