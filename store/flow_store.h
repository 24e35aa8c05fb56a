// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "model/batch.h"
#include "model/recording.h"
#include "model/result.h"

namespace nspect::store {

using nspect::Batch;

/// A recording that is kept somewhere. Not thread-safe; one writer at a time, readers in other
/// processes may read while it is written.
class FlowStore {
public:
    virtual ~FlowStore() = default;

    /// All or nothing. After an Error the batch can be written again.
    virtual Status write(const Batch& batch) = 0;
    /// Everything but the sightings.
    virtual Result<Recording> read_context() = 0;
    /// Sightings that began at `since` or later, in order of their first packet, then of their ids.
    /// Now and then `progress` is told how many of them are read.
    virtual Result<std::vector<Sighting>> sightings(
        Timestamp since, const std::function<void(std::size_t)>& progress) = 0;
    /// How many sightings there are, as far as that can be told without reading them: room to make.
    virtual std::size_t about_how_many() { return 0; }
    /// Orderly end: what is buffered is durable afterwards.
    virtual Status close() = 0;

    /// What is wrong with the recording as far as it was read, as sentences: cut off, damaged, rows
    /// that make no sense. Grows while reading; read_context() says the same as losses of kind
    /// "damaged".
    virtual std::vector<std::string> warnings() const { return {}; }

    /// Everything; of the sightings those that began at `since` or later.
    Result<Recording> read_all(Timestamp since = {},
                               const std::function<void(std::size_t)>& progress = {});
};

}  // namespace nspect::store
