// SPDX-License-Identifier: Apache-2.0
#include "store/recording_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "model/order.h"
#include "store/recording_reader.h"
#include "store/recording_writer.h"
#include "store/schema.h"
#include "store/sqlite_db.h"

namespace nspect::store {

namespace {

/// What the first 100 bytes of an SQLite file say ("The Database Header",
/// sqlite.org/fileformat2.html).
struct Header {
    static constexpr std::size_t bytes = 100;
    std::uint32_t application_id = 0;
    std::uint32_t schema_version = 0;
    std::uint64_t stated_size = 0;  ///< 0 when it does not say
};

std::uint32_t big_endian(std::string_view bytes, std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (const char c : bytes.substr(at, count))
        value = value << 8U | static_cast<unsigned char>(c);
    return value;
}

std::optional<Header> parse_header(std::string_view bytes) {
    using namespace std::string_view_literals;
    if (bytes.size() < Header::bytes || !bytes.starts_with("SQLite format 3\0"sv))
        return std::nullopt;
    Header header;
    header.application_id = big_endian(bytes, 68, 4);
    header.schema_version = big_endian(bytes, 60, 4);
    const std::uint32_t page_size = big_endian(bytes, 16, 2);
    // The size counts only when the last to write knew of it.
    if (big_endian(bytes, 24, 4) == big_endian(bytes, 92, 4)) {
        header.stated_size =
            std::uint64_t{page_size == 1 ? 65536 : page_size} * big_endian(bytes, 28, 4);
    }
    return header;
}

class RecordingFile final : public FlowStore {
public:
    RecordingFile(SqliteDb db, Damage damage) : db_(std::move(db)), damage_(std::move(damage)) {}

    Status start_writing(std::uint64_t max_bytes);
    /// Whether every table is there, as a table.
    Status check_tables();
    Status check_table(std::string_view table);

    Status write(const Batch& batch) override;
    Result<Recording> read_context() override;
    Result<std::vector<Sighting>> sightings(
        Timestamp since, const std::function<void(std::size_t)>& progress) override;
    std::size_t about_how_many() override;
    Status close() override;
    std::vector<std::string> warnings() const override { return damage_.sentences(); }

private:
    Error closed() const {
        return {Error::Kind::unavailable, "the recording is closed", {}, db_.path()};
    }

