// SPDX-License-Identifier: Apache-2.0
#include "store/whole_pages.h"

#include <array>

#include <sqlite3.h>

namespace nspect::store {

namespace {

constexpr sqlite3_int64 page_size_at = 16;  // 2 bytes, big-endian; 1 stands for 65536

using FileSize = int (*)(sqlite3_file*, sqlite3_int64*);

/// The methods of the system's own file layer, and its xFileSize, which ours calls.
struct Methods {
    sqlite3_io_methods ours{};
    FileSize file_size = nullptr;
};

Methods& methods() {
    static Methods all;
    return all;
}

int size_of_whole_pages(sqlite3_file* file, sqlite3_int64* size) {
    const int code = methods().file_size(file, size);
    std::array<unsigned char, 2> bytes{};
    if (code != SQLITE_OK || *size < page_size_at + 2) return code;
    if (file->pMethods->xRead(file, bytes.data(), 2, page_size_at) != SQLITE_OK) return code;
    const int stated = bytes[0] * 256 + bytes[1];
    const int page_size = stated == 1 ? 65536 : stated;
    if (page_size >= 512) *size -= *size % page_size;
    return code;
}

const sqlite3_vfs& system_vfs() {
    static const sqlite3_vfs& found = *sqlite3_vfs_find(nullptr);
    return found;
}

int open_file(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags,
              int* out_flags) {
    const int code = system_vfs().xOpen(vfs, name, file, flags, out_flags);
    if (code != SQLITE_OK || (flags & SQLITE_OPEN_MAIN_DB) == 0) return code;
    // Every file of the layer that is open for reading has the same methods.
    static const bool copied = [&] {
        methods() = {*file->pMethods, file->pMethods->xFileSize};
        methods().ours.xFileSize = &size_of_whole_pages;
        return true;
    }();
    if (copied) file->pMethods = &methods().ours;
    return code;
}

}  // namespace

const char* whole_pages_vfs() {
    static sqlite3_vfs vfs = [] {
        sqlite3_vfs copy = system_vfs();
        copy.pNext = nullptr;
        copy.zName = "nspect-whole-pages";
        copy.xOpen = &open_file;
        return copy;
    }();
    static const bool registered = sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
    return registered ? vfs.zName : nullptr;
}

}  // namespace nspect::store
