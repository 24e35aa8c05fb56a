// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "capture/recorder.h"

namespace nspect::capture {

struct FileRecorderOptions {
    RecordingInfo info;  ///< host, version; origin, times and counts are filled in
    FlowLimits flows;
    HashSeed seed;
    WriterLimits writer;
    PayloadObserver observer;
    SecretsCallback secrets;  ///< is given the key logs the files carry; may be empty
    /// Packets of a file that are read and counted in turn, before a thread reads ahead: of a small
    /// file it would cost more than it helps.
    std::size_t read_alone = 2048;
};

/// Turns capture files ("-": standard input) into what a live recording would have given, as fast
/// as they can be read: one thread reads and decodes, the calling one counts (and calls all that is
/// in `options`), one writes. What is recorded, and in which batches, depends on the packets alone.
/// A vantage is an interface of a file; in SLL2 captures, the kernel's
/// interface index. An Error means that a file is no capture or cannot be opened, and nothing was
/// written. A file that is cut or damaged counts as far as it goes; the rest is a limitation and a
/// loss.
Result<RecordingSummary> record_files(const std::vector<std::string>& paths,
                                      FileRecorderOptions options, BatchSink sink);

/// The same for sources that are open already. REQUIRES: all of them end.
RecordingSummary record_sources(std::vector<std::unique_ptr<PacketSource>> sources,
                                FileRecorderOptions options, BatchSink sink);

}  // namespace nspect::capture