    SqliteDb db_;
    Damage damage_;
    std::optional<RecordingWriter> writer_;
    bool open_ = true;
};

Status RecordingFile::start_writing(std::uint64_t max_bytes) {
    // secure_delete would zero what replaced rows leave behind, for nobody's benefit.
    const auto prepared = db_.exec(
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA wal_autocheckpoint=4000;"
        "PRAGMA journal_size_limit=67108864;PRAGMA cache_size=-16384;PRAGMA secure_delete=OFF");
    if (!prepared) return prepared;
    if (max_bytes > 0) {
        const auto page_size = db_.integer("PRAGMA page_size");
        if (!page_size) return page_size.error();
        const std::uint64_t pages = max_bytes / static_cast<std::uint64_t>(*page_size);
        if (auto set = db_.exec("PRAGMA max_page_count=" + std::to_string(pages)); !set) return set;
    }
    auto writer = RecordingWriter::on(db_);
    if (!writer) return std::move(writer).error();
    writer_ = std::move(*writer);
    return done;
}

Status RecordingFile::check_tables() {
    const auto version = db_.integer("PRAGMA user_version");
    if (!version) return version.error();
    for (const RecordingTable& table : recording_tables) {
        if (*version >= table.until || (*version < table.since && table.since > 1)) continue;
        if (auto there = check_table(table.name); !there) return there;
    }
    return done;
}

Status RecordingFile::check_table(std::string_view table) {
    // A view or a virtual table of that name has no pages of its own.
    const auto count = db_.integer(
        "SELECT count(*) FROM sqlite_schema WHERE type='table' AND rootpage>0 AND name='" +
        std::string(table) + "'");
    if (!count) return count.error();
    if (*count > 0) return done;
    return Error{
        Error::Kind::invalid, "the recording has no table " + std::string(table), {}, db_.path()};
}

Status RecordingFile::write(const Batch& batch) {
    if (!open_) return closed();
    if (!writer_) {
        return Error{
            Error::Kind::unsupported, "the recording is open for reading only", {}, db_.path()};
    }
    return writer_->write(batch);
}

Result<Recording> RecordingFile::read_context() {
    if (!open_) return closed();
    return RecordingReader(db_, damage_).context();
}

/// In order of their first packets, then of their numbers.
void sort(std::vector<Sighting>& all) {
    const auto key = [](const Sighting& each) { return std::pair(each.first, each.id); };
    const auto before = [&](const Sighting& a, const Sighting& b) { return key(a) < key(b); };
    if (std::is_sorted(all.begin(), all.end(), before)) return;
    std::vector<std::pair<Timestamp, std::uint64_t>> keys;
    keys.reserve(all.size());
    for (const Sighting& each : all) keys.push_back(key(each));
    put_in_order(all, sorted_order(keys));
}

Result<std::vector<Sighting>> RecordingFile::sightings(
    Timestamp since, const std::function<void(std::size_t)>& progress) {
    if (!open_) return closed();
    std::vector<Sighting> all;
    if (since <= Timestamp{}) all.reserve(about_how_many());
    const auto read = RecordingReader(db_, damage_).sightings(since, all, progress);
    if (!read) return read.error();
    sort(all);
    return all;
}

std::size_t RecordingFile::about_how_many() {
    constexpr std::uint64_t least_bytes = 60;  // of a sighting in a block
    if (!open_) return 0;
    const auto head = read_head(db_.path(), 0);
    std::uint64_t count = 0;
    for (const char* last :
         {"SELECT max(rowid) FROM sighting_block",
          "SELECT count(*) FROM sighting_block WHERE id < 0", "SELECT max(rowid) FROM sighting"}) {
        const auto number = db_.integer(last);
        if (number && *number > 0) count += static_cast<std::uint64_t>(*number);
    }
    // A forged file may say anything.
    return head ? std::min(count, head->file_size / least_bytes) : 0;
}

Status RecordingFile::close() {
    if (!std::exchange(open_, false)) return done;
    Status ended = done;
    if (std::exchange(writer_, std::nullopt)) {
        ended = db_.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        // Without readers the file becomes a plain one; with some, the last of them leaves it as it
        // is, which loses nothing.
        if (ended) ended = db_.exec("PRAGMA busy_timeout=0");
        if (ended) (void)db_.exec("PRAGMA journal_mode=DELETE");
    }
    db_.close();
    return ended;
}

Error not_a_recording(const std::string& path, std::string what) {
    return {Error::Kind::invalid, std::move(what), "recordings are made by nspect capture", path};
}

/// Why a file cannot be opened as a recording, by its header; else the header.
Result<Header> checked_header(const std::string& path, const FileHead& head) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        return Error{Error::Kind::not_found, "no such file", {}, path};
    }
    if (!std::filesystem::is_regular_file(path, ignored)) {
        return not_a_recording(path, "not a recording: not a regular file");
    }
    if (head.file_size == 0) return not_a_recording(path, "not a recording: the file is empty");
    const auto header = parse_header(head.bytes);
    if (!header) return not_a_recording(path, "not a recording: not an SQLite file");
    if (header->application_id != recording_application_id) {
        return not_a_recording(path, "not a recording: an SQLite file of another program");
    }
    if (header->schema_version > recording_schema_version) {
        return Error{Error::Kind::unsupported,
                     "the recording has schema version " + std::to_string(header->schema_version) +
                         ", this nspect reads up to version " +
                         std::to_string(recording_schema_version),
                     "read it with the nspect that wrote it, or a later one", path};
    }
    return *header;
}

bool has_write_ahead_log(const std::string& path) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(path + "-wal", ignored);
    return !ignored && size > 0;
}

Result<std::unique_ptr<FlowStore>> open_as(const std::string& path, SqliteDb::Mode mode,
                                           Damage damage) {
    auto db = SqliteDb::open(path, mode);
    if (!db) return std::move(db).error();
    auto file = std::make_unique<RecordingFile>(std::move(*db), std::move(damage));
    if (auto checked = file->check_tables(); !checked) return std::move(checked).error();
    return std::unique_ptr<FlowStore>(std::move(file));
}

/// A blank recording as the bytes of a file.
Result<std::string> blank_recording() {
    auto db = SqliteDb::open("", SqliteDb::Mode::memory);
    if (!db) return std::move(db).error();
    if (auto made = db->exec(recording_schema_sql()); !made) return std::move(made).error();
    return db->serialized();
}

Status write_file(const std::string& path, std::string_view bytes) {
    const int fd =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) return error_from_errno(errno, "cannot create the recording", path);
    int failed = 0;
    while (!bytes.empty() && failed == 0) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) failed = errno;
        if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    ::close(fd);
    if (failed == 0) return done;
    ::unlink(path.c_str());
    return error_from_errno(failed, "cannot create the recording", path);
}

