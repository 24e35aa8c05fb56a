// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace nspect::store {

/// The name of an SQLite file layer (VFS) that shows only the whole pages of a file. SQLite itself
/// takes the last page of a file that was cut off inside it, and fills what is missing with zeros.
const char* whole_pages_vfs();

}  // namespace nspect::store
