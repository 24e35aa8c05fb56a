// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/podman_sqlite.h"

#include <memory>

#include <sqlite3.h>

namespace nspect::capture {
namespace {

/// Podman holds its lock for moments; whoever watches packets does not wait for longer.
constexpr int patience_ms = 50;

struct Close {
    void operator()(sqlite3* database) const noexcept { sqlite3_close(database); }
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

std::string json_of(const std::string& path, const char* query, const std::string& id) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
    const std::unique_ptr<sqlite3, Close> database(opened);
    if (code != SQLITE_OK) return {};
    sqlite3_busy_timeout(opened, patience_ms);
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(opened, query, -1, &prepared, nullptr) != SQLITE_OK) return {};
    const std::unique_ptr<sqlite3_stmt, Close> statement(prepared);
    sqlite3_bind_text(prepared, 1, id.data(), static_cast<int>(id.size()), nullptr);
    if (sqlite3_step(prepared) != SQLITE_ROW) return {};
    const void* text = sqlite3_column_blob(prepared, 0);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(prepared, 0));
    return text != nullptr ? std::string(static_cast<const char*>(text), size) : std::string{};
}

}  // namespace

std::string podman_container_json(const std::string& database, const std::string& id) {
    return json_of(database, "SELECT JSON FROM ContainerConfig WHERE ID = ?", id);
}

std::string podman_pod_json(const std::string& database, const std::string& id) {
    return json_of(database, "SELECT JSON FROM PodConfig WHERE ID = ?", id);
}

}  // namespace nspect::capture