/// Makes way for a new recording where an old one may be replaced: nobody uses it, nothing of its
/// write-ahead log is left that could be taken for the new one's.
Status retire(const std::string& path) {
    {
        auto old = SqliteDb::open(path, SqliteDb::Mode::read_write);
        if (!old) return std::move(old).error();
        (void)old->exec("PRAGMA busy_timeout=0");
        // Leaving WAL mode takes a lock that any other connection denies.
        const auto left = old->exec("PRAGMA journal_mode=DELETE");
        if (!left && left.error().kind == Error::Kind::unavailable) {
            return Error{Error::Kind::unavailable, "the recording is in use by another process",
                         "stop that process, or give another name", path};
        }
    }
    for (const char* ending : {"-wal", "-shm", "-journal"}) ::unlink((path + ending).c_str());
    return done;
}

Status make_way(const std::string& path, bool overwrite) {
    std::error_code ignored;
    if (!std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) return done;
    if (!looks_like_recording(path)) {
        return Error{Error::Kind::invalid, "the file exists and is not a recording",
                     "nspect overwrites nothing but its own recordings; give another name", path};
    }
    if (overwrite) return retire(path);
    return Error{Error::Kind::invalid, "the recording exists already",
                 "give another name, or allow it to be overwritten", path};
}

/// Moves the blank recording into place; without `overwrite` never over a file that came meanwhile.
Status put_in_place(const std::string& from, const std::string& path, bool overwrite) {
    int moved = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, path.c_str(),
                            overwrite ? 0 : RENAME_NOREPLACE);
    // A file system that cannot promise it.
    if (moved != 0 && errno == EINVAL) moved = ::rename(from.c_str(), path.c_str());
    if (moved == 0) return done;
    const int failed = errno;
    ::unlink(from.c_str());
    return error_from_errno(failed, "cannot create the recording", path);
}

}  // namespace

Result<std::unique_ptr<FlowStore>> create_recording(const std::string& path,
                                                    CreateOptions options) {
    if (auto free = make_way(path, options.overwrite); !free) return std::move(free).error();
    auto blank = blank_recording();
    if (!blank) return std::move(blank).error();
    const std::string draft = path + ".new-" + std::to_string(::getpid());
    if (auto written = write_file(draft, *blank); !written) return std::move(written).error();
    if (auto placed = put_in_place(draft, path, options.overwrite); !placed) {
        return std::move(placed).error();
    }
    auto db = SqliteDb::open(path, SqliteDb::Mode::read_write);
    if (!db) return std::move(db).error();
    auto file = std::make_unique<RecordingFile>(std::move(*db), Damage{});
    if (auto started = file->start_writing(options.max_bytes); !started) {
        return std::move(started).error();
    }
    return std::unique_ptr<FlowStore>(std::move(file));
}

Result<std::unique_ptr<FlowStore>> open_recording(const std::string& path) {
    const auto head = read_head(path, Header::bytes);
    if (!head) return head.error();
    const auto header = checked_header(path, *head);
    if (!header) return header.error();
    Damage damage;
    auto mode = SqliteDb::Mode::read_untrusted;
    // While a write-ahead log is there, the file alone need not be whole.
    if (head->file_size < header->stated_size && !has_write_ahead_log(path)) {
        damage.notes.push_back("the file is cut off: " + std::to_string(head->file_size) + " of " +
                               std::to_string(header->stated_size) + " bytes");
        mode = SqliteDb::Mode::read_salvage;
    }
    auto opened = open_as(path, mode, damage);
    if (opened || opened.error().kind == Error::Kind::unavailable) return opened;
    if (opened.error().kind == Error::Kind::invalid) {
        if (mode == SqliteDb::Mode::read_salvage) return opened;
        return open_as(path, SqliteDb::Mode::read_salvage, std::move(damage));
    }
    // In a folder where this user may not write, SQLite cannot share a recording left open by a
    // kill.
    if (has_write_ahead_log(path)) {
        damage.notes.emplace_back(
            "the write-ahead log beside the file cannot be used by this user; "
            "its newest part is missing");
    }
    return open_as(path, SqliteDb::Mode::read_frozen, std::move(damage));
}

bool looks_like_recording(const std::string& path) {
    const auto head = read_head(path, Header::bytes);
    if (!head) return false;
    const auto header = parse_header(head->bytes);
    return header && header->application_id == recording_application_id;
}

}  // namespace nspect::store
