// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "model/result.h"
#include "store/flow_store.h"

namespace nspect::store {

struct CreateOptions {
    bool overwrite = false;  ///< replace an existing recording; never a file that is none
    std::uint64_t max_bytes =
        0;  ///< the file grows no further, as if the disk were full; 0: no limit
};

/// A new recording in one file (docs/recording-format.md). It appears whole or not at all, and
/// opens again after a kill at any later instant with every batch whose write() had returned. Not
/// by two writers at once: overwriting one that is in use by another process is refused.
Result<std::unique_ptr<FlowStore>> create_recording(const std::string& path,
                                                    CreateOptions options = {});

/// An existing recording, for reading; it may be still being written. The file is not trusted: a
/// damaged or cut off one opens with what was whole, and warnings() says so.
Result<std::unique_ptr<FlowStore>> open_recording(const std::string& path);

/// Whether the file begins as a recording does, of whatever schema version.
bool looks_like_recording(const std::string& path);

}  // namespace nspect::store
